"""Step 5: keep the playlist's current state, without reading again what is known."""

from __future__ import annotations

from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.progress import Progress, report
from beatporter.records.ledger import BackupInfo
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def back_up_playlist(workspace: Workspace, slug: str, kind: PlaylistKind = "collect") -> str:
    """Name of the backup with the current state of the list's playlist of this kind; empty when there is no playlist yet."""
    state = PlaylistState.of_list(workspace, playlist_number(workspace.genre(slug), kind))
    if state is None:
        return ""
    report(Progress(slug, "backup"))
    backup = state.back_up()
    return backup_name(backup) if backup else ""


def backup_name(backup: BackupInfo) -> str:
    """A backup's name for people: playlist and time."""
    return f"{backup.playlist_id}@{backup.taken_at:%Y-%m-%dT%H:%M:%SZ}"
