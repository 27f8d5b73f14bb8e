"""Task `copy-ledger`: make a consistent copy of the ledger's SQLite file."""

from __future__ import annotations

from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.settings import load_settings
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of


@house_task("copy-ledger", cached=False)
def copy_ledger() -> str:
    """Copy the ledger beside the original; returns the copy's path.

    Raises:
        SettingsError: the ledger is in PostgreSQL, which has its own tool.
    """
    from beatporter.ledger.migrate import copy_of
    from beatporter.ledger.spreadsheet import written_whole

    with open_ledger_of(load_settings()) as ledger:
        database = ledger.database
        if database.path is None:
            raise SettingsError(f"{ledger.name} is a PostgreSQL, which has its own tool for copies.", "Use pg_dump --format=custom.")
        target = database.path.with_name(f"{database.path.stem}-{utc_now():%Y%m%dT%H%M%SZ}.db")
        with written_whole(target, overwrite=False) as draft:
            copy_of(database, "copy", draft)
    return str(target)
