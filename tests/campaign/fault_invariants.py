"""What must hold after a fault schedule, and the checks for it: see the invariants in `tests.campaign.faults`.

The evidence is Spotify's own record (every state of every playlist, when each track was added), the ledger, and the logs. The expected
result comes from the same world played without faults. Nothing is played here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from beatporter import names
from beatporter.genres import all_genres
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.matching import recording_key
from beatporter.playlist_kinds import AddAt, Digging, PlaylistKind
from beatporter.records.ledger import BackupInfo
from beatporter.records.track import SpotifyTrack
from beatporter.settings import load_settings
from sandbox.spotify.playlist import Playlist
from tests.campaign.fault_world import DAILY_SIZE, SECRETS, Place


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that may have added tracks: an attempt at a run, or the person.

    Attributes:
        begun_at: tracks added from then on, up to the next attempt, belong to it.
        found: by genre, the tracks that it found, in the right order.
        runs: how many runs it was at once. Each adds what it found as a block of its own, on top of what is there by then.
    """

    begun_at: datetime
    found: Mapping[str, Sequence[str]]
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person chose about the playlists."""

    kinds: tuple[PlaylistKind, ...] = ("collect",)
    digging: Digging = "playlist"
    add_at: AddAt = "top"


class Evidence:
    """What a schedule left behind."""

    def __init__(self, place: Place, root: Path, budget: int, database: str, choice: Choice) -> None:
        self.place, self.root, self.budget, self.database, self.choice = place, root, budget, database, choice
        self.attempts: list[Attempt] = []
        self.operations: list[int] = []
        self.removed: dict[str, set[str]] = defaultdict(set)
        self.by_hand: dict[str, set[str]] = defaultdict(set)
        self.heard: dict[str, set[str]] = defaultdict(set)
        """Removed from the daily playlist."""
        self.errors: set[str] = set()
        self.notes: list[str] = []
        """Errors seen on the way."""

    def name_of(self, slug: str, kind: PlaylistKind = "collect") -> str:
        """The name of a genre's playlist."""
        return names.playlist_name(load_settings().playlist_options(all_genres()[slug]), all_genres()[slug], kind)

    def playlists(self, slug: str, kind: PlaylistKind = "collect") -> list[Playlist]:
        """The account's playlists with the genre's name; there should be one."""
        return [playlist for playlist in self.place.spotify.library() if playlist.name == self.name_of(slug, kind)]

    def held_elsewhere(self, slug: str) -> set[str]:
        """Every track that a playlist of another genre ever held."""
        others = [one for one in self.place.music.slugs if one != slug]
        return {
            track_id
            for other in others
            for kind in self.choice.kinds
            for playlist in self.playlists(other, kind)
            for track_id in self.place.held[playlist.playlist_id]
        }

    def present_chart(self, slug: str) -> list[str]:
        """The tracks of the last chart that a run read, in its order."""
        chart = self.ledger().charts.latest(all_genres()[slug].genre_id)
        entries = chart.entries if chart is not None else ()
        matches = self.ledger().matches.latest([entry.beatport_id for entry in entries])
        found = (matches.get(entry.beatport_id) for entry in entries)
        return list(dict.fromkeys(match.track_id for match in found if match is not None and match.track_id))

    def charted(self, slug: str) -> list[int]:
        """Beatport ids of every chart of the genre that a run has read."""
        return [entry.beatport_id for entry in self.ledger().charts.since(all_genres()[slug].genre_id, datetime.min.replace(tzinfo=UTC))]

    def ledger(self) -> Ledger:
        return open_ledger(self.database)


class Kinds:
    """Which Spotify tracks are one recording: equal ISRC, or equal artist, title and version."""

    def __init__(self, tracks: Iterable[SpotifyTrack]) -> None:
        self._parent: dict[str, str] = {}
        for track in tracks:
            keys = [f"recording {recording_key(track.name, track.artists)}", *([f"isrc {track.isrc}"] if track.isrc else [])]
            for key in keys:
                self._parent[self._root(f"track {track.track_id}")] = self._root(key)

    def of(self, track_id: str) -> str:
        """The recording of a track."""
        return self._root(f"track {track_id}")

    def of_all(self, track_ids: Iterable[str]) -> set[str]:
        return {self.of(track_id) for track_id in track_ids}

    def any_of(self, track_id: str, others: Iterable[str]) -> bool:
        """Whether one of the others is the same recording."""
        return self.of(track_id) in self.of_all(others)

    def _root(self, key: str) -> str:
        while (parent := self._parent.setdefault(key, key)) != key:
            key = parent
        return key


