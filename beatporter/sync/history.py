"""Step 4: remember for good what came into the playlist."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.progress import Progress, report
from beatporter.sync.found import history_row, matches_by_track
from beatporter.sync.present import mark
from beatporter.sync.workspace import Workspace


def append_history(workspace: Workspace, slug: str, beatport_ids: Sequence[int], added: Sequence[str]) -> list[str]:
    """Ids that the genre's history holds now because of this run; the same call twice leaves the same history.

    Once they are there, the playlist's last written state counts as recorded, and the next run need not read the playlist.

    Args:
        beatport_ids: the chart that they were found for.
        added: what `update_playlist` returned.
    """
    remembered = workspace.ledger.playlists.latest(workspace.genre(slug).genre_id)
    if remembered is None:
        return []
    report(Progress(slug, "history", 0, len(added)))
    matches = matches_by_track(workspace, beatport_ids, added)
    now = workspace.now()
    rows = [history_row(match, now) for track_id in added if (match := matches.get(track_id)) is not None]
    if rows:
        workspace.ledger.history.append(remembered.playlist_id, rows)
    state = workspace.ledger.snapshots.latest(remembered.playlist_id)
    if state is not None and state.state == "written":
        mark(workspace, remembered.playlist_id, "recorded", state.snapshot_id)
    return [row.track_id for row in rows]
