"""Task `update-playlist`: send a playlist only what is missing."""

from __future__ import annotations

from beatporter import names
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.sync import playlist
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("update-playlist")
def update_playlist(genre: str, beatport_ids: list[int], track_ids: list[str], kind: PlaylistKind = "collect") -> list[str]:
    """Ids added to the list's playlist of this kind, in the order of the chart."""
    with open_workspace(run_key(), genre) as workspace:
        added = playlist.update_playlist(workspace, genre, beatport_ids, track_ids, kind=kind)
        remembered = workspace.ledger.playlists.latest(playlist_number(workspace.genre(genre), kind))
    where = f": {names.playlist_url(remembered.playlist_id)}" if remembered else ""
    say(f"{genre}: {len(added)} tracks added to the {kind} playlist{where}")
    return added
