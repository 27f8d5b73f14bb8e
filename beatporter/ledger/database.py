"""The connection to the ledger's database: SQLite in a file, or PostgreSQL by address. Transactions, and errors in our words.

SQLite runs in WAL mode with `synchronous=FULL`: committed data survives a power cut. A write takes the write lock at its beginning, so a
transaction never fails half-way because of another. The log is written back to the file after a step (`settle`), not during a write: with
millions of rows that takes longer than the write itself.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from sqlalchemy import Connection, CursorResult, Engine, Executable, Insert, TableClause, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnection

from beatporter.errors import BeatporterError, LedgerCorrupt, LedgerUnavailable, LedgerUnwritable, SettingsError
from beatporter.ledger.engine import LAST, LATER, LOCK_TIMEOUT_S, SETTLE_BYTES, cut_off, engine_of, is_postgres, set_wal

logger = logging.getLogger(__name__)

UNREACHABLE_TIMEOUT_S = 75
"""How long to wait for a PostgreSQL that does not answer."""
LOOK_AGAIN_S = 0.5
"""Pause between two checks whether another process has released a lock."""
STATEMENTS_AT_ONCE = 500
"""Values in one list of a statement; SQLite allows 32,766 in a statement."""
_REFUSALS = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist")
"""Phrases of a PostgreSQL that refuses a sign-in; such an error carries no code."""
_LOCK = 0x62656174
_WRITER = 0x62656177
"""Keys of locks in PostgreSQL, in two separate key spaces."""
_PREPARED: WeakSet[Engine] = WeakSet()


class Database:
    """One database. Thread-safe; a transaction belongs to the thread that began it.

    Args:
        address: a path, or a PostgreSQL address.

    Attributes:
        name: the database's name in messages, without a password.
        path: SQLite's file; None on PostgreSQL.
    """

    def __init__(self, address: str) -> None:
        self.path = None if is_postgres(address) else Path(address).expanduser().absolute()
        self.name = str(self.path) if self.path else _without_password(address)
        self._engine = engine_of(str(self.path) if self.path else address)
        self._open = threading.local()
        self._playlist_numbers: dict[str, int] = {}

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries; inside a transaction of this thread, the transaction's.

        Raises:
            LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: from the database.
        """
        begun: Connection | None = getattr(self._open, "connection", None)
        with self.errors():
            if begun is not None:
                yield begun
                return
            with self._connected() as connection:
                yield connection

    def _connected(self) -> Connection:
        """Connect, waiting a while for a PostgreSQL that is being restarted."""
        ends_at, pause_s = time.monotonic() + UNREACHABLE_TIMEOUT_S, 0.25
        while True:
            try:
                return self._engine.connect()
            except UnicodeDecodeError as error:
                raise self.unreadable(error) from error
            except (OperationalError, NoConnection) as error:
                if self.is_sqlite or _is_refusal(error) or time.monotonic() >= ends_at:
                    raise
                logger.warning("The ledger %s does not answer; trying again.", self.name)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 5.0)

    def unreadable(self, error: UnicodeDecodeError) -> LedgerCorrupt:
        """SQLite names the damaged part of a file in its message, and the driver cannot decode that name."""
        remedy = "Run `beatporter ledger check`; restore a copy, or rebuild it with `beatporter ledger rebuild --from ARCHIVE`."
        return LedgerCorrupt(f"The ledger {self.name} is damaged: it holds text that cannot be read ({error.reason}).", remedy)

    def single(self) -> AbstractContextManager[Connection]:
        """A connection for one writing statement: it commits by itself, or inside a transaction of this thread together with it."""
        return self.read()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit everything written inside as a whole, or nothing; a nested transaction is part of the outer one.

        Raises:
            LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: from the database; nothing was written.
        """
        begun: Connection | None = getattr(self._open, "connection", None)
        if begun is not None:
            self._open.depth += 1
            try:
                yield begun
            finally:
                self._open.depth -= 1
            return
        with self.errors(), self._connected() as connection:
            self._begin(connection)
            self._open.connection, self._open.numbers = connection, {}
            self._open.depth, self._open.is_ended = 1, False
            try:
                yield connection
                if not self._open.is_ended:
                    connection.exec_driver_sql("COMMIT")
                self._playlist_numbers.update(self._open.numbers)
            except BaseException:
                self._roll_back(connection)
                raise
            finally:
                self._open.connection = self._open.numbers = None

    @property
    def is_prepared(self) -> bool:
        """Whether this process has checked that the database has its tables."""
        return self._engine in _PREPARED

    @is_prepared.setter
    def is_prepared(self, yes: bool) -> None:
        (_PREPARED.add if yes else _PREPARED.discard)(self._engine)

    @property
    def playlist_numbers(self) -> MutableMapping[str, int]:
        """Numbers of the table `playlist_ids` seen so far; they never change. A failed transaction's own ones are forgotten."""
        own: dict[str, int] | None = getattr(self._open, "numbers", None)
        return self._playlist_numbers if own is None else ChainMap(own, self._playlist_numbers)

    def alone(self, connection: Connection, playlist: int = 0) -> None:
        """Keep other transactions that ask for the same lock out until this one ends. SQLite has one writer anyway.

        Args:
            playlist: its number, when only transactions for the same playlist must wait.
        """
        if not self.is_sqlite:
            self.send(connection, text("SELECT pg_advisory_xact_lock(:key, :playlist)"), {"key": _LOCK, "playlist": playlist})

    def send(self, connection: Connection, statement: Executable, values: Any = None) -> None:
        """Execute a statement whose result is not needed: within a transaction it goes to PostgreSQL together with the next one.

        An error of it is raised by that one, at the latest by the commit.

        Args:
            values: a row, or several.
        """
        later = getattr(self._open, "connection", None) is connection
        connection.execute(statement.inline() if isinstance(statement, Insert) else statement, values, execution_options={LATER: later})

    def finish(self, connection: Connection, statement: Executable) -> CursorResult[Any]:
        """Execute the last statement of a transaction, or of one inside another; to PostgreSQL the commit goes together with it."""
        is_last = not self.is_sqlite and self._open.depth == 1
        result = connection.execute(statement, execution_options={LAST: is_last})
        self._open.is_ended = is_last
        return result

    @contextmanager
    def only_writer(self, number: int) -> Iterator[None]:
        """Wait until no other process holds this number, and hold it; the server releases it whenever the connection ends.

        If the connection breaks, it is released too early; that is no reason to stop the work inside. SQLite does not need this.

        Raises:
            LedgerUnavailable, LedgerUnwritable: from the database, before it is held.
        """
        with self.errors():
            connection = self._connected()
        try:
            with self.errors():
                self._begin(connection)
                # A transaction's lock and not a session's, because a pooler may pass a session on. Polled, so that no statement
                # counts as running for minutes on the server.
                query = text("SELECT pg_try_advisory_xact_lock(:key, :number)")
                while not connection.execute(query, {"key": _WRITER, "number": number}).scalar():
                    connection.rollback()
                    time.sleep(LOOK_AGAIN_S)
                    self._begin(connection)
            yield
        finally:
            with suppress(SQLAlchemyError):
                connection.close()

    def insert(self, table: TableClause) -> Any:
        """An INSERT that supports ON CONFLICT. Its dialect is loaded when needed: PostgreSQL's takes 2 MB and 20 ms."""
        if self.is_sqlite:
            from sqlalchemy.dialects import sqlite

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)

    def settle(self) -> None:
        """Empty SQLite's log into its file when it is large; if that is not possible now, the next call does it."""
        if self.path is None:
            return
        try:
            if self.path.with_name(f"{self.path.name}-wal").stat().st_size < SETTLE_BYTES:
                return
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        except (OSError, SQLAlchemyError) as error:
            logger.debug("The log of %s was not emptied: %s", self.name, error)

    def keep_log(self) -> None:
        """Switch SQLite to a log (WAL). Call it for a ledger only, so that a file with other content is not changed.

        Raises:
            LedgerCorrupt: the file ends within a page; SQLite would fill it with zeros and so lose rows silently.
        """
        if self.path is None:
            return
        with self.read() as connection:
            driver: Any = connection.connection.driver_connection
            (page,) = driver.execute("PRAGMA page_size").fetchone()
            log = self.path.with_name(f"{self.path.name}-wal")
            if self.path.stat().st_size % page and not (log.exists() and log.stat().st_size):  # a log may hold the rest
                raise cut_off(self.path)
            set_wal(driver)

    def close(self) -> None:
        """Close the connections; the next query opens one again."""
        self._engine.dispose()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Translate database errors; the text never contains a statement's values."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            if isinstance(error, StatementError) and isinstance(error.orig, ValueError):  # ours: a column type refuses a value
                raise error.orig from None
            raise self._error(error) from error

    def _begin(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED", execution_options={LATER: True})

    def _roll_back(self, connection: Connection) -> None:
        if not self.is_sqlite:
            connection.rollback()
        elif connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("ROLLBACK")

    def _error(self, error: Exception) -> BeatporterError:
        said = next(iter(str(error.orig if isinstance(error, DBAPIError) else error).splitlines()), type(error).__name__)
        if not self.is_sqlite:
            return self._error_of_postgres(error, said)
        if isinstance(error, NoConnection):
            return LedgerUnavailable(f"The ledger {self.name} is used by too many threads at once.", "Try again.")
        if "locked" in said or "busy" in said:
            return LedgerUnavailable(f"The ledger {self.name} was locked by another process for {LOCK_TIMEOUT_S} s.", "Try again.")
        if any(words in said for words in ("full", "readonly", "unable to open", "disk I/O", "permission")):
            return LedgerUnwritable(
                f"The ledger {self.name} cannot be written: {said}.", "Free space, or set BEATPORTER_DATABASE to another place."
            )
        return LedgerCorrupt(
            f"The ledger {self.name} is damaged: {said}.",
            "Run `beatporter ledger check`; restore a copy, or rebuild it with `beatporter ledger rebuild --from ARCHIVE`.",
        )

    def _error_of_postgres(self, error: Exception, said: str) -> BeatporterError:
        if _sqlstate(error).startswith("53"):  # insufficient resources
            return LedgerUnwritable(f"The ledger {self.name} cannot be written: {said}.", "Free space on its server.")
        if _sqlstate(error).startswith("40"):  # deadlocks and serialisation failures
            return LedgerUnavailable(f"The ledger {self.name} was in use by others at the same time: {said}.", "Try again.")
        if _is_refusal(error):
            return SettingsError(
                f"The ledger {self.name} refuses access: {said}.", "Correct BEATPORTER_DATABASE, or the user's rights there."
            )
        if isinstance(error, NoConnection | DisconnectionError | OperationalError) or getattr(error, "connection_invalidated", False):
            return LedgerUnavailable(f"The ledger {self.name} does not answer: {said}.", "Is its server up?")
        return LedgerCorrupt(f"The ledger {self.name} rejects a statement: {said}.", "Run `beatporter ledger check`.")


def _sqlstate(error: Exception) -> str:
    """PostgreSQL's error code; empty when there is none."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _is_refusal(error: Exception) -> bool:
    """Whether a PostgreSQL answers but refuses this address: the sign-in, the database's name, a privilege."""
    said = str(error) if isinstance(error, OperationalError) else ""
    return _sqlstate(error).startswith(("28", "3D", "42501")) or any(words in said for words in _REFUSALS)


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return f"postgresql://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
