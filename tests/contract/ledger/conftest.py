"""The ledger's two kinds of database, and a bucket for its archive. Without PostgreSQL, its half of the cases is skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gcp_storage_emulator.server import Server, create_server

from beatporter.ledger import engine
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.ledger import Ledger, open_ledger
from tests.contract.ledger.archive_cases import bucket_place, folder_place
from tests.postgres import NoPostgres, Postgres, running_postgres
from tests.timeouts import TIMEOUT_S

BUCKET = "beatporter-tests"

NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """host:port of a running emulator with one bucket, in memory."""
    server: Server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    yield f"127.0.0.1:{server._api._httpd.server_address[1]}"
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    try:
        with running_postgres() as server:
            yield server
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads that write at once wait for each other, however slow the disk is."""
    monkeypatch.setattr(engine, "LOCK_TIMEOUT_S", TIMEOUT_S)


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database; a test for one kind parametrizes it."""
    return str(request.param)


@pytest.fixture
def new_database(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Creates databases without tables; returns their addresses."""
    made: list[str] = []
    server: Postgres | None = request.getfixturevalue("postgres") if kind == "postgres" else None

    def make() -> str:
        made.append(server.new_database() if server else str(tmp_path / f"database-{len(made)}" / "beatporter.db"))
        return made[-1]

    yield make
    if server:
        for address in made:
            server.drop(address)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty ledger, for copying: faster than creating its tables again."""
    path = tmp_path_factory.mktemp("template") / "beatporter.db"
    open_ledger(path).close()
    return path


@pytest.fixture(scope="session")
def postgres_ledger(postgres: Postgres) -> str:
    """Address of a ledger that `address` empties before each test: faster than a new database."""
    address = postgres.new_database()
    open_ledger(address).close()
    return address


@pytest.fixture
def address(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Address of an empty ledger."""
    if kind == "sqlite":
        return str(shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "beatporter.db"))
    server, shared = request.getfixturevalue("postgres"), str(request.getfixturevalue("postgres_ledger"))
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
    server.sql(f"SELECT pg_terminate_backend(pid) {others}", shared)  # connections left open by a test would keep the tables locked
    tables = server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", shared)
    names = ", ".join(name for (name,) in tables if name not in ("alembic_version", "ledger"))
    server.sql(f"TRUNCATE {names} RESTART IDENTITY", shared)
    server.sql("DELETE FROM ledger WHERE key != 'id'", shared)
    return shared


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    """An empty ledger in each kind of database."""
    made = open_ledger(address)
    yield made
    made.close()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ArchiveStorage:
    """An empty storage for an archive, of each kind."""
    if request.param == "folder":
        return folder_place(tmp_path)
    return bucket_place(request.getfixturevalue("emulator"), BUCKET)
