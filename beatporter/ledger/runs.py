"""Table `runs`: how each run of a genre ended. The newest row is what `beatporter status` shows."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

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
        """The genre's last run, None when none ended yet; dry runs do not count."""
        return next(iter(self.recent(genre_id, 1)), None)

    def recent(self, genre_id: int, limit: int) -> list[RunRow]:
        """The genre's last runs, newest first; dry runs do not count."""
        return self._rows(_real().where(RUNS.c.genre_id == genre_id).limit(limit))

    def since(self, moment: datetime) -> list[RunRow]:
        """Every run that ended at that moment or later, newest first; dry runs do not count."""
        return self._rows(_real().where(RUNS.c.at >= moment))

    def of_run(self, run_key: str) -> dict[int, RunRow]:
        """What became last of each genre of a run, by the genre's id; dry runs too."""
        return {row.genre_id: row for row in reversed(self._rows(_newest().where(RUNS.c.run_key == run_key)))}

    def last_change(self, genre_id: int) -> RunRow | None:
        """The last run that added to the genre's playlist; None when none did."""
        return next(iter(self._rows(_real().where(RUNS.c.genre_id == genre_id, RUNS.c.added > 0).limit(1))), None)

    def _rows(self, asked: Select[Any]) -> list[RunRow]:
        with self._database.read() as connection:
            return [RunRow(*row) for row in connection.execute(asked)]


def _newest() -> Select[Any]:
    return select(*columns_of(RUNS, RunRow)).order_by(RUNS.c.at.desc(), RUNS.c.id.desc())


def _real() -> Select[Any]:
    return _newest().where(or_(RUNS.c.dry_run.is_(None), RUNS.c.dry_run == 0))
