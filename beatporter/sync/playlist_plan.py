"""What a run changes in one of a list's playlists: the rules of its kind, applied to what the ledger and a read of the playlist say.

Sends nothing and changes nothing: `playlist` carries the plan out, `preview` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from beatporter import names
from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind, PlaylistOptions, playlist_number
from beatporter.records.ledger import Known
from beatporter.records.match import Match
from beatporter.records.track import PlaylistRef
from beatporter.spotify.plan import Candidate, Plan, plan_collect, plan_daily, plan_mirror, select_new
from beatporter.sync.candidates import (
    KnownTracks,
    RecordingsSeen,
    candidate_of,
    known_elsewhere,
    known_of,
    matches_by_track,
    removed_from_earlier,
)
from beatporter.sync.playlist_reading import PlaylistReading
from beatporter.sync.workspace import Workspace

COLLECTED_AT_ONCE = 100
"""Tracks of the collecting playlist looked at together when a daily playlist is made up."""


@dataclass(frozen=True, slots=True)
class ListPlaylist:
    """One of a list's playlists."""

    genre: Genre
    kind: PlaylistKind
    options: PlaylistOptions

    @property
    def number(self) -> int:
        """Its number in the ledger's table `playlists`."""
        return playlist_number(self.genre, self.kind)

    @property
    def name(self) -> str:
        """The name under which it is created."""
        return names.playlist_name(self.options, self.genre, self.kind)

    @property
    def heeds_recordings(self) -> bool:
        """Whether only what it holds now counts as known, so that a read must look for recordings under other ids."""
        return self.kind == "collect" and self.options.digging == "off"

    @property
    def heeds_history(self) -> bool:
        """Whether what it once held counts as known."""
        return self.kind == "daily" or (self.kind == "collect" and self.options.digging != "off")


def list_playlist(workspace: Workspace, slug: str, kind: PlaylistKind) -> ListPlaylist:
    """The playlist of this kind of a genre, chart or label."""
    genre = workspace.genre(slug)
    return ListPlaylist(genre, kind, workspace.settings.playlist_options(genre))


def wanted_tracks(workspace: Workspace, target: ListPlaylist, beatport_ids: Sequence[int], track_ids: Sequence[str]) -> dict[str, Match]:
    """What the playlist is made from: found tracks in the wanted order, with their decisions. For a mirror only the present chart's, and
    of several for one recording the first.

    Args:
        beatport_ids: the chart, in order.
        track_ids: what was found, in the wanted order; below the chart's what earlier charts left open.
    """
    is_mirror = target.kind == "mirror"
    by_track = matches_by_track(workspace, beatport_ids, () if is_mirror else track_ids)
    wanted = {track_id: by_track[track_id] for track_id in track_ids if track_id in by_track}
    return {track_id: wanted[track_id] for track_id in select_new(map(candidate_of, wanted.values()))} if is_mirror else wanted


def plan_for(
    workspace: Workspace,
    target: ListPlaylist,
    playlist: PlaylistRef | None,
    reading: PlaylistReading,
    wanted: dict[str, Match],
    history: Known | None = None,
) -> Plan:
    """Plan the change of a playlist.

    Args:
        playlist: None: it does not exist yet.
        reading: what a read showed; if it was not read, the last backup shows what it holds.
        wanted: from `wanted_tracks`; tracks that make up a daily playlist are added.
        history: what the playlist's history knows of the wanted tracks; looked up when it is not given.
    """
    if target.kind == "mirror":
        return plan_mirror(wanted, _order(workspace, playlist, reading, wanted)) if wanted else Plan()
    if target.kind == "daily":
        return _plan_daily(workspace, target, playlist, reading, wanted)
    candidates = [candidate_of(match) for match in wanted.values()]
    new = select_new(candidates, *_known(workspace, target, playlist, reading, candidates, history))
    at_end = target.options.add_at == "end"
    if playlist is None:
        return Plan(add=new, at_end=at_end)
    held: frozenset[str] = frozenset()
    if not target.heeds_recordings:
        held = reading.removed_by_user | removed_from_earlier(workspace, target.genre, playlist.playlist_id, candidates)
    position = _length(workspace, playlist, reading) if new and at_end else 0
    return plan_collect(new, reading.present, held, position=position, at_end=at_end)


def _plan_daily(
    workspace: Workspace, target: ListPlaylist, playlist: PlaylistRef | None, reading: PlaylistReading, wanted: dict[str, Match]
) -> Plan:
    present = _order(workspace, playlist, reading, wanted)
    room = target.options.daily_size - len(present)
    if room <= 0:
        return Plan()
    candidates = [candidate_of(match) for match in wanted.values()]
    new = [*_new_daily(workspace, target, playlist, reading, candidates)][:room]
    made_up: list[str] = []
    if len(new) < room:
        taken = [candidate_of(wanted[track_id]) for track_id in new]
        for match in _made_up(workspace, target, playlist, reading, room - len(new), taken):
            made_up.append(match.track_id or "")
            wanted.setdefault(match.track_id or "", match)
    return plan_daily(new, present, (), made_up, size=target.options.daily_size, at_end=target.options.add_at == "end")


