"""Flow `drill-restore`: every month, restore some states of every playlist on paper, and compare the results with the backups.

Sends nothing to Spotify. Artifact: `drill-restore`. It fails if a restore would lead to something else than the backup.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError, LedgerCorrupt
from orchestration.failure import damaged, failed
from orchestration.flow_options import LEDGER_RUN
from tasks.drill_restores import drill_restores


@flow(name="drill-restore", **LEDGER_RUN)
def drill_restore() -> Any:
    """Prove that playlists can be restored from their backups; calls nothing."""
    try:
        done = drill_restores()
    except BeatporterError as error:
        return failed(error)
    if done["problems"]:
        return damaged(
            LedgerCorrupt("; ".join(done["problems"][:5]), "Run `beatporter ledger check`. The artifact drill-restore names everything.")
        )
    return Completed(message=done["said"])
