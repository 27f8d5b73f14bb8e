"""Migrations: from every past version, with data; all or none; only one process migrates; a newer version is refused."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import alembic.command
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, inspect, text

from beatporter.errors import LedgerCorrupt, LedgerUnwritable, SettingsError
from beatporter.ledger import migrate
from beatporter.ledger.database import Database
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import metadata
from tests.contract.ledger import frozen_databases
from tests.contract.ledger.child_processes import at_once, open_and_name, open_with_little_room, results_of
from tests.contract.ledger.conftest import NewDatabase
from tests.contract.ledger.sample_ledger import answers, fill
from tests.postgres import Postgres

SURROGATES = {"id", "playlist", "chart", "entry", "track", "backup", "base", "listing"}
"""Columns whose numbers the database assigns: which row has which number means nothing."""

OldDatabase = Callable[[str], str]


def scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS).replace("%", "%%"))
    return config


@pytest.fixture
def old_database(kind: str, new_database: NewDatabase) -> OldDatabase:
    """Creates a database of a version, filled as that Beatporter left it; returns its address."""

    def make(version: str) -> str:
        address = new_database()
        if kind == "sqlite":
            Path(address).parent.mkdir()
            return str(frozen_databases.load(version, Path(address)))
        database, config = Database(address), scripts()
        with database.transaction() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, version)
        database.close()
        with psycopg.connect(address, autocommit=True) as plain:
            plain.execute("SET session_replication_role = replica")  # rows in any order, regardless of references
            for table, rows in frozen_databases.rows_of(version).items():
                if table != "alembic_version":
                    _insert(plain, table, rows)
        return address

    return make


def _insert(connection: psycopg.Connection[Any], table: str, rows: list[dict[str, Any]]) -> None:
    asked = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'boolean'"
    booleans = {name for (name,) in connection.execute(asked, [table]).fetchall()}  # numbers in SQLite's dump
    for row in rows:
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        values = [bool(value) if name in booleans and value is not None else value for name, value in row.items()]
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", values)
    for name in rows[0]:
        (sequence,) = connection.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, name]).fetchone() or (None,)
        if sequence is not None:
            connection.execute("SELECT setval(%s, %s)", [sequence, max(row[name] for row in rows)])


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def beside(address: str) -> list[str]:
    """What is in the folder of an SQLite file besides itself and its log."""
    path = Path(address)
    return sorted(other.name for other in path.parent.iterdir() if other.name not in (path.name, f"{path.name}-wal", f"{path.name}-shm"))


class TestScripts:
    def test_head_is_the_newest_file(self) -> None:
        files = sorted(path.name for path in (migrate.MIGRATIONS / "versions").glob("*.py"))
        assert files[-1].partition("_")[0] == migrate.HEAD
        assert [name.partition("_")[0] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]

    def test_each_follows_the_one_before(self) -> None:
        chain = list(ScriptDirectory.from_config(scripts()).walk_revisions())[::-1]
        assert [one.revision for one in chain] == [f"{number:04}" for number in range(1, len(chain) + 1)]
        assert [one.down_revision for one in chain] == [None, *(one.revision for one in chain[:-1])]

    def test_each_has_a_database_with_data_in_it(self) -> None:
        files = sorted(path.name.partition("_")[0] for path in (migrate.MIGRATIONS / "versions").glob("*.py"))
        assert files == frozen_databases.VERSIONS, "run `python -m tests.contract.ledger.frozen_databases`"
        for version in frozen_databases.VERSIONS:
            assert [table for table, rows in frozen_databases.rows_of(version).items() if not rows] == [], version


class TestSchema:
    def test_all_migrations_give_what_the_tables_declare(self, ledger: Ledger) -> None:
        with ledger.database.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_migrated_tables_equal_tables_created_directly(self, kind: str, ledger: Ledger, new_database: NewDatabase) -> None:
        """Alembic does not compare everything in each database: keys, references, and SQLite's tables without row ids."""
        database = Database(new_database())
        with database.transaction() as connection:
            metadata.create_all(connection)
        with ledger.database.read() as migrated, database.read() as made:
            assert schema_of(migrated) == schema_of(made)
        database.close()


def schema_of(connection: Connection) -> dict[str, dict[str, Any]]:
    found = inspect(connection)
    without_row_ids = set()
    if connection.dialect.name == "sqlite":
        without_row_ids = set(connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")).scalars())
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"]) for column in found.get_columns(table)
            },
            "primary key": found.get_pk_constraint(table)["constrained_columns"],
            "refers to": sorted(
                (key["constrained_columns"], key["referred_table"], key["referred_columns"], str(key["options"]))
                for key in found.get_foreign_keys(table)
            ),
            "indices": sorted((str(index["name"]), index["column_names"], bool(index["unique"])) for index in found.get_indexes(table)),
            "unique": sorted(key["column_names"] for key in found.get_unique_constraints(table)),
            "without row ids": table in without_row_ids,
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


