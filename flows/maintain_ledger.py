"""Flow `maintain-ledger`: maintain the ledger every week. It is safe while other runs work.

It reads the whole database and its archive, compares them, deletes calls and listings that are too old, frees space, and
rebuilds a scratch database from the archive as a test. Artifact: `maintain-ledger`. It fails if something is damaged.
In a terminal: `beatporter ledger check`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError, LedgerCorrupt
from beatporter.markdown import escape
from orchestration.artifacts import publish
from orchestration.failure import damaged, failed
from orchestration.flow_options import LEDGER_RUN
from tasks.maintain import maintain_all


@flow(name="maintain-ledger", **LEDGER_RUN)
def maintain_ledger() -> Any:
    """Check the ledger and its archive, delete old rows, free space, and test a rebuild."""
    try:
        report = maintain_all()
    except BeatporterError as error:
        return failed(error)
    problems = report["problems"]
    drilled = "no archive is set" if report["drilled"] is None else f"{report['drilled']:,} rows were rebuilt and agree"
    dropped = ", ".join(f"{count:,} {table}" for table, count in report["dropped"].items()) or "nothing"
    lines = [
        "| | |",
        "|---|---|",
        f"| Rows read | {report['rows']:,} |",
        f"| Files of the archive that agree | {report['archived_files']:,} |",
        f"| Rows not archived yet | {report['waiting']:,} |",
        f"| Too old, dropped | {dropped} |",
        f"| Room given back | {report['freed_bytes'] / 1e6:.1f} MB |",
        f"| Drill | {drilled} |",
    ]
    said = f"{len(problems)} problems" if problems else "all is sound"
    publish("maintain-ledger", "\n".join([*(f"- **{escape(problem)}**" for problem in problems), "", *lines]), said)
    if problems:
        return damaged(
            LedgerCorrupt("; ".join(problems), "Nothing was dropped or rewritten. The artifact maintain-ledger names everything.")
        )
    return report
