"""Compaction changes no answer, in a folder and in a bucket; files go only when another stands for them and the grace is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.checking import check, set_aside
from beatporter.ledger.compaction import Retention, TableReport, compact
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.statistics import statistics
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, HistoryRow, ListedPlaylist, SnapshotRow
from beatporter.records.match import Match

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
LATER = timedelta(hours=2)
TRACKS = [f"track{n:04}" for n in range(400)]


def history(n: int, added_at: datetime = T0) -> HistoryRow:
    return HistoryRow(TRACKS[n], f"ISRC{n}" if n % 3 else None, f"recording{n}", n, "chart", added_at)


def fill(ledger: Ledger, files: int = 6) -> None:
    """Overlapping histories of two playlists, decisions with a person's word among them, and two charts of a day."""
    for file in range(files):
        at = T0 + timedelta(days=(file * 5) % files)
        ledger.history.append("P", [history(n, at) for n in range(file * 30, file * 30 + 60)])
        ledger.history.append("Q", [history(n, at) for n in range(file * 7, file * 7 + 9)])
        method = "person" if file == 2 else "search"
        ledger.matches.append(
            [Match(n, None, f"t{file}", method, 90.0, "same", "1", at, None) for n in range(file * 10, file * 10 + 30)]  # type: ignore[arg-type]
        )
    for hour in (0, 5):
        ledger.charts.append(Chart(5, (ChartEntry(1, 70 + hour, "n", ("a",)),), T0 + timedelta(hours=hour)))


def answers(ledger: Ledger) -> dict[str, object]:
    """What the ledger says, in every way that a run asks."""
    return {
        "P": list(ledger.history.track_ids("P")),
        "Q": list(ledger.history.track_ids("Q")),
        "known": ledger.history.known("P", TRACKS, [f"ISRC{n}" for n in range(400)], [f"recording{n}" for n in range(400)]),
        "newest": ledger.history.newest("P", 50),
        "matches": ledger.matches.latest(range(200)),
        "by track": ledger.matches.by_track(["t2"]),
        "chart": ledger.charts.latest(5),
        "entries": ledger.charts.entries(5, [70, 75]),
    }


def now() -> datetime:
    return datetime.now(UTC)


def of(table: str, reports: list[TableReport]) -> TableReport:
    return next(report for report in reports if report.table == table)


def files(ledger: Ledger, table: str) -> list[str]:
    return [file.path for file in ledger.home.files(table)]


def test_no_answer_changes_at_any_stage(ledger: Ledger) -> None:
    fill(ledger)
    before = answers(ledger)
    first = compact(ledger, now=now())
    assert answers(ledger) == before, "after merging"
    assert of("history", first).removed_files == 0, "a file went in its grace period"
    second = compact(ledger, now=now() + LATER)
    assert answers(ledger) == before, "after removing"
    assert of("history", second).removed_files == 12
    assert {table: len(files(ledger, table)) for table in ("history", "matches", "charts")} == {"history": 2, "matches": 1, "charts": 1}
    assert check(ledger).sound


def test_repetitions_go_and_the_earliest_date_stays(ledger: Ledger) -> None:
    for day in (3, 1, 2):
        ledger.history.append("P", [history(n, T0 + timedelta(days=day)) for n in range(10)])
    report = of("history", compact(ledger, ["history"], now=now()))
    assert (report.rows_in, report.rows_out) == (30, 10)
    assert {row.added_at for row in ledger.history.rows("P", TRACKS).values()} == {T0 + timedelta(days=1)}


def test_an_isrc_that_only_a_later_row_has_is_still_known(ledger: Ledger) -> None:
    ledger.history.append("P", [HistoryRow("a", None, "old words", None, "import", T0)])
    ledger.history.append("P", [HistoryRow("a", "ISRC", "new words", 1, "chart", T0 + timedelta(days=1))])
    compact(ledger, now=now())
    known = ledger.history.known("P", ["a"], ["ISRC"], ["old words", "new words"])
    assert (len(known.track_ids), len(known.isrcs), len(known.recordings)) == (1, 1, 2)


