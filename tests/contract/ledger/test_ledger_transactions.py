"""What belongs together commits together, on SQLite and PostgreSQL: a transaction is saved completely or not at all, in threads too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    AuditRow,
    BackupRow,
    CallRow,
    ChartReadRow,
    CorrectionRow,
    HistoryRow,
    ListedPlaylist,
    RearrangementRow,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match
from tests.contract.ledger.all_rows import contents
from tests.contract.ledger.sample_ledger import memory
from tests.timeouts import TIMEOUT_S

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def history(track_id: str) -> HistoryRow:
    return HistoryRow(track_id, None, f"artist|{track_id}", None, "chart", T0)


WRITES: dict[str, Callable[[Ledger], object]] = {
    "charts": lambda ledger: ledger.charts.append(Chart(5, (ChartEntry(1, 7, "n", ("a",)),), T0)),
    "matches": lambda ledger: ledger.matches.append([Match(7, None, "t", "search", 90.0, "same", "1", T0, None)]),
    "history": lambda ledger: ledger.history.append("P", [history("a"), history("b")]),
    "backups": lambda ledger: ledger.backups.append("P", "s", T0, [BackupRow(0, "a", None, "n", ("a",), T0)]),
    "put on top": lambda ledger: ledger.backups.put_on_top("P", "t", T0, [BackupRow(0, "c", None, "n", ("a",), T0)]),
    "snapshots": lambda ledger: ledger.snapshots.save(SnapshotRow("P", "recorded", "s", T0)),
    "rearrangements": lambda ledger: ledger.rearrangements.save(RearrangementRow("P", "dedupe", ("a", "a"), ("a",), ("a",), T0)),
    "playlists": lambda ledger: ledger.playlists.append(RememberedPlaylist(5, "P", "House", T0)),
    "corrections": lambda ledger: ledger.corrections.append(CorrectionRow(7, "t", None, T0)),
    "audits": lambda ledger: ledger.audits.append(AuditRow(7, "t", "1", "none", 3, "no", T0)),
    "challenges": lambda ledger: ledger.challenges.note_challenge("website", T0),
    "chart_reads": lambda ledger: ledger.chart_reads.append(ChartReadRow(5, "api", T0, 100)),
    "memory": lambda ledger: ledger.memory.append([memory("run", T0, 100)]),
    "listings": lambda ledger: ledger.listings.append("r", T0, [ListedPlaylist("r", "P", "House", "s", 1, "me", T0)]),
    "calls": lambda ledger: ledger.calls.append([CallRow(T0, "search", 3, "r")]),
    "runs": lambda ledger: ledger.runs.append(RunRow(5, "completed", 2, 0, 0, None, T0)),
}


class Stopped(BaseException):
    """Like KeyboardInterrupt, not an Exception."""


@pytest.mark.parametrize("error", [RuntimeError, Stopped])
@pytest.mark.parametrize("name", WRITES)
def test_a_failed_transaction_leaves_nothing(ledger: Ledger, name: str, error: type[BaseException]) -> None:
    before = contents(ledger)

    def write_and_fail() -> None:
        with ledger.transaction():
            WRITES[name](ledger)
            assert contents(ledger) != before, "a transaction does not see what it wrote itself"
            raise error("no")

    with pytest.raises(error, match="no"):
        write_and_fail()
    assert contents(ledger) == before
    WRITES[name](ledger)
    assert contents(ledger) != before


def test_all_tables_commit_together_or_not_at_all(ledger: Ledger, address: str) -> None:
    before, other = contents(ledger), open_ledger(address)

    def write_all(*, fail: bool) -> None:
        with ledger.transaction():
            for write in WRITES.values():
                write(ledger)
                assert contents(ledger, of_another_thread=True) == before, "another connection sees what is not committed"
            assert not fail, "the last step fails"

    with pytest.raises(AssertionError, match="the last step"):
        write_all(fail=True)
    assert contents(other) == before
    write_all(fail=False)
    assert all(contents(other).values())


def test_a_nested_transaction_is_part_of_the_outer_one(ledger: Ledger) -> None:
    def write_both(*, fail: bool) -> None:
        with ledger.transaction():
            with ledger.transaction():
                ledger.history.append("P", [history("inner")])
            assert not fail, "after the inner one"

    with pytest.raises(AssertionError, match="after the inner one"):
        write_both(fail=True)
    assert ledger.history.playlists() == []
    write_both(fail=False)
    assert ledger.history.playlists() == ["P"]


def test_a_failing_statement_rolls_back_the_whole_transaction(ledger: Ledger) -> None:
    def write_and_fail() -> None:
        with ledger.transaction():
            ledger.history.append("P", [history("a")])
            ledger.history.append("P", [HistoryRow("b", None, "r", None, "chart", datetime(2026, 1, 1))])

    with pytest.raises(ValueError, match="time zone"):
        write_and_fail()
    assert ledger.history.playlists() == []


def test_a_playlist_first_named_in_a_failed_transaction_gets_its_rows_afterwards(ledger: Ledger) -> None:
    """The small numbers of playlists are cached. A number from a failed transaction may be assigned to another playlist."""

    def write_and_fail() -> None:
        with ledger.transaction():
            for _ in range(3):
                ledger.history.append("P", [history("lost")])
                ledger.snapshots.save(SnapshotRow("P", "written", "s", T0))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        write_and_fail()
    ledger.history.append("Q", [history("q")])
    ledger.history.append("P", [history("p")])
    assert list(ledger.history.track_ids("P")) == ["p"]
    assert list(ledger.history.track_ids("Q")) == ["q"]


def test_a_thread_sees_only_what_another_one_committed(ledger: Ledger) -> None:
    written, seen, done = threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        with ledger.transaction():
            ledger.history.append("P", [history("a")])
            written.set()
            assert seen.wait(TIMEOUT_S)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert written.wait(TIMEOUT_S)
        assert ledger.history.playlists() == []
        seen.set()
        assert done.wait(TIMEOUT_S)
        assert ledger.history.playlists() == ["P"]
        writing.result()


def test_a_transaction_that_fails_in_one_thread_leaves_the_others_alone(ledger: Ledger) -> None:
    def write(number: int) -> None:
        for turn in range(5):
            try:
                with ledger.transaction():
                    ledger.history.append(f"P{number}", [history(f"{turn:022}")])
                    assert turn % 2 == 0, "every other one fails"
            except AssertionError:
                pass

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    for number in range(6):
        assert sorted(ledger.history.track_ids(f"P{number}")) == [f"{turn:022}" for turn in (0, 2, 4)]


def test_more_threads_than_connections_wait_for_each_other(ledger: Ledger) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: ledger.history.append("P", [history(f"{number:022}")]), range(40)))
    assert sorted(ledger.history.track_ids("P")) == [f"{number:022}" for number in range(40)]


def test_reading_continues_while_another_process_writes(ledger: Ledger, address: str) -> None:
    """An unfinished write, here of another ledger object, blocks no reader."""
    ledger.history.append("P", [history("a")])
    with ThreadPoolExecutor(1) as pool, open_ledger(address).transaction():
        assert pool.submit(lambda: list(ledger.history.track_ids("P"))).result(TIMEOUT_S) == ["a"]


def test_concurrent_equal_writes_are_stored_once(ledger: Ledger) -> None:
    """Eight threads write the same rows, in different orders."""
    chart = Chart(5, tuple(ChartEntry(n, n, f"n{n}", ("a",)) for n in range(1, 101)), T0)
    rows = [history(f"{n:022}") for n in range(100)]
    matches = [Match(n, None, f"{n:022}", "search", 90.0, "same", "1", T0, None) for n in range(100)]
    states = [BackupRow(n, f"{n:022}", None, f"n{n}", ("a",), T0) for n in range(100)]

    def write(number: int) -> None:
        turned = -1 if number % 2 else 1
        ledger.charts.append(Chart(number, chart.entries[::turned], T0))
        ledger.charts.append(chart)
        ledger.matches.append(matches[::turned])
        ledger.history.append("P", rows[::turned])
        ledger.backups.append("P", "s", T0 + timedelta(seconds=number), states)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = {name: len(kept) for name, kept in contents(ledger).items()}
    assert {name: found[name] for name in ("entries", "matches", "history", "backups", "backup_changes", "tracks", "playlist_ids")} == {
        "entries": 100,
        "matches": 100,
        "history": 100,
        "backups": 1,
        "backup_changes": 100,
        "tracks": 100,
        "playlist_ids": 1,
    }
    assert ledger.charts.latest(5) == chart
