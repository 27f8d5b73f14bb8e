"""What the tests of the archive share: a ledger in each kind of database, a place of each kind, and something to write."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gcp_storage_emulator.server import create_server
from sqlalchemy import text

from beatporter.ledger.archive_place import Access, ArchivePlace, gcs_filesystem, open_place
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import LISTED_PLAYLISTS, LISTINGS, metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, CorrectionRow, HistoryRow, RememberedPlaylist, RunRow, SnapshotRow
from beatporter.records.match import Match, RunnerUp

BUCKET = "beatporter-tests"
T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ODD = "Ünder “Ⅳ” 🎛 \u202e'; DROP TABLE history; --"


def postgres_programs() -> Path | None:
    """Debian's newest PostgreSQL, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL of its own, without a database's name."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="beatporter-postgres-"))
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if other:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run([*other, *command], cwd=folder, check=True, capture_output=True, timeout=120)

    run(str(programs / "initdb"), "-D", f"{folder}/data", "-U", "beatporter", "--auth=trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield f"postgresql://beatporter@127.0.0.1:{port}"
    finally:
        run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str) -> str:
    """Address of a database of that server, made for one test."""
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """An empty ledger in each kind of database."""
    with open_ledger(database) as made:
        yield made
    made.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """host:port of a running bucket emulator with one bucket, in memory."""
    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    yield f"127.0.0.1:{server._api._httpd.server_address[1]}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> ArchivePlace:
    """An empty place of each kind."""
    return folder_place(tmp_path) if request.param == "folder" else bucket_place(request.getfixturevalue("emulator"))


def folder_place(folder: Path) -> ArchivePlace:
    return open_place(str(folder / "archive"))


def bucket_place(endpoint: str) -> ArchivePlace:
    return open_place(f"gs://{BUCKET}/test {secrets.token_hex(4)}", lambda: Access(gcs_filesystem(endpoint=endpoint)))


def write_day(ledger: Ledger, day: int) -> None:
    """A day's rows in every table; of some of them the same as the day before."""
    at = T0 + timedelta(days=day)
    entries = [ChartEntry(n, 100 + n + day, f"{ODD} {n + day}", ("Ada", ODD), isrc=f"GB{n + day}", remixers=("R",)) for n in range(1, 6)]
    for genre_id in (5, 6):
        ledger.charts.append(Chart(genre_id, tuple(entries), at))
        ledger.playlists.append(RememberedPlaylist(genre_id, playlist(genre_id), f"House {day}", at))
        ledger.runs.append(RunRow(genre_id, "failed" if day % 2 else "completed", day, 0, 0, ODD if day % 2 else None, at))
        rows = [
            HistoryRow(track(n), None if n % 3 else f"GB{n}", f"ada - {n}", n if n % 2 else None, "chart", at) for n in range(day, day + 4)
        ]
        ledger.history.append(playlist(genre_id), rows)
        held = [BackupRow(n, track(day - n), f"GB{n}", ODD, ("Ada",), at if n % 2 else None) for n in range(min(day, 7))]
        ledger.backups.append(playlist(genre_id), f"state {day}", at, [*held, BackupRow(len(held), None, None, "local", (), None)])
        ledger.snapshots.save(SnapshotRow(playlist(genre_id), "writing", None, at, (track(day), "odd id"), at))
    up = RunnerUp(track(9), ODD, ("Ada", "Bo"), 71.5, "length")
    ledger.matches.append(
        [Match(100 + n + day, None, track(n), "search", 99.5, "same", "7", at, None, (ODD,), runners_up=(up,)) for n in range(3)]
    )
    ledger.matches.append([Match(900 + day, "GB", None, "isrc", 0.0, None, "7", at, at + timedelta(days=2), misses=day)])
    ledger.corrections.append(CorrectionRow(100 + day, track(day), None, at))
    ledger.calls.append([CallRow(at, "search", 3, f"run {day}"), CallRow(at, "quota", 0, f"run {day}", at + timedelta(hours=9))])


def track(number: int) -> str:
    return f"{number:022}"


def playlist(number: int) -> str:
    return f"playlist{number:014}"


def rows_of(ledger: Ledger) -> dict[str, list[Any]]:
    """Every row of every table but the listings, as it lies."""
    tables = [table for table in metadata.sorted_tables if table not in (LISTINGS, LISTED_PLAYLISTS)]
    with ledger.database.read() as connection:
        raw = {table: ", ".join(f'"{column.name}"' for column in table.columns) for table in tables}
        order = {table: ", ".join(f'"{column.name}"' for column in table.primary_key.columns) for table in tables}
        return {
            table.name: [tuple(row) for row in connection.execute(text(f'SELECT {raw[table]} FROM "{table.name}" ORDER BY {order[table]}'))]
            for table in tables
        }


def new_ledger(database: str, folder: Path) -> Ledger:
    """Another empty ledger, in the same kind of database."""
    if "://" not in database:
        return open_ledger(folder / f"{secrets.token_hex(4)}.db")
    return open_ledger(new_database(database.rpartition("/")[0]))
