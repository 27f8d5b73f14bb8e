"""Table `audits`: a person's answers about decisions drawn at random. People give few of them, so it is read as a whole."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import AUDITS, columns_of
from beatporter.records.ledger import AuditRow


class Audits:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: AuditRow) -> None:
        """Save an answer."""
        with self._database.single() as connection:
            connection.execute(AUDITS.insert().values({field.name: getattr(row, field.name) for field in fields(row)}))

    def all(self) -> list[AuditRow]:
        """Every answer, oldest first."""
        with self._database.read() as connection:
            return [AuditRow(*row) for row in connection.execute(select(*columns_of(AUDITS, AuditRow)).order_by(AUDITS.c.id))]
