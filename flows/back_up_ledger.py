"""Flow `back-up-ledger`: make a consistent copy of the ledger's SQLite file, even while runs write.

In a terminal: `beatporter ledger backup`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from tasks.copy_ledger import copy_ledger


@flow(name="back-up-ledger", **LEDGER_RUN)
def back_up_ledger() -> Any:
    """Copy the ledger to a file beside it; the copy is a database like the original."""
    try:
        said = f"Copied to {copy_ledger()}"
    except BeatporterError as error:
        return failed(error)
    publish("back-up-ledger", f"# {said}", said)
    return Completed(message=said)
