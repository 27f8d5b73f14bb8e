"""Task `back-up-playlist`: keep the playlist's current state."""

from __future__ import annotations

from beatporter.playlist_kinds import PlaylistKind
from beatporter.sync import backup
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("back-up-playlist")
def back_up_playlist(genre: str, added: list[str], kind: PlaylistKind = "collect") -> str:
    """The backup's name. `added` is part of the cache key: another result of the update needs another backup."""
    with open_workspace(run_key(), genre) as workspace:
        name = backup.back_up_playlist(workspace, genre, kind)
    say(f"{genre}: backed up as {name}" if name else f"{genre}: there is no playlist to back up")
    return name
