"""Tables whose columns are the fields of one record, in one database."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import columns_of

Record = TypeVar("Record")


class RecordTable(Generic[Record]):
    """One table in one database.

    Attributes:
        table, record: set by each subclass; the table needs the columns `at` and `id` for `_latest`.
    """

    table: ClassVar[Table]
    record: ClassVar[type[Any]]

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: Record) -> None:
        """Insert a row."""
        with self._database.single() as connection:
            self._database.send(connection, self.table.insert(), values_of(row))

    def _select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        return select(*columns_of(self.table, self.record)).where(*conditions)

    def _all(self, query: Select[Any]) -> list[Record]:
        with self._database.read() as connection:
            return [self.record(*row) for row in connection.execute(query)]

    def _latest(self, *conditions: ColumnElement[bool]) -> Record | None:
        """The newest row that meets the conditions; of equal times the one written last."""
        found = self._all(self._select(*conditions).order_by(self.table.c.at.desc(), self.table.c.id.desc()).limit(1))
        return found[0] if found else None


def values_of(row: Any) -> dict[str, Any]:
    """A record's fields by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}
