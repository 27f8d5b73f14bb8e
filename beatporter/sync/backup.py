"""Step 5: keep what the playlist looks like now, without reading what is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from beatporter.progress import Progress, report
from beatporter.records.ledger import BackupInfo, BackupRow
from beatporter.sync.found import matches_by_track
from beatporter.sync.present import backup_time
from beatporter.sync.workspace import Workspace


def back_up_playlist(workspace: Workspace, slug: str, beatport_ids: Sequence[int], added: Sequence[str]) -> str:
    """Name of the backup that shows the genre's playlist as it stands; empty when there is no playlist yet.

    What was added lies on top of what the last backup shows, because nobody else changed the playlist in between or it was read.

    Args:
        beatport_ids: the chart that the tracks were found for.
        added: ids that came in, top first.
    """
    remembered = workspace.ledger.playlists.latest(workspace.genre(slug).genre_id)
    if remembered is None:
        return ""
    report(Progress(slug, "backup"))
    playlist_id = remembered.playlist_id
    state = workspace.ledger.snapshots.latest(playlist_id)
    last = workspace.ledger.backups.latest(playlist_id)
    if state is None or state.snapshot_id is None:
        return backup_name(last) if last else ""
    if last is None or last.snapshot_id != state.snapshot_id:
        taken_at = backup_time(workspace, playlist_id)
        rows = _on_top(workspace, beatport_ids, added, last, taken_at)
        last = workspace.ledger.backups.append(playlist_id, state.snapshot_id, taken_at, rows)
    return backup_name(last)


def backup_name(backup: BackupInfo) -> str:
    """How a person names a backup: playlist and time."""
    return f"{backup.playlist_id}@{backup.taken_at:%Y-%m-%dT%H:%M:%SZ}"


def _on_top(
    workspace: Workspace, beatport_ids: Sequence[int], added: Sequence[str], last: BackupInfo | None, taken_at: datetime
) -> Iterator[BackupRow]:
    matches = matches_by_track(workspace, beatport_ids, added)
    there = {row.track_id for row in _rows(workspace, last) if row.track_id in set(added)}
    new = [track_id for track_id in added if track_id not in there]
    for position, track_id in enumerate(new):
        match = matches[track_id]
        yield BackupRow(position, track_id, match.track_isrc, match.track_name or "", match.track_artists, taken_at)
    for position, row in enumerate(_rows(workspace, last), len(new)):
        yield replace(row, position=position)


def _rows(workspace: Workspace, backup: BackupInfo | None) -> Iterator[BackupRow]:
    return workspace.ledger.backups.items(backup.playlist_id, backup.snapshot_id) if backup else iter(())