class TestUp:
    @pytest.mark.parametrize("version", frozen_databases.VERSIONS)
    def test_a_database_of_each_version_gives_the_answers_of_a_new_one(
        self, version: str, old_database: OldDatabase, ledger: Ledger
    ) -> None:
        migrated = open_ledger(old_database(version))
        fill(ledger, version)
        expected, found = answers(ledger), answers(migrated)
        for question, answer in expected.items():
            assert found[question] == answer, f"of {version}: {question}"
        assert migrated.ledger_id == frozen_databases.LEDGER_ID
        with ledger.database.read() as new, migrated.database.read() as old:
            assert schema_of(new) == schema_of(old)
        fill(migrated)  # and it can be written to
        migrated.close()

    def test_todays_values_are_stored_as_in_the_frozen_database(self, ledger: Ledger) -> None:
        """Packed ids, hashes, times, JSON: changing how they are stored needs a migration, or existing rows are not found again."""
        fill(ledger, migrate.HEAD)
        frozen_rows = frozen_databases.rows_of(migrate.HEAD)
        with ledger.database.read() as connection:
            for table in metadata.sorted_tables:
                if table.name != "ledger":
                    found = [_plain(dict(row)) for row in connection.execute(text(f"SELECT * FROM {table.name}")).mappings()]
                    expected = [_plain(row) for row in frozen_rows[table.name]]
                    assert sorted(found) == sorted(expected), table.name

    @pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
    def test_an_older_file_is_copied_first(self, old_database: OldDatabase, ledger: Ledger) -> None:
        version = frozen_databases.VERSIONS[0]
        address = old_database(version)
        open_ledger(address).close()
        (name,) = beside(address)
        copy = Path(address).with_name(name)
        assert name.startswith(f"beatporter-before-{migrate.HEAD}-20")
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (version,)
        again = open_ledger(copy)
        fill(ledger, version)
        assert answers(again) == answers(ledger)
        again.close()

    @pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
    def test_the_copy_includes_the_log(self, old_database: OldDatabase) -> None:
        address = old_database(frozen_databases.VERSIONS[0])
        with closing(sqlite3.connect(address)) as other:  # keeps the log from being emptied
            other.execute("INSERT INTO runs (genre_id, state, added, not_found, deferred, at) VALUES (9, 'completed', 0, 0, 0, 1)")
            other.commit()
            open_ledger(address).close()
        (name,) = beside(address)
        with closing(sqlite3.connect(Path(address).with_name(name))) as connection:
            assert connection.execute("SELECT count(*) FROM runs WHERE genre_id = 9").fetchone() == (1,)

    def test_a_ledger_of_this_version_is_not_copied_or_touched(self, kind: str, address: str) -> None:
        open_ledger(address).close()
        before = digest(address) if kind == "sqlite" else None
        for _ in range(2):
            assert migrate.migrate(Database(address)) is None
            open_ledger(address).close()
        if kind == "sqlite":
            assert digest(address) == before
            assert beside(address) == []

    def test_eight_processes_migrate_only_once(self, kind: str, old_database: OldDatabase) -> None:
        address = old_database(frozen_databases.VERSIONS[0])
        assert set(results_of(at_once(open_and_name, address))) == {frozen_databases.LEDGER_ID}
        if kind == "sqlite":
            assert len(beside(address)) == 1


FAILING = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "BEFORE"


def upgrade() -> None:
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("runs", sa.Column("half", sa.Text(), nullable=True))
    op.execute("DELETE FROM calls")
    FAILS