def test_a_persons_word_outlives_compaction(ledger: Ledger) -> None:
    word = Match(1, None, "chosen", "person", 100.0, "same", "1", T0, None)
    machine = Match(1, None, "machine", "isrc", 100.0, "same", "2", T0 + timedelta(days=1), None)
    ledger.matches.append([word])
    ledger.matches.append([machine])
    ledger.matches.append([Match(1, None, "before", "isrc", 100.0, "same", "0", T0 - timedelta(days=1), None)])
    report = of("matches", compact(ledger, ["matches"], now=now()))
    assert (report.rows_in, report.rows_out) == (3, 2)
    assert ledger.matches.latest([1]) == {1: word}
    ledger.matches.append([Match(1, None, None, "forgotten", 0.0, None, "2", T0 + timedelta(days=2), None)])
    ledger.matches.append([Match(1, None, "anew", "isrc", 100.0, "same", "2", T0 + timedelta(days=3), None)])
    compact(ledger, ["matches"], now=now() + LATER)
    assert ledger.matches.latest([1])[1].track_id == "anew"


def test_what_was_merged_can_be_appended_again(ledger: Ledger) -> None:
    fill(ledger)
    before = answers(ledger)
    for round_ in range(4):
        compact(ledger, now=now() + LATER * round_)
        fill(ledger)
        assert answers(ledger) == before, f"round {round_}"


def test_rows_appended_between_compactions_are_kept(ledger: Ledger) -> None:
    for n in range(20):
        ledger.history.append("P", [history(n)])
        if n % 3 == 0:
            compact(ledger, ["history"], now=now() + timedelta(minutes=45) * n)
    assert list(ledger.history.track_ids("P")) == TRACKS[:20]
    assert check(ledger).sound


