"""Task `list-playlists`: read the account's playlists once per run, for all genres."""

from __future__ import annotations

from beatporter.sync import account_playlists
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("list-playlists")
def list_playlists() -> list[str]:
    """Ids of the account's own playlists; names and snapshots go to the ledger."""
    with open_workspace(run_key()) as workspace:
        found = account_playlists.list_playlists(workspace)
    say(f"{len(found)} playlists in the account")
    return found
