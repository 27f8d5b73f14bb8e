"""Decides what to change in a playlist. Pure: from what is wanted, what is there and what was ever there.

A plan holds only the difference, and `apply` sends it. No plan names a track twice. ISRC and normalised names decide beforehand which
recordings are the same; here equal keys mean the same recording.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from beatporter.records.ledger import Known

PLAYLIST_LIMIT = 10_000
"""Entries that Spotify lets a playlist hold, approximately."""
WRITE_LIMIT = 100
"""Tracks that Spotify takes in one request to change a playlist."""
MIN_MOVED = 500
"""Entries moved to a continuation at least, so that a full playlist does not need a move every day."""
DAILY_SIZE = 15

Present = Sequence[str | None]
"""A playlist's track ids from the top; None for local files, episodes and empty entries."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A change to one playlist.

    Attributes:
        add: ids that are not there yet, to be inserted in this order; with `replace`, at their places in it.
        remove: ids to remove, every occurrence.
        replace: the complete new content; None: keep what is there.
        position: how many entries stay above the additions: 0 puts them on top, the playlist's length at the end.
        at_end: the position is the playlist's end, also that of an empty one.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[str, ...] | None = None
    position: int = 0
    at_end: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.add and not self.remove and self.replace is None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a plan does to a playlist, for a person to look at before it is sent.

    Attributes:
        added, removed: ids.
        moved: how many of the tracks that stay change their order.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track from a chart, with what identifies the same recording under another id."""

    track_id: str
    isrc: str | None
    recording: str
    """Normalised artist, title and version, as in `HistoryRow`; empty when unknown."""


def select_new(candidates: Iterable[Candidate], *known: Known) -> tuple[str, ...]:
    """Ids of the candidates that are in no history, in order; of several for one recording the first.

    Args:
        candidates: in chart order.
        known: the candidates found in the playlist and in the relevant histories (this playlist's; all, for wider digging).
    """
    ids: list[str] = []
    seen_ids = {track_id for one in known for track_id in one.track_ids}
    seen_keys = {key for one in known for key in (one.isrcs | one.recordings)}
    for candidate in candidates:
        keys = {key for key in (candidate.isrc, candidate.recording) if key}
        if candidate.track_id in seen_ids or keys & seen_keys:
            continue
        ids.append(candidate.track_id)
        seen_ids.add(candidate.track_id)
        seen_keys |= keys
    return tuple(ids)


def plan_collect(
    wanted: Iterable[str], present: Collection[str | None], held: Collection[str] = (), *, position: int = 0, at_end: bool = False
) -> Plan:
    """Grow: add what is not there and was never there, in chart order.

    Args:
        wanted: in chart order.
        present: what the playlist holds.
        held: everything it ever held; tracks that the person removed stay away.
        position, at_end: where the additions go, as in `Plan`.
    """
    return Plan(add=_without(wanted, present, held), position=position, at_end=at_end)


def plan_daily(
    wanted: Iterable[str],
    present: Present,
    held: Collection[str],
    collected: Iterable[str],
    *,
    size: int = DAILY_SIZE,
    at_end: bool = False,
) -> Plan:
    """Fill up to `size` entries to listen to: new ones first, then collected ones; nothing that it ever held.

    Nothing is removed: removing a track is how the person marks it as heard. A playlist longer than `size` gets nothing.

    Args:
        wanted: in chart order.
        present: what the playlist holds.
        held: what it ever held.
        collected: what the genre's collecting playlist holds, newest first.
        size: maximum number of entries.
        at_end: add them at the end instead of on top.
    """
    chosen = _without([*wanted, *collected], present, held)
    return Plan(add=chosen[: max(0, size - len(present))], position=len(present) if at_end else 0, at_end=at_end)


def plan_mirror(wanted: Iterable[str], present: Present) -> Plan:
    """Make it exactly the chart, in order; an empty plan when it already is."""
    target = tuple(dict.fromkeys(wanted))
    if list(target) == list(present):
        return Plan()
    return Plan(add=_without(target, present, ()), replace=target)


def plan_move(
    present: Present, adding: int, *, limit: int = PLAYLIST_LIMIT, min_moved: int = MIN_MOVED, oldest_on_top: bool = False
) -> tuple[str, ...]:
    """The oldest tracks, in playlist order, that must leave a playlist so that `adding` more fit.

    Entries without an id cannot be moved by an app, and a track that appears twice would leave both places; both stay.

    Args:
        oldest_on_top: the playlist grows at its end.

    Returns:
        Nothing while there is room. Otherwise as many as needed, and `min_moved` if there are that many; or everything movable when
            even that is too little (the caller then raises PlaylistFull).
    """
    needed = len(present) + adding - limit
    if needed <= 0:
        return ()
    counts: dict[str | None, int] = {}
    for track_id in present:
        counts[track_id] = counts.get(track_id, 0) + 1
    movable = [track_id for track_id in present if track_id is not None and counts[track_id] == 1]
    moving = max(needed, min_moved)
    return tuple(movable[:moving] if oldest_on_top else movable[-moving:])


def changes_of(plan: Plan, present: Present) -> Changes:
    """What the plan does to a playlist with this content."""
    if plan.replace is None:
        return Changes(plan.add, plan.remove)
    places = {track_id: place for place, track_id in enumerate(plan.replace)}
    there = [track_id for track_id in dict.fromkeys(present) if track_id is not None]
    stays = [places[track_id] for track_id in there if track_id in places]
    removed = tuple(track_id for track_id in there if track_id not in places)
    return Changes(plan.add, removed, len(stays) - _longest_rise(stays))


def _longest_rise(numbers: Sequence[int]) -> int:
    """Length of the longest rising subsequence: the entries that can keep their order."""
    ends: list[int] = []
    for number in numbers:
        place = bisect_left(ends, number)
        ends[place : place + 1] = [number]
    return len(ends)


def batches(track_ids: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Split the tracks into requests. Spotify carries out a request completely or not at all."""
    for start in range(0, len(track_ids), WRITE_LIMIT):
        yield tuple(track_ids[start : start + WRITE_LIMIT])


def writes_of(plan: Plan) -> int:
    """How many requests the plan takes."""
    if plan.replace is not None:
        return max(1, len(list(batches(plan.replace))))
    return len(list(batches(plan.remove))) + len(list(batches(plan.add)))


def after(plan: Plan, present: Present) -> list[str | None]:
    """What the playlist holds after the plan is applied, from the top."""
    if plan.replace is not None:
        return list(plan.replace)
    kept = [track_id for track_id in present if track_id is None or track_id not in plan.remove]
    return [*kept[: plan.position], *plan.add, *kept[plan.position :]]


def missing_inserts(add: Sequence[str], stand: Present, position: int = 0) -> list[tuple[int, tuple[str, ...]]]:
    """Where to insert the tracks of a half-applied plan that are still missing.

    A run of missing tracks goes before the next planned track that is there; at the plan's end, after the one before it; and at the
    plan's position when none is there.

    Args:
        add: the plan's additions in order.
        stand: what the playlist holds now.
        position: of the plan's additions.

    Returns:
        Position and tracks of each run, lowest position last, so that an insert does not shift later ones.
    """
    places = {track_id: place for place, track_id in reversed(list(enumerate(stand))) if track_id is not None}
    inserts: list[tuple[int, tuple[str, ...]]] = []
    run: list[str] = []
    last_place: int | None = None
    for track_id in add:
        if track_id not in places:
            run.append(track_id)
            continue
        if run:
            inserts.append((places[track_id], tuple(run)))
            run = []
        last_place = places[track_id]
    if run:
        inserts.append((position if last_place is None else last_place + 1, tuple(run)))
    return sorted(inserts, key=lambda insert: insert[0], reverse=True)


def _without(wanted: Iterable[str], *there: Collection[str | None]) -> tuple[str, ...]:
    drop = {track_id for part in there for track_id in part}
    return tuple(track_id for track_id in dict.fromkeys(wanted) if track_id not in drop)
