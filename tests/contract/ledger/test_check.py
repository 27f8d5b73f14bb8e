"""Checking: a sound ledger has no problems; any content of a file leads to a line of the report or LedgerCorrupt, never a traceback."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive import archive
from beatporter.ledger.check import CheckReport, check
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.startup_check import quick_check
from beatporter.records.ledger import HistoryRow
from tests.contract.ledger.archive_cases import T0, folder_place, track, write_day
from tests.postgres import Postgres

PAGE = 2048
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], tuple[str, Path]]:
    """Writes a ledger of a kind of database once, for copying: three days, two of them archived. Returns its address and its folder."""

    @cache
    def make(kind: str) -> tuple[str, Path]:
        folder = tmp_path_factory.mktemp(kind)
        server: Postgres | None = request.getfixturevalue("postgres") if kind == "postgres" else None
        address = server.new_database() if server else str(folder / "beatporter.db")
        ledger = open_ledger(address)
        for day in range(3):
            write_day(ledger, day)
            if day < 2:
                archive(ledger, folder_place(folder), NOW + timedelta(days=day))
        ledger.close()
        return address, folder

    return make


@pytest.fixture
def written(kind: str, prepared: Callable[[str], tuple[str, Path]], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """A ledger with three days; two of them are in the archive at `folder_place(tmp_path)`."""
    template, folder = prepared(kind)
    shutil.copytree(folder / "archive", tmp_path / "archive")
    server: Postgres | None = request.getfixturevalue("postgres") if kind == "postgres" else None
    address = server.new_database(template) if server else str(shutil.copy(template, tmp_path))
    ledger = open_ledger(address)
    yield ledger
    ledger.close()
    if server:
        server.drop(address)


def test_a_sound_ledger_has_no_problems(written: Ledger, tmp_path: Path) -> None:
    report = check(written, folder_place(tmp_path))
    assert report.problems == []
    assert report.rows["history"] == 12
    assert report.rows["charts"] == 30
    assert (report.files, report.waiting) == (22, 31)
    assert check(written).problems == []
    assert check(written, folder_place(tmp_path), full=False).problems == []
    quick_check(written.database)


def damaged(ledger: Ledger, statement: str, **values: Any) -> CheckReport:
    """The report of a check after a statement that no part of Beatporter sends."""
    with ledger.database.read() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF") if ledger.database.is_sqlite else text("SELECT 1"))
        connection.execute(text(statement), values)
    return check(ledger)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE history SET recording = 'other' WHERE id = 3", "Row 3 of history: its recording_key does not match its text"),
        ("UPDATE history SET track_key = 5 WHERE id = 3", "Row 3 of history: its track_key"),
        ("UPDATE history SET isrc = 'X' WHERE id = 3", "Row 3 of history: its isrc_key"),
        ("DELETE FROM chart_entries WHERE chart = 2", "Chart 2 has no entries"),
        ("UPDATE chart_entries SET position = 0 WHERE chart = 2 AND position = 1", "Chart 2 has a position below 1"),
        ("UPDATE backups SET rows = 9 WHERE backup = 3", "entries instead of 9, at number 3"),
        ("UPDATE backups SET base = 2 WHERE backup = 3", "do not follow each other at number 3"),
        ("UPDATE backups SET changes = 7 WHERE backup = 3", "do not follow each other at number 3"),
        ("UPDATE backup_changes SET position = 99 WHERE backup = 3 AND number = 0", "change a position that does not exist, at number 3"),
        ("UPDATE matches SET reasons = '[' WHERE id = 1", "table matches holds an invalid value"),
        ("UPDATE snapshots SET sending = '5'", "table snapshots holds an invalid value"),
    ],
)
def test_our_own_rules_for_tables_are_checked(written: Ledger, statement: str, said: str) -> None:
    problems = damaged(written, statement).problems
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM playlist_ids WHERE playlist = 1", "rows of history refer to missing rows of playlist_ids"),
        ("UPDATE matches SET decided_at = 'soon' WHERE id = 1", "table matches holds an invalid value"),
        ("UPDATE history SET track_id = 12345678901234 WHERE id = 3", "table history holds an invalid value"),
        ("UPDATE charts SET genre_id = x'00ff' WHERE chart = 1", "table chart_entries holds an invalid value"),
    ],
)
def test_values_that_only_sqlite_accepts_are_found(written: Ledger, statement: str, said: str) -> None:
    problems = damaged(written, statement).problems
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entries SET name = 'other' WHERE entry = 1", "charts in the ledger differ from those in charts/"),
        ("UPDATE runs SET added = added + 1 WHERE id = 1", "runs in the ledger differ from those in runs/"),
        ("DELETE FROM corrections WHERE id = 1", "corrections in the ledger differ from those in corrections/"),
        ("UPDATE tracks SET name = 'other'", "backup_changes in the ledger differ from those in backup_changes/"),
    ],
)
def test_differences_from_the_archive_are_found(written: Ledger, tmp_path: Path, statement: str, said: str) -> None:
    damaged(written, statement)
    problems = check(written, folder_place(tmp_path)).problems
    assert any(said in problem for problem in problems), problems


def test_a_damaged_file_of_the_archive_is_found(written: Ledger, tmp_path: Path) -> None:
    files = sorted((tmp_path / "archive").glob("matches/*/*"))
    files[0].write_bytes(files[0].read_bytes()[:-9])
    files[1].unlink()
    report = check(written, folder_place(tmp_path))
    assert any(files[0].name in problem for problem in report.problems)
    assert any("of matches are missing" in problem for problem in report.problems), report.problems
    assert not any("in the ledger differ" in problem for problem in report.problems), "the ledger is sound"
    assert check(written, folder_place(tmp_path), full=False).problems, "a name is missing"


def test_many_problems_of_one_kind_are_counted(ledger: Ledger) -> None:
    ledger.history.append("P", [HistoryRow(track(n), None, "ada", None, "chart", T0) for n in range(50)])
    problems = damaged(ledger, "UPDATE history SET recording = 'other'").problems
    assert problems[-1] == "And 30 more of this kind."
    assert len(problems) == 21


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed SQLite file of two days."""
    path = tmp_path_factory.mktemp("file") / "ledger.db"
    with open_ledger(path) as made:
        for day in range(2):
            write_day(made, day)
    made.close()
    return path


