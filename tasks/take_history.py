"""Task `take-history`: import the history of the script before Beatporter."""

from __future__ import annotations

from pathlib import Path

from beatporter.settings import load_settings
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of


@house_task("take-history", cached=False)
def take_history(file: str, dry_run: bool) -> dict[str, int]:
    """Import a file of the old script on the worker's machine; returns the rows read, taken, repeated and left."""
    from beatporter.ledger import import_script_history  # loads Arrow
    from beatporter.matching import recording_key

    with open_ledger_of(load_settings()) as ledger:
        report = import_script_history.import_history(ledger, Path(file), recording_key, dry_run=dry_run)
    return {"read": report.read, "taken": report.taken, "repeated": report.repeated, "left": sum(report.left.values())}
