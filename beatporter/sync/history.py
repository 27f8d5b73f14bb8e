"""Step 4: record permanently what came into the playlist."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.progress import Progress, report
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def append_history(workspace: Workspace, slug: str, added: Sequence[str], kind: PlaylistKind = "collect") -> list[str]:
    """Ids that the history of the list's playlist of this kind holds because of this run; calling it twice leaves the same history.

    Args:
        added: what `update_playlist` returned.
    """
    state = PlaylistState.of_list(workspace, playlist_number(workspace.genre(slug), kind))
    if state is None:
        return []
    report(Progress(slug, "history", 0, len(added)))
    return state.record(added)
