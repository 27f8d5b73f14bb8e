"""Task `update-playlist`: send a playlist only what is missing."""

from __future__ import annotations

from beatporter import names
from beatporter.sync import playlist
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("update-playlist")
def update_playlist(genre: str, beatport_ids: list[int], track_ids: list[str], dry_run: bool = False) -> list[str]:
    """Ids added to the playlist, top first; with `dry_run` those that would be."""
    with open_workspace(run_key(), genre) as workspace:
        added = playlist.update_playlist(workspace, genre, beatport_ids, track_ids, dry_run=dry_run)
        remembered = workspace.ledger.playlists.latest(workspace.genre(genre).genre_id)
    where = f": {names.playlist_url(remembered.playlist_id)}" if remembered else ""
    say(f"{genre}: {len(added)} tracks {'would be added' if dry_run else 'added'} to the playlist{where}")
    return added
