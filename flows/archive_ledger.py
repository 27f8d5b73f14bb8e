"""Flow `archive-ledger`: write what is new in the ledger to its archive, as Parquet. The daily run does it after its last genre.

Artifact: `archive-ledger`, the rows written of each table. Retry it as it is: what was written is not written twice.
Run it here: `beatporter ledger archive`.
"""

from __future__ import annotations

from prefect import flow

from orchestration.artifacts import publish
from tasks.archive import archive_new_rows


@flow(name="archive-ledger")
def archive_ledger() -> dict[str, int]:
    """Write what is new to the archive that BEATPORTER_ARCHIVE names."""
    rows = archive_new_rows()
    lines = ["| Table | Rows archived |", "|---|---:|", *(f"| {table} | {count:,} |" for table, count in rows.items())]
    total = sum(rows.values())
    publish("archive-ledger", "\n".join(lines) if rows else "Nothing was new.", f"{total:,} rows archived")
    return rows