def looked_at(path: Path, data: bytes | bytearray) -> list[str]:
    """Problems of a file with this content, including the ledger's own errors."""
    path.write_bytes(data)
    try:
        ledger = open_ledger(path)
        try:
            problems = check(ledger).problems
            try:
                quick_check(ledger.database)
            except LedgerCorrupt as error:
                problems = [*problems, str(error)]
            return problems
        finally:
            ledger.close()
            for left in path.parent.glob(f"{path.name}-*"):
                left.unlink()
    except LedgerCorrupt as error:
        return [str(error)]


@pytest.mark.slow
def test_every_zeroed_page_is_noticed(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for page in range(len(whole) // PAGE):
        data = bytearray(whole)
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
        assert data == whole or looked_at(tmp_path / f"page{page}.db", data), f"page {page + 1} of {len(whole) // PAGE}"


def test_every_truncated_file_is_noticed(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for size in range(1, len(whole), PAGE * 6 + 100):
        assert looked_at(tmp_path / f"size{size}.db", whole[:size]), f"{size} of {len(whole)} bytes"


def test_garbage_never_ends_in_a_traceback(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for seed in range(60):
        rnd, data = random.Random(seed), bytearray(whole)
        end = rnd.choice([len(data), 20 * PAGE])  # the first pages hold the names and the statements of the tables
        for _ in range(rnd.choice([1, 5, 200])):
            at = rnd.randrange(100, end)
            data[at : at + rnd.choice([1, 16])] = rnd.randbytes(1)
        looked_at(tmp_path / f"seed{seed}.db", data[: len(whole)])
    assert looked_at(tmp_path / "random.db", random.Random(1).randbytes(50_000))


def test_the_start_of_a_run_takes_no_time(written: Ledger) -> None:
    quick_check(written.database)
    began = time.process_time()
    quick_check(written.database)
    assert time.process_time() - began < 0.2
