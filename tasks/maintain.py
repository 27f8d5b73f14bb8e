"""Task `maintain-ledger`: check the ledger and its archive, drop old rows, free space, and test a rebuild."""

from __future__ import annotations

from typing import Any

from beatporter.clock import utc_now
from beatporter.settings import load_settings
from orchestration.task import house_task
from orchestration.workspace import open_archive_storage, open_ledger_of


@house_task("maintain-ledger", cached=False)
def maintain_all() -> dict[str, Any]:
    """What was done: rows read, rows dropped, bytes freed, rows that the test rebuild made, and every problem in words."""
    from beatporter.ledger.maintain import maintain  # loads Arrow

    settings = load_settings()
    storage = open_archive_storage(settings.archive) if settings.archive else None
    with open_ledger_of(settings) as ledger:
        report = maintain(ledger, storage, utc_now())
    return {
        "rows": sum(report.check.rows.values()),
        "archived_files": report.check.files,
        "waiting": report.check.waiting,
        "dropped": report.dropped,
        "freed_bytes": report.freed_bytes,
        "drilled": report.drilled,
        "problems": report.problems,
    }
