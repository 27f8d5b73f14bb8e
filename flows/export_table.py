"""Flow `export-table`: write a sheet for a person, or a table of the ledger to a file.

In a terminal: `beatporter export` and `beatporter ledger export`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from orchestration.parameters import Kind, Table
from tasks.write_table import write_table


@flow(name="export-table", **LEDGER_RUN)
def export_table(table: Table = "history", kind: Kind = "xlsx", only: str | None = None) -> Any:
    """Write a table to a file in the folder `exports` of the home, on the worker's machine.

    Args:
        table: history, charts and missing are for reading, and can come back with `beatporter import`; script-history has the columns
            of the script before Beatporter; the others are tables as they are stored.
        kind: xlsx for Excel, csv for anything, parquet for other tools.
        only: Only this playlist (history), this list (charts, missing), or this playlist or genre by its id; empty for all.
    """
    try:
        path, rows = write_table(table, kind, only)
        said = f"{rows:,} rows of {table} in {path}"
    except BeatporterError as error:
        return failed(error)
    publish("export-table", f"# {said}", said)
    return Completed(message=said)
