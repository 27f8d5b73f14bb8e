"""Step 4: record permanently what came into the playlist."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.progress import Progress, report
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def append_history(workspace: Workspace, slug: str, added: Sequence[str]) -> list[str]:
    """Ids that the genre's history holds because of this run; calling it twice leaves the same history.

    Args:
        added: what `update_playlist` returned.
    """
    remembered = workspace.ledger.playlists.latest(workspace.genre(slug).genre_id)
    if remembered is None:
        return []
    report(Progress(slug, "history", 0, len(added)))
    return PlaylistState(workspace, remembered.playlist_id).record(added)
