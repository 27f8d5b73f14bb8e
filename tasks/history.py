"""Task `append-history`: record the playlist's new tracks permanently."""

from __future__ import annotations

from beatporter.playlist_kinds import PlaylistKind
from beatporter.sync import history
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("append-history")
def append_history(genre: str, added: list[str], kind: PlaylistKind = "collect") -> list[str]:
    """Append the additions to the history; returns the recorded ids."""
    with open_workspace(run_key(), genre) as workspace:
        recorded = history.append_history(workspace, genre, added, kind)
    say(f"{genre}: {len(recorded)} tracks remembered for good")
    return recorded
