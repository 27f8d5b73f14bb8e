"""Checks before a run sends anything: a damaged ledger, an older copy; and a PostgreSQL that is away for a while is waited for."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.startup_check import check_before_run
from beatporter.records.ledger import HistoryRow
from tests.postgres import Door, Postgres

PAGE = 4096
T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def filled(path: Path) -> Ledger:
    ledger = open_ledger(path)
    ledger.history.append("P", [HistoryRow(f"track {n}", None, f"artist|title {n}|", n, "chart", T0) for n in range(2_000)])
    check_before_run(ledger.database)
    ledger.close()
    return ledger


def test_a_sound_ledger_is_counted_run_by_run(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db")
    for runs in (2, 3):
        check_before_run(ledger.database)
        assert (tmp_path / "ledger.db.runs").read_text() == str(runs)


def test_an_older_copy_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = filled(path)
    shutil.copy(path, tmp_path / "older.db")
    check_before_run(ledger.database)
    ledger.close()
    shutil.copy(tmp_path / "older.db", path)
    with pytest.raises(LedgerCorrupt, match=r"older than what the last run left.* remove .*ledger\.db\.runs"):
        check_before_run(open_ledger(path).database)
    (tmp_path / "ledger.db.runs").unlink()
    check_before_run(open_ledger(path).database)


@pytest.mark.parametrize("page", [1, 2, 5, 20, 60])
def test_a_zeroed_page_is_noticed(tmp_path: Path, page: int) -> None:
    path = tmp_path / "ledger.db"
    filled(path)
    data = bytearray(path.read_bytes())
    assert len(data) > (page + 1) * PAGE
    data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    with pytest.raises(LedgerCorrupt, match=r"ledger\.db"):
        check_before_run(open_ledger(path).database)


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.95])
def test_a_truncated_file_is_noticed(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "ledger.db"
    filled(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(LedgerCorrupt, match=r"ledger\.db"):
        check_before_run(open_ledger(path).database)


@pytest.fixture
def door(postgres: Postgres) -> Iterator[tuple[Door, str]]:
    """A door to a new database of the server, and the database's address through it."""
    made = Door(postgres)
    made.open()
    yield made, made.address(postgres.new_database())
    made.shut()


def test_a_postgresql_that_comes_back_is_waited_for(door: tuple[Door, str]) -> None:
    gate, address = door
    ledger = open_ledger(address)
    ledger.history.append("P", [HistoryRow("a", None, "r", 1, "chart", T0)])
    gate.shut()
    reopened = threading.Timer(2.0, gate.open)
    reopened.start()
    assert list(ledger.history.track_ids("P")) == ["a"]
    gate.shut()
    again = threading.Timer(1.0, gate.open)
    again.start()
    ledger.history.append("P", [HistoryRow("b", None, "r", 1, "chart", T0)])
    assert set(ledger.history.track_ids("P")) == {"a", "b"}
    ledger.close()


def test_a_question_soon_after_another_is_one_round_trip(door: tuple[Door, str]) -> None:
    gate, address = door
    ledger = open_ledger(address)
    ledger.playlists.latest(5)
    before = gate.asked
    ledger.playlists.latest(5)
    assert gate.asked == before + 1, "the connection was checked, although nothing speaks against it"
    ledger.close()
