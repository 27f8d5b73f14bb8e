"""Table `corrections`: tracks that a person ruled out. People make few of them, so it is read as a whole."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import CORRECTIONS, columns_of
from beatporter.records.ledger import CorrectionRow


class Corrections:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: CorrectionRow) -> None:
        """Save a correction."""
        with self._database.single() as connection:
            connection.execute(CORRECTIONS.insert().values({field.name: getattr(row, field.name) for field in fields(row)}))

    def all(self) -> list[CorrectionRow]:
        """The latest correction of each wrong track for each entry, oldest first."""
        asked = select(*columns_of(CORRECTIONS, CorrectionRow)).order_by(CORRECTIONS.c.at, CORRECTIONS.c.id)
        with self._database.read() as connection:
            rows = [CorrectionRow(*row) for row in connection.execute(asked)]
        return list({(row.beatport_id, row.replaces): row for row in rows}.values())
