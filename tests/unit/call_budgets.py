"""For the tests of the budget: the ledger's table of calls, whose commits do not wait for the disk, and a clock moved by the test."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import event

from beatporter.errors import LedgerUnwritable, QuotaExceeded
from beatporter.ledger.calls import Calls, Held
from beatporter.ledger.database import Database
from beatporter.ledger.ledger import open_ledger
from beatporter.quota.budget import CallBudget

START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
DAY = timedelta(hours=24)


class Clock:
    def __init__(self) -> None:
        self.at = START
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)


class Table(Calls):
    """The ledger's table of calls, with a disk that can be full."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.full = False

    def exchange(self, *arguments: Any, **named: Any) -> Held:
        if self.full:
            raise LedgerUnwritable("No space left on the disk.")
        return super().exchange(*arguments, **named)

    def kinds(self) -> dict[str, int]:
        return self.by_kind(START - DAY)


def new_table(path: Path) -> Table:
    """An empty table whose commits do not wait for the disk."""
    database = open_ledger(path).database
    event.listen(database._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    database.close()
    return Table(database)


@lru_cache(maxsize=1)
def shared_table() -> Table:
    return new_table(Path(tempfile.mkdtemp()) / "ledger.db")


def emptied_table() -> Table:
    """One database for all examples of a property: creating its tables takes longer than an example."""
    table = shared_table()
    table.drop_before(datetime.max.replace(tzinfo=UTC))
    return table


def refusal(budget: CallBudget, kind: str) -> datetime | None:
    try:
        budget.take(kind)
    except QuotaExceeded as error:
        return error.until
    return None


def take_until_refused(budget: CallBudget, kind: str, limit: int = 10_000) -> tuple[int, QuotaExceeded]:
    for taken in range(limit):
        try:
            budget.take(kind)
        except QuotaExceeded as error:
            return taken, error
    raise AssertionError(f"never refused in {limit} calls")
