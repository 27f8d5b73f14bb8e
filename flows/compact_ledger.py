"""Flow `compact-ledger`: merge the ledger's small files, every week; safe beside runs at work and against a kill at any point.

Artifact: `compact-ledger`, a table of what was merged. Run it here: `beatporter ledger compact`.
"""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from beatporter.ledger.tables import TABLES
from tasks.compaction import compact_table


@flow(name="compact-ledger")
def compact_ledger() -> None:
    """Compact every table."""
    lines = ["| Table | Files before | After | Removed | Damaged |", "|---|---:|---:|---:|---:|"]
    for table in TABLES:
        report = compact_table(table)
        lines.append(f"| {table} | {report['files_before']} | {report['files_after']} | {report['removed']} | {report['damaged']} |")
    create_markdown_artifact("\n".join(lines), key="compact-ledger", description="What was merged")
