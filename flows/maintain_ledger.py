"""Flow `maintain-ledger`: look after the ledger, every week. Safe beside runs at work.

It reads the whole database and its archive, holds one against the other, drops calls and listings that are too old, gives room back, and
makes a scratch database from the archive to see that it can be done. Artifact: `maintain-ledger`. It fails when something is damaged.
Run it here: `beatporter ledger check`.
"""

from __future__ import annotations

from prefect import flow

from beatporter.errors import LedgerCorrupt
from beatporter.markdown import escape
from orchestration.artifacts import publish
from tasks.maintain import maintain_all


@flow(name="maintain-ledger")
def maintain_ledger() -> None:
    """Check the ledger and its archive, drop what is old, give room back, and drill a rebuild."""
    report = maintain_all()
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
        raise LedgerCorrupt("; ".join(problems), "Nothing was dropped or rewritten. The artifact maintain-ledger names everything.")
