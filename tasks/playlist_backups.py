"""Task `back-up-all`: back up the playlists that the person chose, and collect their tracks in others."""

from __future__ import annotations

from collections import Counter

from beatporter.backup_choice import chosen_backups
from beatporter.care.documents import backed_up_document, backed_up_page
from beatporter.care.playlist_backups import back_up_playlists
from orchestration.care_result import CareResult, publish_care
from orchestration.one_writer import playlist_lock
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("back-up-all", cached=False)
def back_up_all(playlists: list[str], dry_run: bool) -> CareResult | None:
    """Publish what became of each; None when the person chose none."""
    with open_workspace(run_key()) as workspace:
        if not playlists and not workspace.settings.backups:
            return None
        choices = chosen_backups(workspace.settings.backups, playlists)
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [backed_up_document(one) for one in back_up_playlists(workspace, choices, dry_run=dry_run, only_writer=lock)]
    for one in found:
        say(f"{one['playlist']}: {one['outcome']}" + (f" ({one['why']})" if one["why"] else ""))
    counts = Counter(one["outcome"] for one in found)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    failed = [one["playlist"] for one in found if one["outcome"] == "failed"]
    return publish_care("back-up-playlists", said, backed_up_page(found), failed)
