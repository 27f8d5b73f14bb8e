"""Sends a plan so that it is carried out exactly once: no track twice, none lost, the chart's order kept.

After a write with unknown outcome (time-out, 5xx, broken connection) the playlist is read, and only what is missing is sent, at the
right positions. The client handles waits, 429s and safe repeats. The caller keeps the ledger: it records that a write is about to start,
and afterwards the snapshot. An error in between means that the playlist must be read.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter

from beatporter.errors import BeatporterError, RequestRefused, UpstreamDown
from beatporter.records.track import SpotifyTrack
from beatporter.spotify.client import SpotifyClient
from beatporter.spotify.plan import Plan, batches, missing_inserts

MAX_ROUNDS = 5
"""Rounds of writing and reading before the playlist is left to the next run."""
SETTLE_S = 2.0
"""Items read back correctly about 0.6 s after a write; the pause doubles each round, for writes that are carried out late."""
_BAD_REQUEST = 400
READ_BEYOND = 100
"""Entries read beyond twice the plan: others may have added some on top meanwhile."""

OnAdded = Callable[[tuple[str, ...]], None]
IdOf = Callable[[SpotifyTrack], str]
"""Maps a listed track to the id under which it was sent: Spotify may list it under another id."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of applying a plan."""

    added: tuple[str, ...]
    """The plan's additions, in order; all of them are in the playlist."""
    snapshot_id: str | None
    """The playlist's state after our last write; None when nothing was written or the state is unknown and must be read."""


def apply_update(
    client: SpotifyClient,
    playlist_id: str,
    plan: Plan,
    *,
    sleep: Callable[[float], None] = time.sleep,
    on_added: OnAdded | None = None,
    id_of: IdOf = attrgetter("track_id"),
) -> Applied:
    """Carry out a plan: removals first, then additions.

    Args:
        client: for the account that owns the playlist.
        playlist_id: the playlist.
        plan: made from what the playlist held just before; none of its additions is in the playlist.
        sleep: called with seconds, before reading after an unknown outcome.
        on_added: called with additions as they are confirmed, each once; after an error nothing more is known.
        id_of: maps a listed track to the plan's id for it.

    Raises:
        UpstreamDown: with outcome_unknown=True when parts of the plan may have been carried out; read before planning again.
        QuotaExceeded, RateLimited, RequestRefused, SignInExpired: as the client raises them.
    """
    work = _Work(client, playlist_id, sleep, on_added, id_of)
    if plan.replace is not None:
        work.replace(plan.replace, plan.add)
    else:
        for batch in batches(plan.remove):
            work.remove(batch)
        if plan.add:
            work.add(plan.add, plan.position, at_end=plan.at_end)
    return Applied(plan.add, work.snapshot_id)


