"""Table `runs`: how each run of a genre ended. The newest row is what `beatporter status` shows."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import RUNS, columns_of
from beatporter.records.ledger import RunRow


class Runs:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: RunRow) -> None:
        """Save the outcome of a run."""
        with self._database.single() as connection:
            connection.execute(RUNS.insert().values({field.name: getattr(row, field.name) for field in fields(row)}))

    def latest(self, genre_id: int) -> RunRow | None:
        """The genre's last run; None when none has ended yet."""
        asked = select(*columns_of(RUNS, RunRow)).where(RUNS.c.genre_id == genre_id).order_by(RUNS.c.at.desc(), RUNS.c.id.desc()).limit(1)
        with self._database.read() as connection:
            found = connection.execute(asked).first()
        return RunRow(*found) if found is not None else None
