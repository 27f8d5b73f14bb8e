"""The ledger: every table of one database, see docs/ledger.md. Archive, check, export and import are modules of their own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select

from beatporter.errors import SettingsError
from beatporter.ledger.audits import Audits
from beatporter.ledger.backups import Backups
from beatporter.ledger.calls import Calls
from beatporter.ledger.challenges import Challenges
from beatporter.ledger.chart_reads import ChartReads
from beatporter.ledger.charts import Charts
from beatporter.ledger.corrections import Corrections
from beatporter.ledger.database import Database, is_postgres
from beatporter.ledger.history import History
from beatporter.ledger.matches import Matches
from beatporter.ledger.memory import Memory
from beatporter.ledger.migrate import prepare
from beatporter.ledger.playlists import Listings, Playlists, Snapshots
from beatporter.ledger.runs import Runs
from beatporter.ledger.tables import LEDGER


class Ledger:
    """All tables of one database. A context manager: leaving it empties SQLite's log once that is large.

    Attributes:
        name: the database as a person may be told of it.
        database: for what asks across tables: archive, check, export.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.name = database.name
        self.charts = Charts(database)
        self.matches = Matches(database)
        self.history = History(database)
        self.backups = Backups(database)
        self.snapshots = Snapshots(database)
        self.playlists = Playlists(database)
        self.corrections = Corrections(database)
        self.audits = Audits(database)
        self.listings = Listings(database)
        self.calls = Calls(database)
        self.runs = Runs(database)
        self.memory = Memory(database)
        self.challenges = Challenges(database)
        self.chart_reads = ChartReads(database)

    def transaction(self) -> AbstractContextManager[Connection]:
        """What the tables write within is kept as a whole, or not at all."""
        return self.database.transaction()

    @property
    def ledger_id(self) -> str:
        """What tells this ledger from others; its archive carries it."""
        with self.database.read() as connection:
            return str(connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == "id")).scalar_one())

    def close(self) -> None:
        """Close the connections; the next question opens one again."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.database.settle()


def open_ledger(address: str | Path) -> Ledger:
    """Open the ledger in a database; an empty one is given its tables, an older one is migrated after a copy.

    Args:
        address: a file's path, or postgresql://….

    Raises:
        SettingsError: it is no such address, a newer database, or none of ours.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: as the database says.
    """
    text = str(address)
    if not text or ("://" in text and not is_postgres(text)):
        raise SettingsError(f"BEATPORTER_DATABASE: {text!r} is no database.", "Give a file's path, or postgresql://user@host/name.")
    database = Database(text)
    prepare(database)
    return Ledger(database)
