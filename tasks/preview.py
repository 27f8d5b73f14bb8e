"""Task `preview-playlist`: show what an update would send."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from beatporter.playlist_kinds import PlaylistKind
from beatporter.sync import preview
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("preview-playlist")
def preview_playlist(genre: str, beatport_ids: list[int], track_ids: list[str], kind: PlaylistKind = "collect") -> dict[str, Any]:
    """What an update would change: ids `added` and `removed`, how many are `moved`, and the `calls` that this would cost."""
    with open_workspace(run_key(), genre) as workspace:
        found = preview.preview_playlist(workspace, genre, beatport_ids, track_ids, kind=kind)
    figures = f"{len(found.added)} to add, {len(found.removed)} to remove, {found.moved} to move, for {found.calls} calls"
    say(f"{genre}: {kind} playlist: {figures}")
    return asdict(found)
