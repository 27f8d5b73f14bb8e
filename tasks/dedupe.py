"""Task `dedupe-all`: remove what playlists hold twice."""

from __future__ import annotations

from beatporter.care.dedupe import dedupe_playlists
from beatporter.care.documents import deduped_document, deduped_page, deduped_words
from beatporter.counted import counted
from orchestration.care_result import CareResult, publish_care
from orchestration.one_writer import playlist_lock
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("dedupe-all", cached=False)
def dedupe_all(playlists: list[str], any_cut: bool, keep_dates: bool, dry_run: bool) -> CareResult:
    """Publish what became of each playlist; a retry finishes what was interrupted."""
    options = {"any_cut": any_cut, "keep_dates": keep_dates, "dry_run": dry_run}
    with open_workspace(run_key()) as workspace:
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [deduped_document(one) for one in dedupe_playlists(workspace, playlists, only_writer=lock, **options)]
    for one in found:
        say(f"{one['playlist']['name']}: {deduped_words(one, dry_run=dry_run)}")
    count, calls = sum(one["duplicates"] for one in found), sum(one["calls"] for one in found)
    said = f"{counted(count, 'duplicate')} {'would be ' if dry_run else ''}removed, {counted(calls, 'call')}"
    not_done = [one["playlist"]["name"] for one in found if one["error"]]
    return publish_care("dedupe-playlists", said, deduped_page(found, dry_run=dry_run), not_done)
