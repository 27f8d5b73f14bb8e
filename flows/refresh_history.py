"""Flow `refresh-history`: take what the person added to playlists by hand into their histories, for every playlist of the account.

Reads only the playlists that changed since the last time. Artifact: `refresh-history`. In a terminal: `beatporter refresh-history`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError, PermanentError
from orchestration.failure import failed, incomplete
from orchestration.flow_options import LEDGER_RUN
from orchestration.parameters import AtLeastOne
from tasks.refresh_histories import refresh_all_histories


@flow(name="refresh-history", **LEDGER_RUN)
def refresh_history(max_calls: AtLeastOne = 200, dry_run: bool = False) -> Any:
    """Learn what you added to your playlists by hand, so that no sync adds it again.

    Args:
        max_calls: Most calls for reading; a changed playlist takes one for every fifty entries. The rest is left for the next run.
        dry_run: Only say what would be read.
    """
    try:
        done = refresh_all_histories(max_calls, dry_run)
    except BeatporterError as error:
        return failed(error)
    if done["problems"]:
        said = f"Not read: {', '.join(done['problems'])}. {done['said']}."
        return incomplete(PermanentError(said, "The artifact refresh-history says why."))
    return Completed(message=done["said"])
