"""What a genre's playlist holds: known from the last backup as long as nobody else changed it, read and taken into the ledger else.

What a playlist held is in the history, what it looked like is in the backups, and `snapshots` says which state of Spotify's
both stand for. As long as the account's listing shows that very state nobody else has changed the playlist, and it is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice

from beatporter.matching import recording_key
from beatporter.records.ledger import BackupRow, HistoryRow, SnapshotRow, SnapshotState
from beatporter.records.match import Match
from beatporter.records.track import PlaylistItem, PlaylistRef
from beatporter.sync.found import history_row, matches_by_track
from beatporter.sync.interrupted import thrown_out
from beatporter.sync.workspace import Workspace

ITEMS_AT_ONCE = 500
"""Items of a playlist that are held at a time while it is read: ten pages of Spotify's."""


@dataclass(frozen=True, slots=True)
class Here:
    """What is known of a playlist before it is written to.

    Attributes:
        read: whether the playlist was read.
        present: wanted tracks that are in the playlist now; only known when it was read.
        left_behind: wanted tracks that are in the playlist and were in no history before it was read.
        backed_up: whether the last backup shows what was there. Not so when the snapshot id that Spotify told is that of an
            older state, for which there is a backup: after a write it may be the old one for half a minute.
        thrown_out: tracks that an interrupted write brought in and the person took out since.
    """

    read: bool
    present: frozenset[str] = frozenset()
    left_behind: frozenset[str] = frozenset()
    backed_up: bool = True
    thrown_out: frozenset[str] = frozenset()


def take_in(workspace: Workspace, playlist: PlaylistRef, wanted: Mapping[str, Match], *, record: bool) -> Here:
    """Read the playlist unless it is as we left it; its unknown tracks go to the history, all of it to the backups.

    Args:
        wanted: tracks that are to be added, with the decisions that found them.
        record: False leaves the ledger as it is.
    """
    if as_we_left_it(workspace, playlist):
        return Here(read=False)
    present: set[str] = set()
    left_behind: set[str] = set()
    state = workspace.ledger.snapshots.latest(playlist.playlist_id)
    sent = frozenset(state.sending if state else ())
    sent_there: dict[str, datetime | None] = {}
    seen = blake2b()

    def rows() -> Iterator[BackupRow]:
        items = workspace.spotify.playlist_items(playlist.playlist_id)
        while chunk := list(islice(items, ITEMS_AT_ONCE)):
            unknown = _unknown(workspace, playlist.playlist_id, chunk, wanted)
            here = {item.track.track_id: item.added_at for item in chunk if item.track is not None}
            present.update(here.keys() & wanted)
            sent_there.update((track_id, here[track_id]) for track_id in here.keys() & sent)
            left_behind.update(row.track_id for row in unknown if row.track_id in wanted)
            if record:
                workspace.ledger.history.append(playlist.playlist_id, unknown)
            for row in map(_backup_row, chunk):
                _note(seen, row)
                yield row

    if record:
        workspace.ledger.backups.append(playlist.playlist_id, playlist.snapshot_id, backup_time(workspace, playlist.playlist_id), rows())
    else:
        for _ in rows():
            pass
    gone = thrown_out(state, sent_there)
    if gone and record:
        workspace.ledger.history.append(playlist.playlist_id, _history_rows(workspace, gone))
    return Here(True, frozenset(present), frozenset(left_behind), seen.digest() == _digest_of_backup(workspace, playlist), frozenset(gone))


def as_it_is_now(workspace: Workspace, playlist: PlaylistRef) -> PlaylistRef:
    """The playlist with its present snapshot: the run's listing may be older than what an attempt before this one wrote."""
    state = workspace.ledger.snapshots.latest(playlist.playlist_id)
    return playlist if state is None or state.state == "recorded" else workspace.spotify.playlist(playlist.playlist_id)


