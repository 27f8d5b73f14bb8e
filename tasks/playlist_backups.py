"""Task `back-up-all`: back up the playlists that the person chose, and collect their tracks in others."""

from __future__ import annotations

from typing import Any

from beatporter.backup_choice import chosen_backups
from beatporter.care.documents import backed_up_document
from beatporter.care.playlist_backups import back_up_playlists
from orchestration.one_writer import playlist_lock
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("back-up-all", cached=False)
def back_up_all(playlists: list[str], dry_run: bool) -> list[dict[str, Any]]:
    """What became of each; empty when the person chose none."""
    with open_workspace(run_key()) as workspace:
        if not playlists and not workspace.settings.backups:
            return []
        choices = chosen_backups(workspace.settings.backups, playlists)
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [backed_up_document(one) for one in back_up_playlists(workspace, choices, dry_run=dry_run, only_writer=lock)]
    for one in found:
        say(f"{one['playlist']}: {one['outcome']}" + (f" ({one['why']})" if one["why"] else ""))
    return found
