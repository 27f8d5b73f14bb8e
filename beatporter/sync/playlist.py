"""Step 3: bring the genre's playlist up to date by sending the difference only.

What a playlist held is in the history, what it looked like is in the backups, and `snapshots` says which state of Spotify's
both stand for. As long as the account's listing shows that very state nobody else has changed the playlist, and it is not read.
A write that was sent but not yet recorded in the history makes the next run read the playlist, so nothing is added twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from beatporter.ledger.rows import BackupRow, HistoryRow, SnapshotRow, SnapshotState
from beatporter.matching import recording_key
from beatporter.matching.match import Match
from beatporter.progress import Progress, report
from beatporter.spotify.apply import apply_update
from beatporter.spotify.plan import Candidate, Plan, fresh, plan_collect
from beatporter.spotify.track import PlaylistItem, PlaylistRef
from beatporter.sync.account import genre_playlist
from beatporter.sync.correct import correct_playlist, ruled_out
from beatporter.sync.workspace import Workspace

ITEMS_AT_ONCE = 500
"""Items of a playlist that are held at a time while it is read: ten pages of Spotify's."""


def update_playlist(
    workspace: Workspace, slug: str, beatport_ids: Sequence[int], track_ids: Sequence[str], *, dry_run: bool = False
) -> list[str]:
    """Ids that came into the genre's playlist, top first; with `dry_run` those that would.

    Tracks that the playlist once held, under the same id or as the same recording, stay away. What the person put in by hand goes to
    the history on the way. A track of this chart that is there already but in no history counts as added: a run that died after
    its write left it.

    Args:
        beatport_ids: the chart, in its order.
        track_ids: what of it was found, in chart order.
    """
    genre = workspace.genre(slug)
    wanted = {track_id: match for track_id, match in matches_by_track(workspace, beatport_ids).items() if track_id in set(track_ids)}
    order = [track_id for track_id in track_ids if track_id in wanted]
    playlist = genre_playlist(workspace, genre, create=bool(order) and not dry_run)
    if playlist is None:
        return order
    report(Progress(slug, "playlist", 0, len(order)))
    playlist = _as_it_is_now(workspace, playlist)
    if not dry_run:
        playlist = _corrected(workspace, playlist)
    here = _take_in(workspace, playlist, wanted, record=not dry_run)
    plan = _plan(workspace, playlist, order, wanted, here.present)
    added = list(plan.add) if dry_run else _send(workspace, playlist, plan, read=here.read)
    arrived = {*added, *here.left_behind}
    return [track_id for track_id in order if track_id in arrived]


def matches_by_track(workspace: Workspace, beatport_ids: Sequence[int]) -> dict[str, Match]:
    """The decisions of a chart's entries by Spotify id; where two entries are one track, the higher one's."""
    matches = workspace.ledger.matches.latest(beatport_ids)
    by_track: dict[str, Match] = {}
    for beatport_id in beatport_ids:
        match = matches.get(beatport_id)
        if match is not None and match.track_id:
            by_track.setdefault(match.track_id, match)
    return by_track


def match_recording(match: Match) -> str:
    """The history's `recording` of what was found for a chart entry."""
    return recording_key(match.track_name or "", match.track_artists)


@dataclass(frozen=True, slots=True)
class _Here:
    read: bool
    """Whether the playlist was read."""
    present: frozenset[str]
    """Wanted tracks that are in the playlist now; only known when it was read."""
    left_behind: frozenset[str]
    """Wanted tracks that are in the playlist but in no history."""


def _take_in(workspace: Workspace, playlist: PlaylistRef, wanted: Collection[str], *, record: bool) -> _Here:
    """Read the playlist unless it is as we left it; its unknown tracks go to the history, all of it to the backups."""
    if _as_we_left_it(workspace, playlist):
        return _Here(False, frozenset(), frozenset())
    present: set[str] = set()
    left_behind: set[str] = set()

    def rows() -> Iterator[BackupRow]:
        items = workspace.spotify.playlist_items(playlist.playlist_id)
        while chunk := list(islice(items, ITEMS_AT_ONCE)):
            unknown = _unknown(workspace, playlist.playlist_id, chunk)
            here = {item.track.track_id for item in chunk if item.track is not None}
            present.update(here.intersection(wanted))
            left_behind.update(row.track_id for row in unknown if row.track_id in wanted)
            if record:
                workspace.ledger.history.append(playlist.playlist_id, [row for row in unknown if row.track_id not in wanted])
            yield from map(_backup_row, chunk)

    if record:
        workspace.ledger.backups.append(playlist.playlist_id, playlist.snapshot_id, backup_time(workspace, playlist.playlist_id), rows())
    else:
        for _ in rows():
            pass
    return _Here(True, frozenset(present), frozenset(left_behind))


