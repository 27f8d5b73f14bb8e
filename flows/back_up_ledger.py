"""Flow `back-up-ledger`: make a consistent copy of the ledger's SQLite file, even while runs write.

In a terminal: `beatporter ledger backup`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed, report_ledger_failure
from orchestration.results import RESULT_SERIALIZER
from tasks.copy_ledger import copy_ledger


@flow(
    name="back-up-ledger",
    persist_result=True,
    result_serializer=RESULT_SERIALIZER,
    on_failure=[report_ledger_failure],
    on_crashed=[report_ledger_failure],
    on_cancellation=[report_ledger_failure],
)
def back_up_ledger() -> Any:
    """Copy the ledger to a file beside it; the copy is a database like the original."""
    try:
        said = f"Copied to {copy_ledger()}"
    except BeatporterError as error:
        return failed(error)
    publish("back-up-ledger", f"# {said}", said)
    return Completed(message=said)