@dataclass(frozen=True, slots=True)
class Expected:
    """The world without faults.

    Attributes:
        brought: the recording for each chart entry (by Beatport id); entries that are not on Spotify are missing.
        found: by genre, tracks from its charts.
        strangers: by genre, tracks of recordings in no chart.
        operations: number of operations of a run on the first and on the second day.
    """

    kinds: Kinds
    brought: Mapping[int, str]
    found: Mapping[str, tuple[str, ...]]
    strangers: Mapping[str, tuple[str, ...]]
    operations: tuple[int, int]


def expect(evidence: Evidence) -> Expected:
    """What every schedule in this world must result in.

    Raises:
        RuntimeError: the world without faults is itself wrong.
    """
    music = evidence.place.music
    kinds = Kinds(music.tracks)
    content = {
        slug: tuple(uri.rpartition(":")[2] for playlist in evidence.playlists(slug) for uri in playlist.uris) for slug in music.slugs
    }
    ids = [beatport_id for slug in music.slugs for beatport_id in evidence.charted(slug)]
    brought = {
        beatport_id: kinds.of(match.track_id)
        for beatport_id, match in evidence.ledger().matches.latest(ids).items()
        if match.track_id is not None
    }
    strangers = tuple(track.track_id for track in music.tracks if kinds.of(track.track_id) not in brought.values())
    first, second = evidence.operations[:2]
    expected = Expected(kinds, brought, content, dict.fromkeys(music.slugs, strangers), (first, second))
    found = list(violations(evidence, expected))
    if found:
        raise RuntimeError(f"the world without faults is wrong: {found}")
    return expected


def violations(evidence: Evidence, expected: Expected) -> list[str]:
    """Everything that is wrong, in words."""
    found = list(evidence.notes)
    for slug in evidence.place.music.slugs:
        found += [f"{slug}: {what}" for what in _of_genre(evidence, expected, slug)]
    most = evidence.place.most_calls_in_a_day()
    if most > evidence.budget:
        found.append(f"{most} calls within 24 hours, the budget is {evidence.budget}")
    return [*found, *_secrets(evidence)]


def _of_genre(evidence: Evidence, expected: Expected, slug: str) -> Iterator[str]:
    for kind in evidence.choice.kinds:
        playlists = evidence.playlists(slug, kind)
        if len(playlists) != 1:
            yield f"{len(playlists)} playlists of the name of the {kind} one"
            continue
        (playlist,) = playlists
        ids = [uri.rpartition(":")[2] for uri in playlist.uris]
        if len(set(ids)) < len(ids):
            yield f"{kind}: tracks stand twice: {[track_id for track_id in set(ids) if ids.count(track_id) > 1]}"
        if kind == "collect":
            yield from _content(evidence, expected, slug, ids)
            yield from _order(evidence, slug, playlist)
            yield from _memory(evidence, playlist, ids, evidence.by_hand[slug] & evidence.removed[slug])
        else:
            check = _mirror if kind == "mirror" else _daily
            yield from (f"{kind}: {what}" for what in check(evidence, expected, slug, playlist, ids))
            yield from (f"{kind}: {what}" for what in _memory(evidence, playlist, ids, set()))


def _mirror(evidence: Evidence, expected: Expected, slug: str, playlist: Playlist, ids: Sequence[str]) -> Iterator[str]:
    del playlist
    chart: list[str] = []
    for track_id in evidence.present_chart(slug):
        if not expected.kinds.any_of(track_id, chart):
            chart.append(track_id)
    if list(ids) != chart:
        yield f"it shows {list(ids)}, the chart is {chart}"


def _daily(evidence: Evidence, expected: Expected, slug: str, playlist: Playlist, ids: Sequence[str]) -> Iterator[str]:
    kinds, held = expected.kinds, evidence.place.held[playlist.playlist_id]
    if back := evidence.heard[slug] & set(ids):
        yield f"what was heard came back: {sorted(back)}"
    if len(kinds.of_all(ids)) < len(ids):
        yield f"recordings stand twice among {list(ids)}"
    if len(ids) > DAILY_SIZE:
        yield f"it holds {len(ids)}"
    known = kinds.of_all(held) | (kinds.of_all(evidence.held_elsewhere(slug)) if evidence.choice.digging == "all" else set())
    if len(ids) < DAILY_SIZE and (left := kinds.of_all(evidence.present_chart(slug)) - known):
        yield f"it has room, and never held {sorted(left)}"