def _new_daily(
    workspace: Workspace, target: ListPlaylist, playlist: PlaylistRef | None, reading: PlaylistReading, candidates: Sequence[Candidate]
) -> Iterator[str]:
    """Ids of candidates that the daily playlist never held, nor an earlier one that the person had removed them from."""
    gone = reading.removed_by_user
    if playlist is not None:
        gone |= removed_from_earlier(workspace, target.genre, playlist.playlist_id, candidates, "daily")
    known = _known(workspace, target, playlist, reading, candidates)
    return (track_id for track_id in select_new(candidates, *known) if track_id not in gone)


def _made_up(
    workspace: Workspace,
    target: ListPlaylist,
    playlist: PlaylistRef | None,
    reading: PlaylistReading,
    room: int,
    taken: Sequence[Candidate],
) -> list[Match]:
    """Tracks that the list's collecting playlist took from charts and holds, newest first: as many as there is room for.

    Args:
        taken: what is added already.
    """
    chosen: list[Match] = []
    collected = _collected(workspace, target.genre)
    for start in range(0, len(collected), COLLECTED_AT_ONCE):
        chunk = collected[start : start + COLLECTED_AT_ONCE]
        found = workspace.ledger.matches.that_took(chunk)
        now = workspace.ledger.matches.latest({match.beatport_id for match in found.values()})
        matches = {track_id: found[track_id] for track_id in chunk if track_id in found and not _is_ruled_out(track_id, found, now)}
        there = _keys_of([*taken, *map(candidate_of, chosen)])
        candidates = [one for one in map(candidate_of, matches.values()) if not _is_known(one, there)]
        chosen += [matches[track_id] for track_id in _new_daily(workspace, target, playlist, reading, candidates)]
        if len(chosen) >= room:
            break
    return chosen[:room]


def _is_ruled_out(track_id: str, found: Mapping[str, Match], now: Mapping[int, Match]) -> bool:
    """Whether the person decided since that the entry has another track, or none."""
    standing = now.get(found[track_id].beatport_id)
    return standing is not None and standing.method == "person" and standing.track_id != track_id


def _collected(workspace: Workspace, genre: Genre) -> list[str]:
    """What the collecting playlist held at its last backup, the latest additions first and each addition from its top."""
    remembered = workspace.ledger.playlists.latest(playlist_number(genre, "collect"))
    backup = workspace.ledger.backups.latest(remembered.playlist_id) if remembered is not None else None
    if backup is None:
        return []
    rows = workspace.ledger.backups.items(backup.playlist_id, backup.snapshot_id)
    dated = [(row.added_at.timestamp() if row.added_at else 0.0, row.track_id) for row in rows if row.track_id is not None]
    return [track_id for _, track_id in sorted(dated, key=lambda one: -one[0])]


def _known(
    workspace: Workspace,
    target: ListPlaylist,
    playlist: PlaylistRef | None,
    reading: PlaylistReading,
    candidates: Sequence[Candidate],
    history: Known | None = None,
) -> list[Known]:
    """Which candidates count as known, by what the person chose for digging."""
    there = [one for one in candidates if one.track_id in reading.present]
    known = [_keys_of(there), reading.recordings]
    if playlist is not None:
        known.append(history or _held(workspace, target, playlist, reading, candidates))
    if target.options.digging == "all":
        known.append(known_elsewhere(workspace, target.genre, candidates))
    return known


def _held(
    workspace: Workspace, target: ListPlaylist, playlist: PlaylistRef, reading: PlaylistReading, candidates: Sequence[Candidate]
) -> Known:
    """Which candidates the playlist ever held; if only what it holds now counts, which of those it holds now."""
    if not target.heeds_recordings:
        return known_of(workspace, playlist.playlist_id, candidates)
    if reading.order is not None or known_of(workspace, playlist.playlist_id, candidates) == Known():
        return Known()  # what is there was read, or it is in no history, so that it cannot be there
    seen = RecordingsSeen(candidates)
    for row in workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id):
        if row.track_id is not None:
            seen.see(row.track_id, row.isrc, row.name, row.artists)
    return seen.known


def _length(workspace: Workspace, playlist: PlaylistRef, reading: PlaylistReading) -> int:
    """How many entries the playlist has. Soon after a write a listing may name the new snapshot with the old number."""
    if reading.order is not None:
        return len(reading.order)
    backup = workspace.ledger.backups.of_snapshot(playlist.playlist_id, playlist.snapshot_id)
    return backup.rows if backup is not None else playlist.total


def _order(workspace: Workspace, playlist: PlaylistRef | None, reading: PlaylistReading, wanted: dict[str, Match]) -> list[str | None]:
    """What the playlist holds, from the top, each wanted track under the id under which it was sent."""
    if reading.order is not None or playlist is None:
        return list(reading.order or ())
    known = KnownTracks(wanted)
    return [known.id_of_row(row) for row in workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id)]


def _keys_of(candidates: Iterable[Candidate]) -> Known:
    some = list(candidates)
    return Known(
        frozenset(one.track_id for one in some),
        frozenset(one.isrc for one in some if one.isrc),
        frozenset(one.recording for one in some if one.recording),
    )


def _is_known(one: Candidate, known: Known) -> bool:
    return one.track_id in known.track_ids or one.isrc in known.isrcs or one.recording in known.recordings
