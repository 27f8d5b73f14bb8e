"""What is archived, derived from the table declarations: a table's rows joined with what they refer to, so that each file stands alone.

New rows of a growing table are recognised by their numbers; a changing table is archived as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from beatporter.errors import LedgerCorrupt
from beatporter.ledger import tables
from beatporter.ledger.column_types import Moment, PlainText, RunnersUp, Texts
from beatporter.ledger.database import Database

ROWS_AT_ONCE = 10_000
Columns = Mapping[str, list[Any]]
"""Rows of an archived table: each column's values by its name, times as seconds since 1970, the same from the database as from a file."""
KEYS = {"track_key": "track_id", "isrc_key": "isrc", "recording_key": "recording"}
"""Columns of the history that are derived from others; the archive leaves them out."""
GARBLED_VALUE_ERRORS = (ValueError, TypeError, LookupError, OverflowError, pa.ArrowException)
"""Exceptions raised by values that a damaged file may hold instead of those that were written."""
_ENDLESS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ArchivedTable:
    """A table in the archive.

    Attributes:
        name: the folder in the archive.
        table: the table of the rows.
        whole: written as a whole each time, because rows change.
        origin: the table that numbers the rows: the table itself, or the one that its key refers to.
        columns: the archive's columns by name.
        rows_of: each table's columns by archive name, referenced tables first.
        joined: the table joined with everything that it refers to.
    """

    name: str
    table: sa.Table
    whole: bool
    origin: sa.Table
    columns: dict[str, sa.Column[Any]]
    rows_of: dict[sa.Table, dict[str, sa.Column[Any]]]
    joined: sa.FromClause

    @property
    def number(self) -> sa.Column[Any]:
        """The column that shows which rows are new; also the first in the archive."""
        return next(iter(self.table.primary_key.columns))

    def schema(self) -> pa.Schema:
        return pa.schema([(name, _arrow_type(column)) for name, column in self.columns.items()])


def _archived(table: sa.Table, name: str | None = None, *, whole: bool = False) -> ArchivedTable:
    number = next(iter(table.primary_key.columns))
    origin = next((reference.column.table for reference in number.foreign_keys), table)
    return _with_columns(ArchivedTable(name or table.name, table, whole, origin, {}, {}, table), table, {})


def _with_columns(archived: ArchivedTable, table: sa.Table, own: dict[str, sa.Column[Any]]) -> ArchivedTable:
    """Add a table's columns, then those of the tables that it refers to.

    Args:
        own: the table's key columns by the name that the archive already has for them; that name is preferred.
    """
    prefix = "".join(f"{name}_" for name in own)
    new = [column for column in table.columns if column.name not in KEYS and column not in own.values()]
    named = {f"{prefix}{column.name}" if column.name in archived.columns else column.name: column for column in new}
    archived.columns.update(named)
    for name, column in named.items():
        for reference in column.foreign_keys:
            joined = archived.joined.outerjoin(reference.column.table, column == reference.column)
            archived = _with_columns(replace(archived, joined=joined), reference.column.table, {name: reference.column})
    archived.rows_of[table] = own | named
    return archived


ARCHIVED = (
    _archived(tables.CHART_ENTRIES, "charts"),
    _archived(tables.MATCHES),
    _archived(tables.HISTORY),
    _archived(tables.BACKUP_CHANGES),
    _archived(tables.BACKUPS),
    _archived(tables.PLAYLISTS),
    _archived(tables.CORRECTIONS),
    _archived(tables.AUDITS),
    _archived(tables.RUNS),
    _archived(tables.CHALLENGES),
    _archived(tables.CHART_READS),
    _archived(tables.SNAPSHOTS, whole=True),
    _archived(tables.CALLS, whole=True),
)
"""In the order of writing: the changes of a backup come together with it, so a killed run leaves no backup without them. Listings,
memory and work that has begun are left out: they concern single runs and go after some time.
"""


