"""Brings a database to this version's tables. Guarded against two at once; an older SQLite file is copied first, a newer one refused."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from beatporter.errors import LedgerUnwritable, SettingsError
from beatporter.ledger.database import Database
from beatporter.ledger.tables import LEDGER

HEAD = "0007"
"""The newest migration; a test holds it to the files."""
MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(database: Database) -> None:
    """See that the database has this version's tables: make them in an empty one, migrate an older one.

    Raises:
        SettingsError: the database is newer than this Beatporter, or holds something else.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: as the database says.
    """
    if database.is_prepared:
        return
    with database.read() as connection:
        found = version_of(connection)
    if found != HEAD:
        migrate(database)
    database.keep_log()
    database.is_prepared = True


def version_of(connection: Connection) -> str | None:
    """The migration that the database stands at; None for one without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def migrate(database: Database) -> Path | None:
    """Run what migrations are missing, all or none.

    Returns:
        The copy that was made first, None where there was nothing to lose or PostgreSQL keeps it.

    Raises:
        As `prepare`.
    """
    with database.transaction() as connection:
        database.alone(connection)
        before = version_of(connection)
        if before == HEAD:  # another process was faster
            return None
        _refuse_foreign(database, connection, before)
        copy = copy_of(database, f"before-{HEAD}") if before is not None else None
        try:
            _upgrade(connection)
            if connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == "id")).scalar() is None:
                connection.execute(LEDGER.insert().values(key="id", value=secrets.token_hex(8)))
        except BaseException:  # the ledger stays as it was; of each run that tries again, a copy would fill the disk
            if copy is not None:
                copy.unlink(missing_ok=True)
            raise
    return copy


def copy_of(database: Database, why: str, target: Path | None = None) -> Path | None:
    """A copy of an SQLite file as it is at one moment, beside it unless `target` says where; readable by its owner alone.

    Raises:
        LedgerUnwritable: there is no room for it.
    """
    if database.path is None:
        return None
    path = target or database.path.with_name(f"{database.path.stem}-{why}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db")
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        # By a connection of its own: that of a transaction may not be copied from.
        with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(draft)) as out:
            source.backup(out, pages=4096)
        draft.replace(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise LedgerUnwritable(f"No copy of the ledger could be made at {path}: {error}.", "Make room there.") from error
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
            f"The ledger {database.name} is of a newer Beatporter: it stands at {version}, and this one knows {HEAD}.",
            "Install that Beatporter, or name another database in BEATPORTER_DATABASE.",
        )
    tables = inspect(connection).get_table_names()
    if version is None and tables:
        raise SettingsError(
            f"{database.name} is no ledger of Beatporter's: it holds {', '.join(sorted(tables)[:3])}.",
            "Name an empty one in BEATPORTER_DATABASE.",
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 9 MB, so only when there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