@dataclass(slots=True)
class _Work:
    """One plan being applied."""

    client: SpotifyClient
    playlist_id: str
    sleep: Callable[[float], None]
    on_added: OnAdded | None
    id_of: IdOf
    reported: frozenset[str] | None = None
    """Tracks that count as added; None: all."""
    _confirmed: set[str] = field(default_factory=set)
    snapshot_id: str | None = None
    """Snapshot of the last write that was answered; None after a lost answer. Asking Spotify would not help: for half a minute after a
    write it may return the snapshot of an older state."""

    def add(self, add: tuple[str, ...], position: int, *, at_end: bool = False) -> None:
        """Insert the tracks. After an unknown outcome, read and send in rounds until a read shows all of them exactly once.

        Args:
            at_end: the position is the playlist's end as it was listed. The tracks are then appended: if the person has just removed
                something, Spotify would refuse the position.
        """
        todo: list[tuple[int | None, tuple[str, ...]]] = [(None if at_end else position, add)]
        doubt: UpstreamDown | None = None
        for number in range(MAX_ROUNDS):
            try:
                if doubt is not None:
                    self._settle(number)
                    todo = self._read_again(add, position, at_end=at_end)
                if not todo:
                    return
                self._insert(todo, at_end=at_end)
            except UpstreamDown as error:
                if not error.outcome_unknown and doubt is None:
                    raise
                doubt = error
                self.snapshot_id = None
            if doubt is None:
                return
        raise self._given_up()

    def replace(self, target: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Make the tracks the whole content: the last batch overwrites everything, which may be repeated, and the others go on top of it.
        So a crash leaves out the top, as when tracks are added."""
        self.reported = frozenset(new)
        *above, last = batches(target) if target else [()]
        for number in range(MAX_ROUNDS):
            self._settle(number)
            try:
                self.snapshot_id = self.client.replace_items(self.playlist_id, last)
            except UpstreamDown as error:
                if not error.outcome_unknown:
                    raise
                continue
            self._confirm(last)
            if above:
                self.add(target[: -len(last)], 0)
            return
        raise self._given_up()

    def remove(self, batch: tuple[str, ...]) -> None:
        """Remove every occurrence of the tracks. This is idempotent, so it is sent again after an unknown outcome."""
        for number in range(MAX_ROUNDS):
            self._settle(number)
            try:
                self.snapshot_id = self.client.remove_items(self.playlist_id, batch)
            except UpstreamDown as error:
                if not error.outcome_unknown:
                    raise
                self.snapshot_id = None
            else:
                return
        raise self._given_up()

    def _insert(self, inserts: Sequence[tuple[int | None, tuple[str, ...]]], *, at_end: bool) -> None:
        """Insert runs at their positions, None being the end. A crash leaves out what the next run's additions can follow: the last
        batches at the end, and the first ones on top.
        """
        for position, run in inserts:
            parts = list(batches(run))
            for batch in parts if at_end else reversed(parts):
                self.snapshot_id = self.client.add_items(self.playlist_id, batch, position=position)
                self._confirm(batch)
                if at_end and position is not None:
                    position += len(batch)

    def _read_again(self, add: tuple[str, ...], position: int, *, at_end: bool) -> list[tuple[int | None, tuple[str, ...]]]:
        """Return what is still missing, with positions. First remove tracks that a late write has put in twice."""
        start = max(0, position - READ_BEYOND)
        stand = self._stand(start, 2 * len(add) + (2 * READ_BEYOND if at_end else READ_BEYOND))
        counts = Counter(sent for sent, _ in stand if sent in set(add))
        twice = {sent: listed for sent, listed in stand if sent is not None and listed is not None and counts[sent] > 1}
        if twice:
            self.snapshot_id = remove_listed(self.client, self.playlist_id, twice) or self.snapshot_id
        self._confirm(tuple(track_id for track_id in add if counts[track_id] == 1))
        shown = [sent for sent, _ in stand if sent not in twice]
        end = len(shown) if at_end else 0
        return [(start + place, run) for place, run in missing_inserts(add, shown, end)]

    def _stand(self, start: int, entries: int) -> list[tuple[str | None, str | None]]:
        """Entries from a position on as sent id and listed id; a failed read leaves the earlier write unconfirmed."""
        try:
            items = islice(self.client.playlist_items(self.playlist_id, start), entries)
            return [(self.id_of(item.track), item.track.track_id) if item.track else (None, None) for item in items]
        except UpstreamDown as error:
            raise UpstreamDown(error.what, error.remedy, outcome_unknown=True) from None

    def _settle(self, number: int) -> None:
        if number:
            self.sleep(SETTLE_S * 2 ** (number - 1))

    def _confirm(self, track_ids: tuple[str, ...]) -> None:
        counted = self.reported
        new = tuple(one for one in track_ids if one not in self._confirmed and (counted is None or one in counted))
        self._confirmed.update(new)
        if new and self.on_added is not None:
            self.on_added(new)

    def _given_up(self) -> BeatporterError:
        return UpstreamDown(
            f"Spotify did not confirm {MAX_ROUNDS} writes to playlist {self.playlist_id}.",
            "The next run reads the playlist and adds what is missing.",
            outcome_unknown=True,
        )


def remove_listed(client: SpotifyClient, playlist_id: str, listed: Mapping[str, str]) -> str | None:
    """Remove every occurrence of the tracks by the ids that the playlist lists; if Spotify refuses one, by the id that was sent.

    Args:
        listed: listed id of each track, by the id that was sent.

    Returns:
        The snapshot id after the last removal; None when nothing was removed.
    """
    snapshot_id: str | None = None
    plain = [sent for sent, shown in listed.items() if sent == shown]
    for batch in batches(plain):
        snapshot_id = client.remove_items(playlist_id, batch)
    for sent, shown in listed.items():
        if sent != shown:
            try:
                snapshot_id = client.remove_items(playlist_id, [shown])
            except RequestRefused as error:
                if error.status != _BAD_REQUEST:
                    raise
                snapshot_id = client.remove_items(playlist_id, [sent])
    return snapshot_id
