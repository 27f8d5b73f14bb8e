"""Brings a database to this version's tables. Only one process migrates; an older SQLite file is copied first, a newer one refused."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from beatporter.errors import LedgerUnwritable, SettingsError
from beatporter.ledger.database import Database
from beatporter.ledger.tables import LEDGER, metadata

HEAD = "0009"
"""The newest migration; a test compares it with the files."""
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(database: Database) -> None:
    """Make sure that the database has this version's tables: create them in an empty one, migrate an older one.

    Raises:
        SettingsError: the database is newer than this Beatporter, or holds something else.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: from the database.
    """
    if database.is_prepared:
        return
    try:
        if not _is_current(database):
            migrate(database)
    except UnicodeDecodeError as error:
        raise database.unreadable(error) from error
    database.keep_log()
    database.is_prepared = True


def _is_current(database: Database) -> bool:
    """One statement for a database that is up to date. An error means that it has no such table, or something that `migrate` will name."""
    with database.read() as connection, suppress(ProgrammingError, OperationalError):
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    return False


def version_of(connection: Connection) -> str | None:
    """The database's migration; None when it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def migrate(database: Database) -> Path | None:
    """Run the missing migrations, all or none.

    Returns:
        The copy made beforehand; None when there was nothing to lose or PostgreSQL keeps it safe.

    Raises:
        See `prepare`.
    """
    with database.transaction() as connection:
        database.alone(connection)
        before = version_of(connection)
        if before == HEAD:  # another process did it first
            return None
        _refuse_foreign(database, connection, before)
        copy = copy_of(database, f"before-{HEAD}") if before is not None else None
        try:
            _create(connection) if before is None else _upgrade(connection)
            if connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == "id")).scalar() is None:
                connection.execute(LEDGER.insert().values(key="id", value=secrets.token_hex(8)))
        except BaseException:  # the ledger is unchanged; a copy for each further try would fill the disk
            if copy is not None:
                copy.unlink(missing_ok=True)
            raise
    return copy


def copy_of(database: Database, why: str, target: Path | None = None) -> Path | None:
    """Copy an SQLite file consistently, beside it unless `target` is given; only its owner can read the copy.

    Raises:
        LedgerUnwritable: there is no space for it.
    """
    if database.path is None:
        return None
    path = target or database.path.with_name(f"{database.path.stem}-{why}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db")
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        # On its own connection: one with an open transaction cannot be copied from.
        with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(draft)) as out:
            source.backup(out, pages=4096)
        draft.replace(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise LedgerUnwritable(f"No copy of the ledger could be made at {path}: {error}.", "Free space there.") from error
    except sqlite3.DatabaseError as error:
        with database.errors():
            raise error
    finally:
        draft.unlink(missing_ok=True)
    return path


def _refuse_foreign(database: Database, connection: Connection, version: str | None) -> None:
    known = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if version is not None and version not in known:
        raise SettingsError(
            f"The ledger {database.name} belongs to a newer Beatporter: its version is {version}, and this one knows {HEAD}.",
            "Install that version, or name another database in BEATPORTER_DATABASE.",
        )
    tables = inspect(connection).get_table_names()
    if version is None and tables:
        raise SettingsError(
            f"{database.name} is not a Beatporter ledger: it holds {', '.join(sorted(tables)[:3])}.",
            "Name an empty one in BEATPORTER_DATABASE.",
        )


def _create(connection: Connection) -> None:
    """This version's tables in an empty database, without Alembic's 9 MB. A test compares them with what the migrations make."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 9 MB, so only when needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