"""


class TestFailure:
    @pytest.fixture(params=["RuntimeError", "a statement"])
    def failing(self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Exception]]:
        """A migration after the newest that fails half-way; returns its error."""
        folder = tmp_path / "migrations"
        shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        fails = 'raise RuntimeError("no")' if request.param == "RuntimeError" else 'op.execute("INSERT INTO no_such_table VALUES (1)")'
        script = FAILING.replace("BEFORE", migrate.HEAD).replace("FAILS", fails)
        (folder / "versions" / "9999_fails.py").write_text(script)
        with monkeypatch.context() as patched:
            patched.setattr(migrate, "MIGRATIONS", folder)
            patched.setattr(migrate, "HEAD", "9999")
            yield RuntimeError if request.param == "RuntimeError" else LedgerCorrupt

    @pytest.mark.parametrize("version", [frozen_databases.VERSIONS[0], frozen_databases.VERSIONS[-1]])
    def test_a_migration_that_fails_leaves_the_old_ledger(
        self, kind: str, version: str, old_database: OldDatabase, failing: type[Exception]
    ) -> None:
        address = old_database(version)
        before = everything_in(address)
        for _ in range(2):
            with pytest.raises(failing):
                open_ledger(address)
        Database(address).close()
        assert everything_in(address) == before
        if kind == "sqlite":
            assert beside(address) == [], "a copy for each try would fill the disk"

    def test_an_empty_database_stays_empty(self, new_database: NewDatabase, failing: type[Exception]) -> None:
        address = new_database()
        with pytest.raises(failing):
            open_ledger(address)
        with Database(address).read() as connection:
            assert inspect(connection).get_table_names() == []

    @pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
    def test_without_space_for_the_copy_nothing_is_migrated(self, old_database: OldDatabase) -> None:
        address = old_database(frozen_databases.VERSIONS[0])
        before = everything_in(address)
        (said,) = results_of(at_once(open_with_little_room, address, count=1))
        assert said["kind"] == "LedgerUnwritable", said
        assert f"No copy of the ledger could be made at {Path(address).parent}" in said["what"]
        assert everything_in(address) == before
        assert beside(address) == []
        open_ledger(address).close()

    @pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("spare_pages", [0, 1, 4])
    def test_a_disk_that_fills_up_meanwhile_leaves_the_old_ledger(self, old_database: OldDatabase, spare_pages: int) -> None:
        address = old_database(frozen_databases.VERSIONS[0])
        before = everything_in(address)
        Database(address).close()  # a connection that is open already would not hear of the limit
        with closing(sqlite3.connect(address)) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()

        def fill_up(connection: sqlite3.Connection, _: object) -> None:
            assert connection.execute(f"PRAGMA max_page_count={pages + spare_pages}").fetchone() == (pages + spare_pages,)

        event.listen(Engine, "connect", fill_up)
        try:
            with pytest.raises(LedgerUnwritable) as caught:
                open_ledger(address)
        finally:
            event.remove(Engine, "connect", fill_up)
        Database(address).close()
        assert str(address) in str(caught.value)
        assert everything_in(address) == before
        open_ledger(address).close()


class TestRefused:
    def test_a_newer_one_is_refused_with_the_version_that_it_needs(self, kind: str, new_database: NewDatabase) -> None:
        address = new_database()
        ledger = open_ledger(address)
        with ledger.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        ledger.close()
        before = everything_in(address)
        database = Database(address)
        with pytest.raises(SettingsError, match=r"newer Beatporter.*9999.*Install") as caught:
            migrate.migrate(database)
        database.close()
        assert migrate.HEAD in caught.value.what
        assert database.name in caught.value.what
        assert everything_in(address) == before

    def test_tables_of_something_else_are_refused_and_left_alone(
        self, kind: str, new_database: NewDatabase, request: pytest.FixtureRequest
    ) -> None:
        address = new_database()
        if kind == "sqlite":
            Path(address).parent.mkdir()
            with closing(sqlite3.connect(address)) as connection:
                connection.execute("CREATE TABLE recipes (cake TEXT)")
                connection.commit()
            before = digest(address)
        else:
            server: Postgres = request.getfixturevalue("postgres")
            server.sql("CREATE TABLE recipes (cake TEXT)", address)
        for _ in range(2):
            with pytest.raises(SettingsError, match="not a Beatporter ledger: it holds recipes"):
                open_ledger(address)
        database = Database(address)
        with database.read() as found:
            assert inspect(found).get_table_names() == ["recipes"]
        database.close()
        if kind == "sqlite":
            assert digest(address) == before
            assert beside(address) == []


def everything_in(address: str) -> dict[str, Any]:
    """Tables, their columns and their rows."""
    database = Database(address)
    with database.read() as connection:
        found = inspect(connection)
        return {
            table: (
                [column["name"] for column in found.get_columns(table)],
                sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")).all())),
            )
            for table in found.get_table_names()
        }


def _plain(row: dict[str, Any]) -> str:
    """A row without the numbers that the database gave, to compare; SQLite knows no booleans."""
    return repr(sorted((name, _plain_value(value)) for name, value in row.items() if name not in SURROGATES))


def _plain_value(value: object) -> object:
    if isinstance(value, memoryview):
        return bytes(value)
    return int(value) if isinstance(value, bool) else value
