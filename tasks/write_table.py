"""Task `write-table`: write a sheet or a table of the ledger to a file."""

from __future__ import annotations

from typing import Any, get_args

from beatporter.clock import utc_now
from beatporter.exports.sheets import Sheet, write_sheet
from beatporter.home import export_path
from beatporter.ledger.export import export
from orchestration.run_key import run_key
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("write-table", cached=False)
def write_table(table: str, kind: str, only: str | None) -> list[Any]:
    """Write the file to `exports` in the home; returns its path and number of rows."""
    with open_workspace(run_key()) as workspace:
        path = export_path(workspace.settings.home, f"{table}-{utc_now():%Y%m%dT%H%M%SZ}.{kind}")
        if table in get_args(Sheet):
            report = write_sheet(workspace, table, path, [only] if only else ())  # type: ignore[arg-type]
        else:
            report = export(workspace.ledger, table, path, only=only)
    return [str(report.path), report.rows]