def _as_it_is_now(workspace: Workspace, playlist: PlaylistRef) -> PlaylistRef:
    """The playlist with its present snapshot: the run's listing may be older than what an attempt before this one wrote."""
    state = workspace.ledger.snapshots.latest(playlist.playlist_id)
    return playlist if state is None or state.state == "recorded" else workspace.spotify.playlist(playlist.playlist_id)


def _corrected(workspace: Workspace, playlist: PlaylistRef) -> PlaylistRef:
    """The playlist after what a person ruled out has left it."""
    wrong = ruled_out(workspace, playlist.playlist_id)
    if not wrong:
        return playlist
    held = _positions(workspace, playlist)
    wrong = {track_id: match for track_id, match in wrong.items() if track_id in held}
    if not wrong:
        return playlist
    mark(workspace, playlist.playlist_id, "writing", None)
    correct_playlist(workspace, playlist, wrong, held)
    return _as_it_is_now(workspace, playlist)


def _positions(workspace: Workspace, playlist: PlaylistRef) -> dict[str, int]:
    """Position of each track, from the last backup where that shows the playlist as it is."""
    items: Iterator[tuple[int, str | None]]
    if _as_we_left_it(workspace, playlist):
        items = ((row.position, row.track_id) for row in workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id))
    else:
        read = workspace.spotify.playlist_items(playlist.playlist_id)
        items = ((item.position, item.track.track_id if item.track else None) for item in read)
    return {track_id: position for position, track_id in items if track_id}


def _as_we_left_it(workspace: Workspace, playlist: PlaylistRef) -> bool:
    state = workspace.ledger.snapshots.latest(playlist.playlist_id)
    backup = workspace.ledger.backups.latest(playlist.playlist_id)
    return (
        state is not None
        and state.state == "recorded"
        and backup is not None
        and state.snapshot_id == playlist.snapshot_id == backup.snapshot_id
    )


def _unknown(workspace: Workspace, playlist_id: str, items: Sequence[PlaylistItem]) -> list[HistoryRow]:
    tracks = {item.track.track_id: item.track for item in items if item.track is not None}
    known = workspace.ledger.history.known(playlist_id, track_ids=tracks)
    now = workspace.now()
    return [
        HistoryRow(track.track_id, track.isrc, recording_key(track.name, track.artists), None, "playlist", now)
        for track in tracks.values()
        if track.track_id not in known.track_ids
    ]


def _backup_row(item: PlaylistItem) -> BackupRow:
    track = item.track
    if track is None:
        return BackupRow(item.position, None, None, "", (), item.added_at)
    return BackupRow(item.position, track.track_id, track.isrc, track.name, track.artists, item.added_at)


def _plan(workspace: Workspace, playlist: PlaylistRef, order: Sequence[str], wanted: Mapping[str, Match], present: Collection[str]) -> Plan:
    candidates = [Candidate(track_id, wanted[track_id].track_isrc, match_recording(wanted[track_id])) for track_id in order]
    known = workspace.ledger.history.known(
        playlist.playlist_id,
        [one.track_id for one in candidates],
        [one.isrc for one in candidates if one.isrc],
        [one.recording for one in candidates],
    )
    return plan_collect(fresh(candidates, known), present)


def _send(workspace: Workspace, playlist: PlaylistRef, plan: Plan, *, read: bool) -> list[str]:
    if not plan.add:
        if read:
            mark(workspace, playlist.playlist_id, "written", playlist.snapshot_id)
        return []
    mark(workspace, playlist.playlist_id, "writing", None)
    applied = apply_update(workspace.spotify, playlist.playlist_id, plan, sleep=workspace.sleep)
    mark(workspace, playlist.playlist_id, "written", applied.snapshot_id)
    return list(applied.added)


def mark(workspace: Workspace, playlist_id: str, state: SnapshotState, snapshot_id: str | None) -> None:
    """Keep how far a write has come; see `SnapshotRow`."""
    workspace.ledger.snapshots.append(SnapshotRow(playlist_id, state, snapshot_id, workspace.now()))


def backup_time(workspace: Workspace, playlist_id: str) -> datetime:
    """A time for a new backup that is later than the last one's, though both may fall into one second."""
    last = workspace.ledger.backups.latest(playlist_id)
    now = workspace.now()
    return now if last is None else max(now, last.taken_at + timedelta(seconds=1))
