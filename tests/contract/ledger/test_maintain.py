"""The weekly maintenance: what is dropped, when SQLite's file is rewritten, and the test rebuild. And a ledger's statistics."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from beatporter.errors import LedgerUnavailable, LedgerUnwritable
from beatporter.ledger.archive import archive, only_one
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.maintain import maintain
from beatporter.ledger.statistics import statistics
from beatporter.records.ledger import CallRow, HistoryRow
from tests.contract.ledger.archive_cases import T0, folder_place, rows_of, track, write_day
from tests.contract.ledger.sample_ledger import memory

NOW = T0 + timedelta(days=36)


@pytest.fixture
def archived(ledger: Ledger, tmp_path: Path) -> Ledger:
    """Three days, all archived."""
    for day in range(3):
        write_day(ledger, day)
        ledger.listings.append(f"run {day}", T0 + timedelta(days=day), [])
        ledger.memory.append([memory("run", T0 - timedelta(days=50 * day), 1)])
    archive(ledger, folder_place(tmp_path), NOW)
    return ledger


def test_old_rows_are_dropped_and_the_archive_can_be_rebuilt(archived: Ledger, tmp_path: Path) -> None:
    before = rows_of(archived)
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert report.check.problems == []
    assert report.dropped == {"calls": 2, "listings": 3, "memory": 1, "backups": 2}, (
        "calls older than 35 days, listings older than 14, memory older than 120; of one week's backups the complete one and the last stay"
    )
    assert report.drilled == sum(report.check.rows.values())
    after = rows_of(archived)
    gone: dict[str, list[object]] = {"calls": [], "memory": [], "backups": [], "backup_changes": [], "ledger": []}
    assert {**after, **gone} == {**before, **gone}, "nothing else changed"
    assert [path.name for path in tmp_path.iterdir() if "drill" in path.name] == []


def test_a_ledger_without_an_archive_is_maintained_too(archived: Ledger) -> None:
    assert maintain(archived, None, NOW).drilled is None


def test_an_empty_archive_is_not_a_problem(archived: Ledger, tmp_path: Path) -> None:
    report = maintain(archived, folder_place(tmp_path / "other"), NOW)
    assert (report.drilled, report.problems) == (0, [])


def test_a_damaged_ledger_is_left_unchanged(archived: Ledger, tmp_path: Path) -> None:
    with archived.database.read() as connection:
        connection.execute(text("UPDATE history SET recording = 'other' WHERE id = 1"))
    before = rows_of(archived)
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert report.check.problems
    assert report.drilled is None
    assert rows_of(archived) == before


def test_an_archive_that_cannot_be_rebuilt_is_reported(archived: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the check missed, the test rebuild is the proof."""
    monkeypatch.setattr("beatporter.ledger.check._archive_files", lambda *_: ())
    file = next((tmp_path / "archive").glob("history/*/*"))
    file.write_bytes(file.read_bytes()[:-100])
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert report.check.problems == []
    assert any(file.name in problem for problem in report.problems), report.problems


def test_no_space_for_the_test_rebuild_is_not_damage(archived: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerUnwritable("The ledger cannot be written: database or disk is full.")

    monkeypatch.setattr("beatporter.ledger.maintain.rebuild", full)
    with pytest.raises(LedgerUnwritable, match="full"):
        maintain(archived, folder_place(tmp_path), NOW)


def test_it_does_not_run_during_archiving(archived: Ledger, tmp_path: Path) -> None:
    with only_one(archived.database), pytest.raises(LedgerUnavailable, match="Another run"):
        maintain(archived, folder_place(tmp_path), NOW)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlites_file_is_rewritten_when_a_quarter_of_it_is_free(ledger: Ledger) -> None:
    calls = [CallRow(T0, "search", 1, f"a run's key of some length {number}") for number in range(120_000)]
    ledger.calls.append(calls)
    ledger.history.append("P", [HistoryRow(track(n), None, "ada", None, "chart", T0) for n in range(500)])
    assert ledger.database.path is not None
    assert maintain(ledger, None, T0).freed_bytes == 0, "nothing is free yet"
    before = ledger.database.path.stat().st_size
    report = maintain(ledger, None, NOW)
    assert report.dropped["calls"] == 120_000
    assert report.freed_bytes > 8 * 1024 * 1024
    assert ledger.database.path.stat().st_size <= before - report.freed_bytes


def test_a_ledgers_figures(archived: Ledger) -> None:
    found = statistics(archived)
    figures = {table.table: table for table in found.tables}
    assert figures["chart_entries"].rows == 30
    assert (figures["charts"].first, figures["charts"].last) == ("2026-11-20", "2026-11-22")
    assert figures["history"].rows == 12
    assert (figures["tracks"].first, figures["tracks"].last) == ("", "")
    assert found.bytes > 0
