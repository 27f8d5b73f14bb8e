"""The weekly maintenance: what is dropped, when SQLite's file is rewritten, and the test rebuild. And a ledger's statistics."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from beatporter.errors import LedgerUnavailable, LedgerUnwritable
from beatporter.ledger.archive import archive, only_one
from beatporter.ledger.archive_files import list_archive
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, KEYS
from beatporter.ledger.check import CheckReport
from beatporter.ledger.drill import compare_rebuilt, rebuilt
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.maintain import maintain
from beatporter.ledger.rebuild import rebuild
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


def test_every_changed_column_of_an_archived_row_is_found(archived: Ledger, tmp_path: Path) -> None:
    storage, tried = folder_place(tmp_path), 0
    with rebuilt(archived, storage) as (scratch, _):
        for table in {table for one in ARCHIVED if not one.whole for table in one.rows_of}:
            keys = list(table.primary_key.columns)
            for column in set(table.columns) - set(keys) - {table.columns.get(key) for key in KEYS}:
                if column.foreign_keys:
                    continue
                with archived.database.single() as connection:
                    first = connection.execute(select(*keys, column).where(column.is_not(None)).limit(1)).first()
                    if first is None:
                        continue
                    *key, value = first
                    this = table.update().where(*(one == its for one, its in zip(keys, key, strict=True)))
                    tried += connection.execute(this.values({column: _other(value)})).rowcount
                found = CheckReport()
                made = list(compare_rebuilt(archived, scratch, list_archive(storage), found))
                assert [line for line in found.problems if "differ" in line], f"{column} has another value and nobody notices"
                assert made == [], "the rebuilt database is sound"
                with archived.database.single() as connection:
                    connection.execute(this.values({column: value}))
        found = CheckReport()
        assert list(compare_rebuilt(archived, scratch, list_archive(storage), found)) == found.problems == []
    assert tried > 40


def _other(value: Any) -> Any:
    """Another value of the same type, which no other row has."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, tuple):
        return (*value, *value)
    return value + type(value)(1_000_003)


def test_a_rebuild_that_loses_something_is_reported(archived: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(storage: ArchiveStorage, scratch: Ledger) -> dict[str, int]:
        rows = rebuild(storage, scratch)
        with scratch.database.single() as connection:
            connection.execute(text("DELETE FROM matches WHERE id = 2"))
        return rows

    monkeypatch.setattr("beatporter.ledger.drill.rebuild", careless)
    before = rows_of(archived)
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert report.check.problems == [], "the ledger is as it was archived"
    assert [line for line in report.problems if "A rebuild from the archive differs: " in line and "of matches" in line], report.problems
    assert rows_of(archived) == before, "nothing is dropped that the archive might not give back"


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_compares_the_rows_and_those_of_a_sound_ledger_are_not_digested(
    archived: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a sound ledger was digested")

    monkeypatch.setattr("beatporter.ledger.drill.compare", never)
    assert maintain(archived, folder_place(tmp_path), NOW).dropped["backups"], "the next time some are thinned"
    write_day(archived, 3)
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert report.problems == []
    assert report.check.waiting > 20, "the day that is not archived yet"
    assert report.check.files == len(list((tmp_path / "archive").rglob("part-*.parquet")))


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("number", ["1", "(SELECT max(id) FROM matches)"])
def test_a_value_that_cannot_be_read_is_found_in_archived_rows_and_in_later_ones(archived: Ledger, tmp_path: Path, number: str) -> None:
    write_day(archived, 3)
    with archived.database.single() as connection:
        connection.execute(text(f"UPDATE matches SET decided_at = 'soon' WHERE id = {number}"))
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert any("table matches holds an invalid value" in line for line in report.problems), report.problems


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_value_that_cannot_be_read_is_found_in_thinned_backups(archived: Ledger, tmp_path: Path) -> None:
    assert maintain(archived, folder_place(tmp_path), NOW).dropped["backups"]
    with archived.database.single() as connection:
        connection.execute(text("UPDATE backups SET snapshot_id = x'00ff' WHERE backup = (SELECT min(backup) FROM backups)"))
    report = maintain(archived, folder_place(tmp_path), NOW)
    assert any("table backups holds an invalid value" in line for line in report.problems), report.problems


def test_no_space_for_the_test_rebuild_is_not_damage(archived: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerUnwritable("The ledger cannot be written: database or disk is full.")

    monkeypatch.setattr("beatporter.ledger.drill.rebuild", full)
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
