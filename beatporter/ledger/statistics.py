"""The size of a ledger: rows and days of each table, and its bytes on disk."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from beatporter.ledger.column_types import Moment
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import metadata


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """One table in figures; first and last day are empty for a table without times, or without rows."""

    table: str
    rows: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """A ledger in figures."""

    tables: tuple[TableStatistics, ...]
    bytes: int
    """On disk, including indices and SQLite's log."""


def statistics(ledger: Ledger) -> Statistics:
    """Count everything.

    Raises:
        LedgerCorrupt, LedgerUnavailable: as the database says.
    """
    with ledger.database.read() as connection:
        return Statistics(tuple(_of_table(connection, table) for table in metadata.sorted_tables), _bytes(ledger, connection))


def _of_table(connection: sa.Connection, table: sa.Table) -> TableStatistics:
    times = [column for column in table.columns if isinstance(column.type, Moment) and not column.nullable]
    bounds = [sa.func.min(times[0]), sa.func.max(times[0])] if times else [sa.null(), sa.null()]
    rows, first, last = connection.execute(sa.select(sa.func.count(), *bounds).select_from(table)).one()
    return TableStatistics(table.name, rows, *(f"{at:%Y-%m-%d}" if at else "" for at in (first, last)))


def _bytes(ledger: Ledger, connection: sa.Connection) -> int:
    path = ledger.database.path
    if path is not None:
        return sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    return int(connection.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())
