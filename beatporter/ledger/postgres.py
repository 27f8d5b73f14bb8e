"""Opens a PostgreSQL so that it costs few round trips: with a server some way off, they are a run's time in the ledger.

A new connection asks nothing, because the server announces its version by itself. A statement whose result nobody reads (`LATER`) waits for
the next one: both go in one message, libpq's pipeline mode. Connections are in autocommit; `Database` sends BEGIN and COMMIT itself, so
that BEGIN can wait too. docs/decisions/postgres-round-trips.md has the reasons.
"""

from __future__ import annotations

import select
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Literal

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DisconnectionError

from beatporter.ledger.engine import LAST, LATER

TRUSTED_S = 60.0
"""For this long after its last use, a connection that the server has not closed is not checked. Networks forget idle ones after minutes."""
_DRIVER = "fewer_round_trips"


class _PatientConnection(psycopg.Connection[Any]):
    """A connection with the statements that wait: text, values, and whether these are several rows."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: list[tuple[str, Any, bool]] = []

    def send(self, cursor: psycopg.Cursor[Any], statement: str, values: Any, *, many: bool, is_last: bool) -> None:
        """Execute a statement after those that wait.

        Args:
            is_last: commit after it.
        """
        earlier, self.waiting = self.waiting, []
        together = psycopg.Pipeline.is_supported() and not isinstance(cursor, psycopg.ServerCursor)  # that reads its result bit by bit
        with self.pipeline() if earlier or (is_last and together) else nullcontext():
            for text, rows, several in earlier:
                _execute(self.cursor(), text, rows, many=several)
            if together:
                _execute(cursor, statement, values, many=many)
                if is_last:
                    self.execute("COMMIT")
        if not together:
            _execute(cursor, statement, values, many=many)
            if is_last:
                self.execute("COMMIT")


def _execute(cursor: psycopg.Cursor[Any], statement: str, values: Any, *, many: bool) -> None:
    if many:
        cursor.executemany(statement, values)
    else:
        cursor.execute(statement, values)


class FewerRoundTrips(PGDialect_psycopg):
    """SQLAlchemy's dialect for psycopg, without questions to the server at the first connection, and with statements that wait."""

    supports_statement_cache = True

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """A new connection of the driver."""
        return _PatientConnection.connect(*arguments, **options)

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement after those that wait, or let it wait with them."""
        self._run(cursor, statement, parameters, context, many=False)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """The same for a statement with several rows."""
        self._run(cursor, statement, parameters, context, many=True)

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Forget what waits, and roll the rest back."""
        dbapi_connection.waiting.clear()
        dbapi_connection.rollback()

    def _run(self, cursor: Any, statement: str, parameters: Any, context: Any, *, many: bool) -> None:
        connection: _PatientConnection = cursor.connection
        options: Mapping[str, Any] = context.execution_options if context is not None else {}
        if options.get(LATER) and psycopg.Pipeline.is_supported():
            connection.waiting.append((statement, parameters, many))
        else:
            connection.send(cursor, statement, parameters, many=many, is_last=bool(options.get(LAST)))

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        version: int = _info_of(connection).server_version
        return version // 10_000, version % 10_000

    def _get_default_schema_name(self, connection: Connection) -> str:
        return "public"  # only for reflection; the server finds our tables by its search path

    def get_default_isolation_level(self, dbapi_conn: Any) -> Literal["READ COMMITTED"]:
        """What SQLAlchemy would return a connection to; ours never leave autocommit."""
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Connection) -> None:
        self._backslash_escapes = _info_of(connection).parameter_status("standard_conforming_strings") == "off"


def _info_of(connection: Connection) -> Any:
    """What the server has announced about itself."""
    driver: Any = connection.connection.driver_connection
    return driver.info


registry.register(f"postgresql.{_DRIVER}", __name__, FewerRoundTrips.__name__)


def postgres_engine(address: str) -> Engine:
    """An engine for a PostgreSQL.

    Args:
        address: postgresql://….
    """
    url = f"postgresql+{_DRIVER}://{address.partition('://')[2]}"
    options = {"connect_args": {"connect_timeout": 10}, "isolation_level": "AUTOCOMMIT", "use_native_hstore": False}
    engine = create_engine(url, **options)
    _check_idle_connections(engine)
    return engine


def _check_idle_connections(engine: Engine) -> None:
    """Before its use, check a connection that was idle for long, and replace it if the server has gone away or restarted.

    SQLAlchemy's own check asks before every use: with a server some way off that is a third of a run's time in the ledger.
    """

    @event.listens_for(engine, "checkin")
    def note(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, _: object) -> None:
        is_fresh = time.monotonic() - record.info.get("idle_since", float("inf")) < TRUSTED_S
        if is_fresh and not select.select([connection], [], [], 0)[0]:  # an idle server speaks only to say that it ends
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error  # the pool then connects again
