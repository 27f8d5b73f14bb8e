"""Flow `maintain-ledger`: look after the ledger, every week. Safe beside runs at work.

It reads the whole database and its archive, holds one against the other, drops calls and listings that are too old, gives room back, and
makes a scratch database from the archive to see that it can be done. Artifact: `maintain-ledger`. It fails when something is damaged.
Run it here: `beatporter ledger check`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError, LedgerCorrupt
from beatporter.markdown import escape
from orchestration.artifacts import publish
from orchestration.failure import damaged, failed, report_ledger_failure
from orchestration.results import RESULT_SERIALIZER
from tasks.maintain import maintain_all


@flow(
    name="maintain-ledger",
    persist_result=True,
    cache_result_in_memory=False,
    result_serializer=RESULT_SERIALIZER,
    on_failure=[report_ledger_failure],
    on_crashed=[report_ledger_failure],
    on_cancellation=[report_ledger_failure],
)
def maintain_ledger() -> Any:
    """Check the ledger and its archive, drop what is old, give room back, and drill a rebuild."""
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
