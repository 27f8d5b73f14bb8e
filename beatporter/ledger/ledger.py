"""The ledger: every table of one database, see docs/ledger.md. Archive, check, export and import are separate modules."""

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
from beatporter.ledger.database import Database
from beatporter.ledger.engine import is_postgres
from beatporter.ledger.history import History
from beatporter.ledger.matches import Matches
from beatporter.ledger.memory import Memory
from beatporter.ledger.migrate import prepare
from beatporter.ledger.playlists import Listings, Playlists, Snapshots
from beatporter.ledger.rearrangements import Rearrangements
from beatporter.ledger.runs import Runs
from beatporter.ledger.tables import LEDGER


class Ledger:
    """All tables of one database. A context manager: leaving it empties SQLite's log when that is large.

    Attributes:
        name: the database's name in messages.
        database: for code that works across tables: archive, check, export.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.name = database.name
        self.charts = Charts(database)
        self.matches = Matches(database)
        self.history = History(database)
        self.backups = Backups(database)
        self.snapshots = Snapshots(database)
        self.rearrangements = Rearrangements(database)
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
        """Commit everything that the tables write inside as a whole, or nothing."""
        return self.database.transaction()

    @property
    def ledger_id(self) -> str:
        """A random id that identifies this ledger; its archive carries it."""
        with self.database.read() as connection:
            return str(connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == "id")).scalar_one())

    def close(self) -> None:
        """Close the connections; the next query opens one again."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.database.settle()


def open_ledger(address: str | Path) -> Ledger:
    """Open the ledger in a database; an empty one gets its tables, an older one is migrated after a copy is made.

    Args:
        address: a file's path, or postgresql://….

    Raises:
        SettingsError: the address is not valid, or the database is newer or not ours.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: from the database.
    """
    text = str(address)
    if not text or ("://" in text and not is_postgres(text)):
        raise SettingsError(f"BEATPORTER_DATABASE: {text!r} is not a database.", "Give a file's path, or postgresql://user@host/name.")
    database = Database(text)
    prepare(database)
    return Ledger(database)
