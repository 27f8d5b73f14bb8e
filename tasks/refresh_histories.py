"""Task `refresh-histories`: take what the person added to playlists by hand into their histories."""

from __future__ import annotations

from beatporter.care.documents import refreshed_document, refreshed_page
from beatporter.care.refresh_history import refresh_histories
from beatporter.counted import counted
from orchestration.care_result import CareResult, publish_care
from orchestration.one_writer import playlist_lock
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("refresh-histories", cached=False)
def refresh_all_histories(max_calls: int, dry_run: bool) -> CareResult:
    """Publish what became of the playlists that are not as before, and how many are."""
    with open_workspace(run_key()) as workspace:
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [refreshed_document(one) for one in refresh_histories(workspace, max_calls=max_calls, dry_run=dry_run, only_writer=lock)]
    changed = [one for one in found if one["outcome"] != "unchanged"]
    learned, unchanged = sum(one["learned"] for one in changed), len(found) - len(changed)
    say(f"{len(changed)} of {len(found)} playlists were not as before, {learned} tracks are new to a history")
    said = f"{counted(learned, 'track')} new to a history; {counted(unchanged, 'playlist')} unchanged"
    not_read = [one["playlist"]["name"] for one in changed if one["outcome"] == "failed"]
    return publish_care("refresh-history", said, refreshed_page(changed, unchanged), not_read)
