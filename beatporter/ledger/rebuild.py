"""Rebuilds an empty database from an archive, all or nothing. Row numbers and the ledger's id are kept, so archiving can continue."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger.archive_files import cut_short, read_metadata, read_rows, sound_listing
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, KEYS, ArchivedTable, Columns, insert_type, row_count
from beatporter.ledger.column_types import key_of
from beatporter.ledger.database import Database
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.startup_check import forget_runs
from beatporter.ledger.tables import LEDGER, metadata

_REMEMBERED = 50_000
"""Rows of each table that others refer to, by key: a fortnight of a chart's entries come again and again."""
_Known = defaultdict[sa.Table, set[tuple[Any, ...]]]


def rebuild(storage: ArchiveStorage, ledger: Ledger) -> dict[str, int]:
    """Fill an empty ledger with the content of an archive, in one transaction.

    Returns:
        Rows read per archived table.

    Raises:
        SettingsError: the ledger is not empty, there is no archive, or a newer Beatporter wrote it.
        LedgerCorrupt: files are damaged, missing or duplicated; the error names them, and nothing was written.
        LedgerUnwritable, LedgerUnavailable, UpstreamDown: from the database and the storage; nothing was written.
    """
    listing = sound_listing(storage)
    first = next((file for files in listing.files.values() for file in files), None)
    if first is None:
        raise SettingsError(f"There is no archive at {storage.name}.", "Name the folder or bucket that was set in BEATPORTER_ARCHIVE.")
    if missing := cut_short(storage, listing):
        raise LedgerCorrupt(" ".join(missing), "Restore those files from a copy.")
    ledger_id: str = read_metadata(storage, first)["ledger"]
    rows = dict.fromkeys(listing.files, 0)
    known: _Known = defaultdict(set)
    with ledger.database.transaction() as connection:
        _refuse_full(ledger, connection)
        for archived in ARCHIVED:
            for file in listing.files[archived.name]:
                for columns in read_rows(storage, archived, file, ledger_id):
                    _insert(ledger.database, connection, archived, columns, known)
                    rows[archived.name] += row_count(columns)
        connection.execute(LEDGER.update().where(LEDGER.c.key == "id").values(value=ledger_id))
        if not ledger.database.is_sqlite:
            _number_on(connection)
    forget_runs(ledger.database)
    return rows


def _refuse_full(ledger: Ledger, connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if table is not LEDGER and connection.execute(sa.select(*table.primary_key.columns).limit(1)).first() is not None:
            raise SettingsError(
                f"The ledger {ledger.name} is not empty: it has {table.name}.",
                "Name a new database in BEATPORTER_DATABASE to rebuild into.",
            )


def _insert(database: Database, connection: Connection, archived: ArchivedTable, read: Columns, known: _Known) -> None:
    """Insert the rows, after those that they refer to, some of which are already there; `known` names some of these."""
    values = {**read, **{key: list(map(key_of, read[text])) for key, text in KEYS.items() if key in archived.table.columns}}
    for table, columns in archived.rows_of.items():
        named = {column.name: values[name] for name, column in columns.items() if name in values}
        named |= {key: values[key] for key in KEYS if key in table.columns}
        keys = zip(*(named[column.name] for column in table.primary_key.columns), strict=True)
        there = known[table]
        places = {key: place for place, key in enumerate(keys) if key not in there and None not in key}
        if table is not archived.table:
            if len(there) > _REMEMBERED:
                there.clear()
            there.update(places)
        if places:
            chosen = {name: [column[place] for place in places.values()] for name, column in named.items()}
            _insert_many(database, connection, table, chosen)


def _insert_many(database: Database, connection: Connection, table: sa.Table, named: Columns) -> None:
    """Insert rows by columns; SQLAlchemy's own way makes a dictionary for each row, and a rebuild takes half as long again."""
    raw = sa.table(table.name, *(sa.column(name, insert_type(table.c[name])) for name in named))
    statement = database.insert(raw).on_conflict_do_nothing(index_elements=list(table.primary_key.columns.keys()))
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(named))
    names = compiled.positiontup or list(named)
    to_bind = {name: raw.c[name].type.bind_processor(connection.dialect) for name in names}
    rows = zip(*(map(to_bind[name], named[name]) if to_bind[name] else named[name] for name in names), strict=True)
    connection.exec_driver_sql(str(compiled), list(rows) if compiled.positional else [dict(zip(names, row, strict=True)) for row in rows])


def _number_on(connection: Connection) -> None:
    """PostgreSQL counts row numbers separately; move its counters past the numbers that were inserted."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), highest)))