def batches(database: Database, archived: ArchivedTable, after: int = 0, until: int | None = None) -> Iterator[Columns]:
    """Rows in key order, a bounded number for each query.

    Args:
        after, until: row numbers; `after` is exclusive, `until` inclusive.

    Raises:
        LedgerCorrupt: a value cannot be read, or from the database.
        LedgerUnavailable: from the database.
    """
    key = list(archived.table.primary_key.columns)
    reached: tuple[Any, ...] = (after, *(_ENDLESS for _ in key[1:]))
    query = sa.select(*(sa.type_coerce(column, _raw_type(column)) for column in archived.columns.values())).select_from(archived.joined)
    if until is not None:
        query = query.where(key[0] <= until)
    places = [list(archived.columns.values()).index(column) for column in key]
    while True:
        beyond = key[0] > reached[0] if len(key) == 1 else sa.tuple_(*key) > sa.tuple_(*reached)
        try:
            with database.read() as connection:
                rows = connection.execute(query.where(beyond).order_by(*key).limit(ROWS_AT_ONCE)).all()
            if not rows:
                return
            columns = zip(archived.columns.items(), zip(*rows, strict=True), strict=True)
            batch = {name: _plain_values(column, values) for (name, column), values in columns}
        except GARBLED_VALUE_ERRORS as error:
            raise LedgerCorrupt(
                f"The ledger {database.name} is damaged: table {archived.table.name} holds an invalid value, "
                f"after row {'/'.join(map(str, reached))} ({type(error).__name__}).",
                "Restore a copy, or rebuild it with `beatporter ledger rebuild --from ARCHIVE`.",
            ) from error
        yield batch
        reached = tuple(rows[-1][place] for place in places)


def last_number(database: Database, origin: sa.Table) -> int:
    """A table's highest row number; every lower row that will ever exist is already visible.

    PostgreSQL assigns numbers before a transaction ends, so this waits until no writer is active. SQLite has one writer at a time.

    Raises:
        LedgerUnavailable: a writer does not finish.
    """
    query = sa.select(sa.func.coalesce(sa.func.max(next(iter(origin.primary_key.columns))), 0))
    with database.read() if database.is_sqlite else database.transaction() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("SET LOCAL lock_timeout = '30s'"))
            connection.execute(sa.text(f"LOCK TABLE {origin.name} IN SHARE MODE"))
        return int(connection.execute(query).scalar_one())


def row_count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def record_batch(columns: Columns, schema: pa.Schema) -> pa.RecordBatch:
    """The rows for a file."""
    return pa.record_batch([pa.array(values, kind) for values, kind in zip(columns.values(), schema.types, strict=True)], schema=schema)


def columns_of(batch: pa.RecordBatch) -> Columns:
    """The rows of a file."""
    return {name: _of_file(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}


def insert_type(column: sa.Column[Any]) -> Any:
    """A column's type for values in the form of `Columns`."""
    return column.type if isinstance(column.type, Texts) else _raw_type(column)


def _raw_type(column: sa.Column[Any]) -> Any:
    """A column's type when it is read for the archive: times as numbers, lists as they are stored."""
    if isinstance(column.type, Moment):
        return sa.BigInteger()
    return sa.Text() if isinstance(column.type, PlainText | RunnersUp | Texts) else column.type


def _plain_values(column: sa.Column[Any], values: tuple[Any, ...]) -> list[Any]:
    """A column's values as they were read, if all are of its type: SQLite stores any type in any column.

    Raises:
        TypeError: a value is of another type.
        ValueError: a list cannot be read.
    """
    if others := set(map(type, values)) - {_python_type(column), type(None)}:
        raise TypeError(f"{column} holds {others}")
    return [_texts(value) if value else [] for value in values] if isinstance(column.type, Texts) else list(values)


@lru_cache(maxsize=ROWS_AT_ONCE)
def _texts(value: str) -> list[str]:
    """A list of texts, the same object for the same text: the artists of a chart's entry come again every day."""
    texts = json.loads(value)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("not a list of texts")
    return texts


def _of_file(column: pa.Array[Any]) -> list[Any]:
    if pa.types.is_timestamp(column.type):  # Parquet has no seconds and returns milliseconds
        column = column.cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return column.to_pylist()


def _python_type(column: sa.Column[Any]) -> type:
    if isinstance(column.type, sa.Double):
        return float
    if isinstance(column.type, sa.Boolean):
        return bool
    return int if isinstance(column.type, sa.Integer | Moment) else str


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    if isinstance(column.type, Moment):
        return pa.timestamp("s", "UTC")
    if isinstance(column.type, Texts):
        return pa.list_(pa.string())
    if isinstance(column.type, sa.Double):
        return pa.float64()
    if isinstance(column.type, sa.Boolean):
        return pa.bool_()
    return pa.int64() if isinstance(column.type, sa.Integer) else pa.string()
