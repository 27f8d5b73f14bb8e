"""Task `compact-table`: merge one table's small files."""

from __future__ import annotations

from prefect import task

from beatporter.clock import utc_now
from beatporter.ledger.compaction import compact
from beatporter.settings import load_settings
from tasks._workspace import open_storage


@task(name="compact-table")
def compact_table(table: str) -> dict[str, int]:
    """Files before, after and removed; damaged ones are counted and left alone."""
    (report,) = compact(open_storage(load_settings()), [table], now=utc_now())
    return {
        "files_before": report.files_before,
        "files_after": report.files_after,
        "removed": report.removed_files,
        "damaged": len(report.damaged),
    }
