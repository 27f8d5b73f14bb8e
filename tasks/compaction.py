"""Task `compact-table`: merge one table's small files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prefect import task

from beatporter.clock import utc_now
from beatporter.ledger.compaction import Retention, compact
from beatporter.settings import load_settings
from tasks._workspace import open_storage


@task(name="compact-table")
def compact_table(table: str, backups_days: int | None = None) -> dict[str, Any]:
    """Files before, after and removed, rows that were repeated, bytes freed, and what is wrong with the files left alone."""
    retention = Retention(backups=timedelta(days=backups_days)) if backups_days else Retention()
    (report,) = compact(open_storage(load_settings()), [table], now=utc_now(), retention=retention)
    return {
        "files_before": report.files_before,
        "files_after": report.files_after,
        "repeated_rows": report.rows_in - report.rows_out,
        "removed": report.removed_files,
        "freed_bytes": report.removed_bytes,
        "damaged": report.damaged,
    }
