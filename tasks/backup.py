"""Task `back-up-playlist`: keep what the playlist looks like now."""

from __future__ import annotations

from beatporter.sync.backup import back_up_playlist as back_up
from tasks._house import house_task
from tasks._workspace import open_workspace


@house_task("back-up-playlist")
def back_up_playlist(genre: str, beatport_ids: list[int], added: list[str], run_key: str) -> str:
    """The backup's name."""
    with open_workspace(run_key, genre) as workspace:
        return back_up(workspace, genre, beatport_ids, added)
