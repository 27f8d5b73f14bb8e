"""Task `write-table`: write a table of the ledger for a spreadsheet."""

from __future__ import annotations

from typing import Any

from beatporter.clock import utc_now
from beatporter.settings import load_settings
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of


@house_task("write-table", cached=False)
def write_table(table: str, kind: str, only: str | None) -> list[Any]:
    """Write the file to `exports` in the home; returns its path and number of rows."""
    from beatporter.ledger.export import export  # loads pandas

    settings = load_settings()
    folder = settings.home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / f"{table}-{utc_now():%Y%m%dT%H%M%SZ}.{kind}"
    with open_ledger_of(settings) as ledger:
        report = export(ledger, table, path, only=only)
    return [str(report.path), report.rows]
