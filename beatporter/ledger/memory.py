"""Table `memory`: the memory of each genre's run and its steps. Rows older than some months are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from beatporter.ledger.database import Database
from beatporter.ledger.record_table import values_of
from beatporter.ledger.tables import HISTORY, MEMORY, columns_of
from beatporter.records.ledger import MemoryRow

RUN = "run"
"""The step of a row about a whole run."""


class Memory:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, rows: Sequence[MemoryRow]) -> None:
        """Save the rows of a run."""
        if not rows:
            return
        values = [values_of(row) for row in rows]
        with self._database.single() as connection:
            self._database.send(connection, MEMORY.insert(), values)

    def runs(self, genre_id: int, limit: int = 30) -> list[MemoryRow]:
        """The genre's last runs, newest first, one row each."""
        query = (
            select(*columns_of(MEMORY, MemoryRow))
            .where(MEMORY.c.genre_id == genre_id, MEMORY.c.step == RUN)
            .order_by(MEMORY.c.at.desc(), MEMORY.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [MemoryRow(*found) for found in connection.execute(query)]

    def of_run(self, genre_id: int, run_key: str, at: datetime) -> list[MemoryRow]:
        """A run's rows: the whole first, then its steps in order."""
        query = (
            select(*columns_of(MEMORY, MemoryRow))
            .where(MEMORY.c.genre_id == genre_id, MEMORY.c.at == at, MEMORY.c.run_key == run_key)
            .order_by(MEMORY.c.id)
        )
        with self._database.read() as connection:
            return [MemoryRow(*found) for found in connection.execute(query)]

    def genres(self) -> list[int]:
        """Ids of the genres that have rows."""
        with self._database.read() as connection:
            return [int(found) for found in connection.execute(select(MEMORY.c.genre_id).distinct().order_by(MEMORY.c.genre_id)).scalars()]

    def history_rows(self) -> int:
        """The number of history rows, from the highest row number, so nothing is counted."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.coalesce(func.max(HISTORY.c.id), 0))).scalar_one())

    def drop_before(self, before: datetime) -> int:
        """Delete the rows of runs that began earlier; returns how many."""
        with self._database.single() as connection:
            return connection.execute(delete(MEMORY).where(MEMORY.c.at < before)).rowcount
