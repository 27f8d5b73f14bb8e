"""Flow `archive-ledger`: write new rows of the ledger to its archive, as Parquet. The daily run does this after its last genre.

Artifact: `archive-ledger`, the number of rows written for each table. It is safe to retry: no row is written twice.
In a terminal: `beatporter ledger archive`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from orchestration.heartbeat import heartbeats
from tasks.archive import archive_new_rows


@flow(name="archive-ledger", **LEDGER_RUN)
def archive_ledger() -> Any:
    """Write new rows to the archive that BEATPORTER_ARCHIVE names."""
    try:
        with heartbeats():
            rows = archive_new_rows()
    except BeatporterError as error:
        return failed(error)
    lines = ["| Table | Rows archived |", "|---|---:|", *(f"| {table} | {count:,} |" for table, count in rows.items())]
    total = sum(rows.values())
    publish("archive-ledger", "\n".join(lines) if rows else "Nothing was new.", f"{total:,} rows archived")
    return rows
