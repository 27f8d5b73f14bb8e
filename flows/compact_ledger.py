"""Flow `compact-ledger`: merge the ledger's small files, every week; safe beside runs at work and against a kill at any point.

Artifact: `compact-ledger`, a table of what was merged. Retry it as it is. Run it here: `beatporter ledger compact`.
"""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.tables import TABLES
from tasks.compaction import compact_table


@flow(name="compact-ledger")
def compact_ledger(backups_days: Annotated[int | None, Field(ge=1)] = None) -> None:
    """Compact every table, then fail when there are damaged files.

    Args:
        backups_days: drop backups older than so many days, but never a playlist's newest; none: keep them all.
    """
    lines = ["| Table | Files | Now | Repeated rows gone | Old files removed | MB freed |", "|---|---:|---:|---:|---:|---:|"]
    damaged: list[str] = []
    for table in TABLES:
        report = compact_table(table, backups_days)
        figures = (report["files_before"], report["files_after"], report["repeated_rows"], report["removed"])
        lines.append(f"| {table} | {' | '.join(map(str, figures))} | {report['freed_bytes'] / 1e6:.1f} |")
        damaged += report["damaged"]
    create_markdown_artifact("\n".join(lines), key="compact-ledger", description="What was merged")
    if damaged:
        raise LedgerCorrupt("; ".join(damaged), "All else was merged. See `beatporter ledger check`.")
