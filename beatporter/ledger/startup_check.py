"""Checks made before a run sends anything: whether the ledger is sound, and whether it is the one that the last run left.

A restored copy is sound and still wrong: it does not know what was removed from playlists since. So each run counts itself in the
database and, for an SQLite file, in a small file beside it, which does not go along when the database is copied.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from beatporter.errors import LedgerCorrupt, LedgerUnwritable
from beatporter.ledger.database import Database
from beatporter.ledger.tables import LEDGER, metadata

QUICK_BYTES = 64 * 1024 * 1024
"""Up to this size SQLite's quick_check takes at most 0.2 s; 62 MB with 240 thousand rows of history took 0.12 s."""
RUNS = "runs"
GARBLED_VALUE_ERRORS = (ValueError, TypeError, LookupError, OverflowError)
"""Exceptions raised by values that a damaged file may hold instead of those that were written."""


def check_before_run(database: Database) -> None:
    """Check that the ledger is usable, and count the run.

    Raises:
        LedgerCorrupt: it is damaged, or older than what the last run left.
        LedgerUnavailable, LedgerUnwritable: from the database.
    """
    quick_check(database)
    mark = _mark_of(database)
    with database.transaction() as connection:
        query = sa.select(LEDGER.c.value).where(LEDGER.c.key == RUNS)
        counted = int(connection.execute(query).scalar() or 0)
        _refuse_older(database, mark, counted)
        values = {"key": RUNS, "value": str(counted + 1)}
        statement = database.insert(LEDGER).values(values)
        database.send(connection, statement.on_conflict_do_update(index_elements=["key"], set_={"value": values["value"]}))
    if mark is not None:
        _write(mark, counted + 1)


def quick_check(database: Database) -> None:
    """Check that the ledger can be read: its newest and oldest rows, and SQLite's structure while that is quick.

    Raises:
        LedgerCorrupt: it is damaged.
        LedgerUnavailable: it does not answer.
    """
    remedy = "Run `beatporter ledger check`; restore a copy, or rebuild it with `beatporter ledger rebuild --from ARCHIVE`."
    ends = [(table, [*map(order, table.primary_key.columns)]) for table in metadata.sorted_tables for order in (sa.asc, sa.desc)]
    with database.read() as connection:
        if not database.is_sqlite:  # all at once, as text: the server has checked the values' types
            rows = [sa.select(sa.cast(table.table_valued(), sa.Text)).order_by(*by).limit(1).scalar_subquery() for table, by in ends]
            connection.execute(sa.select(*rows)).all()
            return
        try:
            for table, by in ends:
                connection.execute(sa.select(table).order_by(*by).limit(1)).first()
        except GARBLED_VALUE_ERRORS as error:
            what = f"The ledger {database.name} is damaged: table {table.name} holds an invalid value ({type(error).__name__})."
            raise LedgerCorrupt(what, remedy) from error
        if database.path is not None and database.path.stat().st_size <= QUICK_BYTES:
            line = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if line != "ok":
                raise LedgerCorrupt(f"The ledger {database.name} is damaged: {line}.", remedy)


def forget_runs(database: Database) -> None:
    """Restart the count: a ledger rebuilt from its archive is not an older copy, even if it replaces a file that had runs.

    Raises:
        LedgerUnwritable: the file beside it cannot be removed.
    """
    mark = _mark_of(database)
    try:
        if mark is not None:
            mark.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerUnwritable(f"{mark} cannot be removed: {error.strerror}.", "Remove it.") from error


def _mark_of(database: Database) -> Path | None:
    """The file beside an SQLite database that counts its runs."""
    return database.path.with_name(f"{database.path.name}.runs") if database.path is not None else None


def _refuse_older(database: Database, mark: Path | None, counted: int) -> None:
    try:
        seen = int(mark.read_text()) if mark is not None and mark.exists() else 0
    except (OSError, ValueError):  # absent or unreadable
        return
    if seen > counted:
        raise LedgerCorrupt(
            f"The ledger {database.name} is older than what the last run left: it has counted {counted} runs of {seen}.",
            f"Restore the newer one, or rebuild it from its archive. To continue with this one, remove {mark}: "
            "what you removed from playlists since then may come back.",
        )


def _write(mark: Path, counted: int) -> None:
    try:
        draft = mark.with_name(f"{mark.name}.part")
        draft.write_text(str(counted))
        draft.replace(mark)
    except OSError as error:
        raise LedgerUnwritable(f"{mark} cannot be written: {error.strerror}.", "Make its folder writable.") from error
