"""Flow `drill-restore`: every month, restore some states of every playlist on paper, and compare the results with the backups.

Sends nothing to Spotify. Artifact: `drill-restore`. It fails if a restore would lead to something else than the backup.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.care.documents import drilled_page
from beatporter.counted import counted
from beatporter.errors import BeatporterError, LedgerCorrupt
from orchestration.artifacts import publish
from orchestration.failure import damaged, failed
from orchestration.flow_options import LEDGER_RUN
from tasks.drill_restores import drill_restores


@flow(name="drill-restore", **LEDGER_RUN)
def drill_restore() -> Any:
    """Prove that playlists can be restored from their backups; calls nothing."""
    try:
        found = drill_restores()
    except BeatporterError as error:
        return failed(error)
    problems = [f"{one['name']}, {one['taken_at']}: {one['problem']}" for one in found if one["problem"]]
    playlists = len({one["playlist_id"] for one in found})
    states = f"{counted(len(found), 'state')} of {counted(playlists, 'playlist')}"
    said = f"{counted(len(problems), 'problem')} in {states}" if problems else f"No problem in {states}"
    publish("drill-restore", f"# {said}\n\n" + drilled_page(found), said)
    if problems:
        return damaged(
            LedgerCorrupt("; ".join(problems[:5]), "Run `beatporter ledger check`. The artifact drill-restore names everything.")
        )
    return Completed(message=said)
