"""Tasks `list-playlists` and `update-playlist`: read the account's listing once a run; send a playlist only what is missing."""

from __future__ import annotations

from beatporter.sync import account, playlist
from tasks._house import house_task
from tasks._workspace import open_workspace


@house_task("list-playlists")
def list_playlists(run_key: str) -> list[str]:
    """Ids of the account's own playlists; names and snapshots go to the ledger."""
    with open_workspace(run_key) as workspace:
        return account.list_playlists(workspace)


@house_task("update-playlist")
def update_playlist(genre: str, beatport_ids: list[int], track_ids: list[str], run_key: str, dry_run: bool = False) -> list[str]:
    """Ids that came into the playlist, top first; with `dry_run` those that would."""
    with open_workspace(run_key, genre) as workspace:
        return playlist.update_playlist(workspace, genre, beatport_ids, track_ids, dry_run=dry_run)