def as_we_left_it(workspace: Workspace, playlist: PlaylistRef) -> bool:
    """Whether nobody changed the playlist since history and last backup were brought in line with it."""
    state = workspace.ledger.snapshots.latest(playlist.playlist_id)
    backup = workspace.ledger.backups.latest(playlist.playlist_id)
    return (
        state is not None
        and state.state == "recorded"
        and backup is not None
        and state.snapshot_id == playlist.snapshot_id == backup.snapshot_id
    )


def ids_in_order(workspace: Workspace, playlist: PlaylistRef) -> Iterator[str | None]:
    """The playlist's track ids from the top on, from the last backup where that shows the playlist as it is."""
    if as_we_left_it(workspace, playlist):
        rows = workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id)
        return (row.track_id for row in rows)
    items = workspace.spotify.playlist_items(playlist.playlist_id)
    return (item.track.track_id if item.track else None for item in items)


def mark(workspace: Workspace, playlist_id: str, state: SnapshotState, snapshot_id: str | None, sending: Sequence[str] = ()) -> None:
    """Keep how far a write has come, and of which tracks; see `SnapshotRow`."""
    now = workspace.now()
    workspace.ledger.snapshots.append(SnapshotRow(playlist_id, state, snapshot_id, now, tuple(sending), now if sending else None))


def doubt(workspace: Workspace, playlist_id: str) -> None:
    """Have the playlist read before anything is concluded from its last state, unless history and backup stand for that state.

    Without it a run that cannot ask Spotify would record, in its later steps, a write of another run as if it had made it.
    """
    state = workspace.ledger.snapshots.latest(playlist_id)
    if state is None or state.state == "writing":
        return
    backup = workspace.ledger.backups.latest(playlist_id)
    if state.state == "written" or backup is None or backup.snapshot_id != state.snapshot_id:
        workspace.ledger.snapshots.append(replace(state, state="writing", snapshot_id=None, at=workspace.now()))


def backup_time(workspace: Workspace, playlist_id: str) -> datetime:
    """A time for a new backup that is later than the last one's, though both may fall into one second."""
    last = workspace.ledger.backups.latest(playlist_id)
    now = workspace.now()
    return now if last is None else max(now, last.taken_at + timedelta(seconds=1))


def _digest_of_backup(workspace: Workspace, playlist: PlaylistRef) -> bytes:
    kept = blake2b()
    for row in workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id):
        _note(kept, row)
    return kept.digest()


def _note(digest: blake2b, row: BackupRow) -> None:
    digest.update(f"{row.position} {row.track_id}\n".encode())


def _history_rows(workspace: Workspace, track_ids: Sequence[str]) -> list[HistoryRow]:
    """Rows of tracks that an interrupted run had found for chart entries."""
    matches, now = matches_by_track(workspace, (), track_ids), workspace.now()
    return [history_row(match, now) for track_id in track_ids if (match := matches.get(track_id)) is not None]


def _unknown(workspace: Workspace, playlist_id: str, items: Sequence[PlaylistItem], wanted: Mapping[str, Match]) -> list[HistoryRow]:
    """Rows of tracks that are in no history yet: a wanted one was left by a run that died, any other was put in by the person."""
    tracks = {item.track.track_id: item.track for item in items if item.track is not None}
    known = workspace.ledger.history.known(playlist_id, track_ids=tracks)
    now = workspace.now()
    return [
        history_row(wanted[track.track_id], now)
        if track.track_id in wanted
        else HistoryRow(track.track_id, track.isrc, recording_key(track.name, track.artists), None, "playlist", now)
        for track in tracks.values()
        if track.track_id not in known.track_ids
    ]


def _backup_row(item: PlaylistItem) -> BackupRow:
    track = item.track
    if track is None:
        return BackupRow(item.position, None, None, "", (), item.added_at)
    return BackupRow(item.position, track.track_id, track.isrc, track.name, track.artists, item.added_at)