def _content(evidence: Evidence, expected: Expected, slug: str, ids: Sequence[str]) -> Iterator[str]:
    kinds = expected.kinds
    if len(set(ids)) == len(ids) and len(kinds.of_all(ids)) < len(ids):
        yield f"recordings stand twice among {ids}"
    charted = {expected.brought[beatport_id] for beatport_id in evidence.charted(slug) if beatport_id in expected.brought}
    removed = kinds.of_all(evidence.removed[slug])
    allowed = charted | kinds.of_all(evidence.by_hand[slug])
    wanted = allowed - removed
    if evidence.choice.digging == "all":
        wanted -= kinds.of_all(evidence.held_elsewhere(slug))
    if evidence.choice.digging == "off":
        wanted |= kinds.of_all(evidence.present_chart(slug))  # what was removed comes back
    else:
        allowed -= removed
    if lost := wanted - kinds.of_all(ids):
        yield f"lost: {sorted(lost)}"
    if extra := kinds.of_all(ids) - allowed:
        yield f"should not be there: {sorted(extra)}"


def _order(evidence: Evidence, slug: str, playlist: Playlist) -> Iterator[str]:
    direction = -1 if evidence.choice.add_at == "top" else 1

    def place(track_id: str, added_at: datetime) -> tuple[int, int]:
        number = max(number for number, attempt in enumerate(evidence.attempts) if attempt.begun_at.replace(microsecond=0) <= added_at)
        found = list(evidence.attempts[number].found.get(slug, []))
        if track_id not in found:
            raise LookupError(f"{track_id} came in during attempt {number}, which did not find it")
        return direction * number, found.index(track_id)

    try:
        places = [place(item.uri.rpartition(":")[2], item.added_at) for item in playlist.items]
    except LookupError as error:
        yield str(error)
        return
    for number, attempt in enumerate(evidence.attempts):
        own = [position for attempt_number, position in places if attempt_number == direction * number]
        blocks = 1 + sum(above > below for above, below in pairwise(own))
        if blocks > attempt.runs:
            yield f"out of order in attempt {number}: {own}"
    if (numbers := [attempt_number for attempt_number, _ in places]) != sorted(numbers):
        yield f"out of order: {places}"


def _memory(evidence: Evidence, playlist: Playlist, ids: Sequence[str], unseen: set[str]) -> Iterator[str]:
    """History and backups.

    Args:
        unseen: added and removed by the person, perhaps between two runs.
    """
    ledger, place = evidence.ledger(), evidence.place
    history, held = (
        {place.sent_id(track_id) for track_id in ledger.history.track_ids(playlist.playlist_id)},
        place.held[playlist.playlist_id],
    )
    held = held - (unseen - history)
    if history != held:
        yield f"the history lacks {sorted(held - history)} and has {sorted(history - held)} too much"

    def shown_by(backup: BackupInfo) -> tuple[str | None, ...]:
        rows = ledger.backups.items(playlist.playlist_id, backup.snapshot_id)
        return tuple(place.sent_id(row.track_id) if row.track_id else None for row in rows)

    backups = ledger.backups.all(playlist.playlist_id)
    for backup in backups:
        shown = shown_by(backup)
        if shown != (state := place.states.get((playlist.playlist_id, backup.snapshot_id))):
            yield f"the backup of {backup.taken_at} shows {shown}, the playlist held {state}"
    if not backups:
        yield "there is no backup"
    elif shown_by(backups[-1]) != tuple(ids):
        yield "the last backup does not show what the playlist holds"


def _secrets(evidence: Evidence) -> Iterator[str]:
    for file in sorted(evidence.root.rglob("*")):
        if not file.is_file():
            continue
        text = file.read_text(errors="replace")
        yield from (f"{secret}… is in {file.relative_to(evidence.root)}" for secret in SECRETS if secret in text)
    for error in evidence.errors:
        yield from (f"{secret}… is in the error {error!r}" for secret in SECRETS if secret in error)