def test_more_files_than_are_merged_at_once_become_one(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beatporter.ledger.compaction.AT_ONCE", 4)
    for n in range(18):
        ledger.history.append("P", [history(n), history(n + 1)])
        ledger.matches.append([Match(n % 5, None, f"t{n}", "search", 90.0, "same", "1", T0 + timedelta(hours=n), None)])
    before = answers(ledger)
    report = of("history", compact(ledger, now=now()))
    assert (report.rows_in, report.rows_out, report.files_after, report.partitions_merged) == (36, 19, 1, 1)
    assert answers(ledger) == before
    compact(ledger, now=now() + LATER)
    assert answers(ledger) == before
    assert {table: len(files(ledger, table)) for table in ("history", "matches")} == {"history": 1, "matches": 1}


def test_two_compactors_at_once_lose_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second runs whole while the first has listed its files and written nothing yet, and again before its removals."""
    fill(ledger)
    before = answers(ledger)
    commit = ledger.home.write
    other = Ledger(ledger.home)

    def write(path: str, data: pa.Buffer) -> None:
        monkeypatch.undo()
        compact(other, now=now() + LATER)
        commit(path, data)

    monkeypatch.setattr(ledger.home, "write", write)
    compact(ledger, ["charts", "matches", "history"], now=now())
    for _ in range(3):
        compact(ledger, now=now() + LATER)
        assert answers(ledger) == before


def test_a_reader_that_listed_before_the_removal_reads_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(ledger)
    before = answers(ledger)
    listing = ledger.home.files
    other = Ledger(ledger.home)
    done: list[bool] = []

    def files_then_compaction(folder: str) -> object:
        found = listing(folder)
        if folder.startswith("history/playlist_id=P") and not done:
            done.append(True)
            monkeypatch.undo()
            compact(other, now=now())
            compact(other, now=now() + LATER)
        return found

    monkeypatch.setattr(ledger.home, "files", files_then_compaction)
    assert ledger.history.known("P", TRACKS).track_ids == set(before["P"])  # type: ignore[call-overload]
    assert done


def test_unfinished_files_go_after_the_grace_period_only(ledger: Ledger) -> None:
    fill(ledger)
    ledger.home.write("history/playlist_id=P/.tmp-99-dead", pa.py_buffer(b"half"))
    compact(ledger, now=now())
    assert check(ledger).unfinished == ["history/playlist_id=P/.tmp-99-dead"]
    compact(ledger, now=now() + LATER)
    assert check(ledger).unfinished == []


class TestDamage:
    @pytest.fixture
    def damaged(self, ledger: Ledger) -> str:
        fill(ledger)
        path = files(ledger, "history/playlist_id=P")[0]
        data = bytearray(ledger.home.read(path))
        data[100] ^= 4
        ledger.home.write(path, pa.py_buffer(bytes(data)))
        return path

    def test_a_damaged_file_is_named_and_its_partition_left_alone(self, ledger: Ledger, damaged: str) -> None:
        before = files(ledger, "history/playlist_id=P")
        report = of("history", compact(ledger, now=now()))
        assert len(report.damaged) == 1
        assert damaged in report.damaged[0]
        assert files(ledger, "history/playlist_id=P") == before
        assert report.partitions_merged == 1, "the other playlist was not merged"

    def test_check_names_it_and_counts_the_rest(self, ledger: Ledger, damaged: str) -> None:
        report = check(ledger)
        assert list(report.damaged) == [damaged]
        assert not report.sound
        assert sum(table.rows for table in report.tables if table.table == "history") == 5 * 60 + 6 * 9

    def test_going_on_without_it_takes_a_word(self, ledger: Ledger, damaged: str) -> None:
        with pytest.raises(LedgerCorrupt, match=damaged):
            list(ledger.history.track_ids("P"))
        assert set_aside(ledger, check(ledger).damaged) == [f"damaged/{damaged}"]
        assert list(ledger.history.track_ids("P"))
        assert check(ledger).sound
        assert ledger.home.has(f"damaged/{damaged}")

    def test_a_damaged_merged_file_keeps_what_it_stands_for(self, ledger: Ledger) -> None:
        fill(ledger)
        before = answers(ledger)
        compact(ledger, ["history"], now=now())
        path = next(path for path in files(ledger, "history/playlist_id=P") if "merged" in path)
        data = bytearray(ledger.home.read(path))
        data[100] ^= 4
        ledger.home.write(path, pa.py_buffer(bytes(data)))
        report = of("history", compact(ledger, ["history"], now=now() + LATER))
        assert len(files(ledger, "history/playlist_id=P")) == 7, "a file went although the one that stands for it is damaged"
        assert report.damaged
        set_aside(ledger, [path])
        assert answers(ledger) == before

    def test_a_file_with_other_rows_than_its_name_says_is_damaged(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(1)])
        ledger.history.append("P", [history(2)])
        one, two = files(ledger, "history")
        ledger.home.write(one, ledger.home.read(two))
        assert list(check(ledger).damaged) == [one]


class TestRetention:
    def test_nothing_goes_by_age_but_what_is_stated(self, ledger: Ledger) -> None:
        fill(ledger)
        ledger.backups.append("P", "s", T0, [BackupRow(0, "a", None, "n", (), None)])
        before = answers(ledger)
        for _ in range(2):
            compact(ledger, now=T0 + timedelta(days=9_000))
        assert answers(ledger) == before
        assert ledger.backups.latest("P") is not None

    def test_old_calls_go_and_the_newest_quota_stays(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "search", 5, "r")])
        ledger.calls.append([CallRow(T0, "quota", 0, "q0", T0 + timedelta(hours=1))])
        ledger.calls.append([CallRow(T0 + timedelta(hours=2), "quota", 0, "q1", T0 + timedelta(hours=20))])
        ledger.calls.append([CallRow(T0 + timedelta(days=30), "search", 7, "s")])
        compact(ledger, ["calls"], now=T0 + timedelta(days=40))
        assert ledger.calls.used_since(T0) == 7
        assert ledger.calls.quota_until() == T0 + timedelta(hours=20)

    def test_a_days_calls_are_merged_when_it_is_over(self, ledger: Ledger) -> None:
        for n in range(5):
            ledger.calls.append([CallRow(T0 + timedelta(minutes=n), "search", n, f"r{n}")])
        assert of("calls", compact(ledger, ["calls"], now=T0 + timedelta(hours=1))).partitions_merged == 0
        assert of("calls", compact(ledger, ["calls"], now=T0 + timedelta(days=1))).partitions_merged == 1
        assert ledger.calls.used_since(T0 + timedelta(minutes=2)) == 2 + 3 + 4

    def test_old_listings_go(self, ledger: Ledger) -> None:
        ledger.listings.append("old", [ListedPlaylist("old", "p", "n", "s", 1, "me", T0)])
        ledger.listings.append("new", [ListedPlaylist("new", "p", "n", "s", 1, "me", T0 + timedelta(days=20))])
        compact(ledger, ["listings"], now=T0 + timedelta(days=21))
        assert ledger.listings.of_run("old") is None
        assert ledger.listings.of_run("new")

    def test_a_runs_newest_listing_counts_after_its_listings_were_merged(self, ledger: Ledger) -> None:
        ledger.listings.append("r", [ListedPlaylist("r", name, "Z", "z", 1, "me", T0) for name in ("p", "deleted since")])
        newest = [ListedPlaylist("r", "p", "A", "a", 2, "me", T0 + timedelta(minutes=9))]
        ledger.listings.append("r", newest)
        assert of("listings", compact(ledger, ["listings"], now=T0 + timedelta(hours=1))).partitions_merged == 1
        assert ledger.listings.of_run("r") == newest

    def test_what_age_emptied_leaves_no_folders(self, ledger: Ledger, home_kind: str) -> None:
        ledger.listings.append("old", [ListedPlaylist("old", "p", "n", "s", 1, "me", T0)])
        compact(ledger, ["listings"], now=T0 + timedelta(days=21))
        assert ledger.home.folders("listings") == []

    def test_a_playlists_newest_snapshot_stays(self, ledger: Ledger) -> None:
        for n in range(3):
            ledger.snapshots.append(SnapshotRow("P", "written", f"s{n}", T0 + timedelta(days=n)))
        last = ledger.snapshots.latest("P")
        compact(ledger, ["snapshots"], now=T0 + timedelta(days=500))
        assert ledger.snapshots.latest("P") == last

    def test_backups_go_only_when_asked_and_never_the_newest(self, ledger: Ledger) -> None:
        for day in range(3):
            ledger.backups.append("P", f"s{day}", T0 + timedelta(days=day), [BackupRow(0, "a", None, "n", (), None)])
        compact(ledger, ["backups"], now=T0 + timedelta(days=100), retention=Retention(backups=timedelta(days=10)))
        assert [info.snapshot_id for info in ledger.backups.all("P")] == ["s2"]


def test_statistics_tell_what_there_is(ledger: Ledger) -> None:
    fill(ledger)
    found = {row.table: row for row in statistics(ledger)}
    assert (found["history"].partitions, found["history"].rows, found["history"].files) == (2, 6 * 69, 12)
    assert (found["history"].first, found["history"].last) == (T0, T0 + timedelta(days=5))
    assert found["charts"].last == T0 + timedelta(hours=5)
    assert (found["backups"].rows, found["backups"].first) == (0, None)
    assert found["matches"].bytes == sum(file.size for file in ledger.home.files("matches"))


def test_progress_is_told(ledger: Ledger) -> None:
    fill(ledger)
    told: list[tuple[str, int, int]] = []
    tell: Callable[[str, int, int], None] = lambda *news: told.append(news)  # noqa: E731
    compact(ledger, ["history"], now=now(), progress=tell)
    assert told == [("history", 1, 2), ("history", 2, 2)]
