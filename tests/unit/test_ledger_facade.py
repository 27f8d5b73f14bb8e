"""The ledger's tables on a local folder: what is appended is read back, twice is once, and newest, earliest or a person wins."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from beatporter.errors import LedgerCorrupt, LedgerUnwritable, SettingsError
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, HistoryRow, ListedPlaylist, RememberedPlaylist, SnapshotRow
from beatporter.records.match import Match, RunnerUp

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ENTRY = ChartEntry(1, 77, "Ünïcode ☃", ("A", "B, C"), "Original Mix", (), "GBABC2600001", "R", "L", 300_001, 128, "A min", "2026-11-01")
BARE = ChartEntry(2, 78, "Only a name", ("D",))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "ledger")


def files(ledger: Ledger) -> list[str]:
    return [file.path for file in ledger.home.files("")]


def history(track_id: str, added_at: datetime = T0, isrc: str | None = None, recording: str = "") -> HistoryRow:
    return HistoryRow(track_id, isrc, recording or f"artist|{track_id}", None, "chart", added_at)


def match(beatport_id: int, track_id: str | None = "t", decided_at: datetime = T0, **more: object) -> Match:
    fields: dict[str, object] = {"method": "search", "score": 91.5, "version": "same", "rules": "1", "retry_at": None, **more}
    return Match(beatport_id, "X", track_id, decided_at=decided_at, **fields)  # type: ignore[arg-type]


class TestCharts:
    def test_a_chart_comes_back_as_it_was(self, ledger: Ledger) -> None:
        chart = Chart(5, (ENTRY, BARE), T0)
        ledger.charts.append(chart)
        assert ledger.charts.latest(5) == chart
        assert files(ledger)[0].startswith("charts/genre_id=5/date=2026-11-20/part-20261120T063000Z-")

    def test_twice_is_once(self, ledger: Ledger) -> None:
        for _ in range(2):
            ledger.charts.append(Chart(5, (ENTRY, BARE), T0))
        assert len(files(ledger)) == 1

    def test_the_second_scrape_of_a_day_is_the_chart(self, ledger: Ledger) -> None:
        later = Chart(5, (BARE,), T0 + timedelta(hours=1))
        ledger.charts.append(later)
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert ledger.charts.latest(5) == later

    def test_genres_are_apart(self, ledger: Ledger) -> None:
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert ledger.charts.latest(6) is None

    def test_entries_come_from_the_newest_chart_that_has_them(self, ledger: Ledger) -> None:
        risen = dataclasses.replace(ENTRY, position=9)
        ledger.charts.append(Chart(5, (ENTRY, BARE), T0 - timedelta(days=3)))
        ledger.charts.append(Chart(5, (risen,), T0))
        assert ledger.charts.entries(5, [77, 78, 79]) == {77: risen, 78: BARE}

    def test_older_charts_are_not_opened_once_all_is_found(self, ledger: Ledger) -> None:
        ledger.charts.append(Chart(5, (ENTRY,), T0 - timedelta(days=1)))
        ledger.home.write(files(ledger)[0], pa.py_buffer(b"damaged"))
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert ledger.charts.entries(5, [77]) == {77: ENTRY}

    def test_an_empty_chart_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="no entries"):
            ledger.charts.append(Chart(5, (), T0))


class TestMatches:
    def test_a_decision_comes_back_as_it_was(self, ledger: Ledger) -> None:
        full = match(
            1,
            retry_at=T0 + timedelta(days=3),
            reasons=("title", "length"),
            track_name="N",
            track_artists=("A", "B"),
            track_isrc="Y",
            misses=2,
            runners_up=(RunnerUp("u", "Name", ("Z",), 80.0, "longer by 40 s"),),
        )
        ledger.matches.append([full])
        assert ledger.matches.latest([1, 2]) == {1: full}

    def test_the_latest_decision_stands(self, ledger: Ledger) -> None:
        later = match(1, "new", T0 + timedelta(days=1))
        ledger.matches.append([later])
        ledger.matches.append([match(1, "old")])
        assert ledger.matches.latest([1]) == {1: later}

    def test_a_persons_word_stands_after_a_machines(self, ledger: Ledger) -> None:
        word = match(1, "chosen", method="person")
        ledger.matches.append([word])
        ledger.matches.append([match(1, "machine", T0 + timedelta(days=1))])
        assert ledger.matches.latest([1]) == {1: word}

    def test_a_withdrawn_word_leaves_the_entry_undecided_until_a_machine_decides(self, ledger: Ledger) -> None:
        withdrawn = match(1, None, T0 + timedelta(days=2), method="forgotten")
        ledger.matches.append([match(1, "chosen", method="person"), match(1, "machine", T0 + timedelta(days=1)), withdrawn])
        assert ledger.matches.latest([1]) == {1: withdrawn}
        again = match(1, "again", T0 + timedelta(days=3))
        ledger.matches.append([again])
        assert ledger.matches.latest([1]) == {1: again}

    def test_by_track_gives_standing_decisions_only(self, ledger: Ledger) -> None:
        ledger.matches.append([match(1, "a"), match(2, "a"), match(3, "b")])
        ledger.matches.append([match(2, "b", T0 + timedelta(days=1))])
        assert {track: sorted(m.beatport_id for m in found) for track, found in ledger.matches.by_track(["a", "b", "c"]).items()} == {
            "a": [1],
            "b": [2, 3],
        }

    def test_order_of_the_rows_makes_no_second_file(self, ledger: Ledger) -> None:
        rows = [match(3), match(1), match(2)]
        ledger.matches.append(rows)
        ledger.matches.append(rows[::-1])
        assert len(files(ledger)) == 1


class TestHistory:
    def test_known_names_what_the_playlist_once_held(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a", isrc="I1", recording="r1"), history("b", isrc="I2", recording="r2")])
        known = ledger.history.known("P", ["a", "x"], ["I2", "I9"], ["r1", "r9", ""])
        assert (known.track_ids, known.isrcs, known.recordings) == ({"a"}, {"I2"}, {"r1"})

    def test_playlists_are_apart_unless_all_are_asked(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a")])
        ledger.history.append("Q", [history("b")])
        assert ledger.history.known("P", ["a", "b"]).track_ids == {"a"}
        assert ledger.history.known(None, ["a", "b", "c"]).track_ids == {"a", "b"}
        assert ledger.history.playlists() == ["P", "Q"]

    def test_a_track_without_isrc_and_recording_is_not_known_by_them(self, ledger: Ledger) -> None:
        ledger.history.append("P", [HistoryRow("a", None, "", None, "import", T0)])
        assert not ledger.history.known("P", isrcs=[""], recordings=[""]).recordings

    def test_the_earliest_row_of_a_track_stands(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a", T0), history("b", T0 - timedelta(days=1))])
        ledger.history.append("P", [history("a", T0 - timedelta(days=9))])
        assert [row.added_at for row in ledger.history.newest("P", 5)] == [T0 - timedelta(days=1), T0 - timedelta(days=9)]

    def test_newest_is_not_misled_by_late_duplicates(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(f"t{n:03}", T0 - timedelta(days=n)) for n in range(100)])
        for late in range(1, 4):
            ledger.history.append("P", [history(f"t{n:03}", T0 + timedelta(days=late)) for n in range(50, 100)])
        assert [row.track_id for row in ledger.history.newest("P", 10)] == [f"t{n:03}" for n in range(10)]

    def test_newest_of_one_second_is_by_id(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(track) for track in ("c", "a", "b")])
        assert [row.track_id for row in ledger.history.newest("P", 2)] == ["a", "b"]

    def test_track_ids_come_once_each_over_files(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("b"), history("a")])
        ledger.history.append("P", [history("b", T0 + timedelta(1)), history("c")])
        assert list(ledger.history.track_ids("P")) == ["a", "b", "c"]
        assert list(ledger.history.track_ids("none")) == []

    def test_rows_come_back_as_they_were(self, ledger: Ledger) -> None:
        row = HistoryRow("a", "I", "rec", 12, "playlist", T0)
        ledger.history.append("P", [row])
        assert ledger.history.rows("P", ["a", "z"]) == {"a": row}

    def test_any_text_is_a_playlist_id(self, ledger: Ledger) -> None:
        for name in ("a/b", "..", "ä ö", "50%", "x=y"):
            ledger.history.append(name, [history("a")])
        assert ledger.history.playlists() == sorted(["a/b", "..", "ä ö", "50%", "x=y"])
        assert ledger.history.known("a/b", ["a"]).track_ids == {"a"}

    def test_a_time_without_zone_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="time zone"):
            ledger.history.append("P", [history("a", datetime(2026, 1, 1))])


class TestBackups:
    ROWS = (BackupRow(0, "a", "I", "Name", ("A", "B"), T0), BackupRow(1, None, None, "local", (), None))

    def test_a_backup_comes_back_as_it_was(self, ledger: Ledger) -> None:
        info = ledger.backups.append("P", "snap/1=", T0, iter(self.ROWS))
        assert (info.playlist_id, info.snapshot_id, info.taken_at, info.rows) == ("P", "snap/1=", T0, 2)
        assert ledger.backups.latest("P") == info
        assert tuple(ledger.backups.items("P", "snap/1=")) == self.ROWS

    def test_a_state_is_kept_once_and_its_rows_are_read_all_the_same(self, ledger: Ledger) -> None:
        first = ledger.backups.append("P", "s", T0, self.ROWS)
        rows = iter(self.ROWS)
        assert ledger.backups.append("P", "s", T0 + timedelta(days=1), rows) == first
        assert next(rows, None) is None
        assert len(files(ledger)) == 1

    def test_an_empty_playlist_has_a_backup_too(self, ledger: Ledger) -> None:
        ledger.backups.append("P", "s", T0, [])
        assert ledger.backups.latest("P") is not None
        assert list(ledger.backups.items("P", "s")) == []

    def test_all_are_listed_oldest_first(self, ledger: Ledger) -> None:
        for day in (2, 0, 1):
            ledger.backups.append("P", f"s{day}", T0 + timedelta(days=day), self.ROWS)
        assert [info.snapshot_id for info in ledger.backups.all("P")] == ["s0", "s1", "s2"]
        newest = ledger.backups.latest("P")
        assert newest is not None
        assert newest.snapshot_id == "s2"

    def test_rows_that_break_off_leave_nothing(self, ledger: Ledger) -> None:
        def rows():  # type: ignore[no-untyped-def]
            yield self.ROWS[0]
            raise RuntimeError("Spotify is down")

        with pytest.raises(RuntimeError, match="Spotify is down"):
            ledger.backups.append("P", "s", T0, rows())
        assert files(ledger) == []

    def test_ten_thousand_positions_keep_their_order(self, ledger: Ledger) -> None:
        rows = [BackupRow(n, f"t{n % 7}", None, "n", ("a",), T0) for n in range(10_001)]
        ledger.backups.append("P", "s", T0, iter(rows))
        assert list(ledger.backups.items("P", "s")) == rows

    def test_falling_positions_are_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="comes after"):
            ledger.backups.append("P", "s", T0, self.ROWS[::-1])
        assert files(ledger) == []


class TestSnapshotsPlaylistsListings:
    def test_each_row_is_a_second_after_the_one_before(self, ledger: Ledger) -> None:
        first = ledger.snapshots.append(SnapshotRow("P", "writing", None, T0))
        second = ledger.snapshots.append(SnapshotRow("P", "written", "s", T0))
        third = ledger.snapshots.append(SnapshotRow("P", "recorded", "s", T0 - timedelta(hours=1)))
        assert [row.at - T0 for row in (first, second, third)] == [timedelta(seconds=n) for n in range(3)]
        assert ledger.snapshots.latest("P") == third
        assert ledger.snapshots.latest("Q") is None

    def test_the_playlist_remembered_last_is_the_genres(self, ledger: Ledger) -> None:
        ledger.playlists.append(RememberedPlaylist(5, "new", "New", T0 + timedelta(days=1)))
        ledger.playlists.append(RememberedPlaylist(5, "old", "Old", T0))
        assert ledger.playlists.latest(5) == RememberedPlaylist(5, "new", "New", T0 + timedelta(days=1))
        assert ledger.playlists.latest(6) is None

    def test_a_run_without_listing_is_not_an_empty_account(self, ledger: Ledger) -> None:
        assert ledger.listings.of_run("run/1") is None
        ledger.listings.append("run/1", [])
        assert ledger.listings.of_run("run/1") == []

    def test_the_runs_newest_listing_counts(self, ledger: Ledger) -> None:
        before = ListedPlaylist("r", "p1", "One", "s", 3, "me", T0)
        after = [dataclasses.replace(before, listed_at=T0 + timedelta(seconds=5), playlist_id=name) for name in ("p1", "p2")]
        ledger.listings.append("r", [])
        ledger.listings.append("r", after)
        ledger.listings.append("r", [before])
        assert ledger.listings.of_run("r") == after


class TestCalls:
    def test_used_counts_what_was_taken_less_what_was_given_back(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "other", 25, "r#1"), CallRow(T0, "other", -5, "r#2")])
        ledger.calls.append([CallRow(T0 - timedelta(hours=30), "search", 100, "r#0")])
        assert ledger.calls.used_since(T0 - timedelta(hours=24)) == 20
        assert ledger.calls.used_since(T0) == 20
        assert ledger.calls.used_since(T0 + timedelta(seconds=1)) == 0
        assert ledger.calls.by_kind(T0 - timedelta(days=2)) == {"other": 20, "search": 100}

    def test_an_append_over_midnight_is_found_from_either_side(self, ledger: Ledger) -> None:
        midnight = datetime(2026, 11, 21, tzinfo=UTC)
        ledger.calls.append(
            [CallRow(midnight - timedelta(minutes=2), "search", 3, "a"), CallRow(midnight + timedelta(minutes=1), "read", 4, "b")]
        )
        assert ledger.calls.used_since(midnight - timedelta(hours=1)) == 7
        assert ledger.calls.used_since(midnight) == 4
        assert len(files(ledger)) == 1

    def test_the_same_rows_count_once(self, ledger: Ledger) -> None:
        row = CallRow(T0, "search", 5, "r")
        ledger.calls.append([row])
        ledger.calls.append([row, CallRow(T0, "read", 1, "r")])
        assert ledger.calls.used_since(T0) == 6

    def test_rows_written_after_a_reading_are_seen(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "search", 5, "r")])
        assert ledger.calls.used_since(T0) == 5
        Ledger(ledger.home).calls.append([CallRow(T0, "search", 2, "s")])
        assert ledger.calls.used_since(T0) == 7

    def test_the_quotas_end_is_found(self, ledger: Ledger) -> None:
        assert ledger.calls.quota_until() is None
        ledger.calls.append([CallRow(T0 - timedelta(days=9), "quota", 0, "q", T0 - timedelta(days=8))])
        ledger.calls.append([CallRow(T0, "quota", 0, "q", T0 + timedelta(hours=20))])
        ledger.calls.append([CallRow(T0 + timedelta(days=1), "search", 1, "r")])
        assert ledger.calls.quota_until() == T0 + timedelta(hours=20)


class TestDamage:
    def test_a_damaged_file_is_named(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a")])
        path = files(ledger)[0]
        ledger.home.write(path, pa.py_buffer(b"PAR1 no such thing PAR1"))
        with pytest.raises(LedgerCorrupt, match=path):
            ledger.history.known("P", ["a"])

    def test_a_flipped_bit_is_noticed(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(f"track{n}") for n in range(100)])
        path = files(ledger)[0]
        data = bytearray(ledger.home.read(path))
        data[60] ^= 1
        ledger.home.write(path, pa.py_buffer(bytes(data)))
        with pytest.raises(LedgerCorrupt, match=path):
            list(ledger.history.track_ids("P"))

    def test_unfinished_and_foreign_files_are_not_read(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a")])
        folder = files(ledger)[0].rpartition("/")[0]
        for name in (".tmp-1-abc", "notes.txt", "other.parquet"):
            ledger.home.write(f"{folder}/{name}", pa.py_buffer(b"not ours"))
        assert list(ledger.history.track_ids("P")) == ["a"]


class TestFolders:
    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(LedgerUnwritable, match="file"):
            open_ledger(tmp_path / "file" / "ledger")
        with pytest.raises(LedgerUnwritable, match=r"file.*file where a folder is needed"):
            open_ledger(tmp_path / "file")

    def test_a_table_that_cannot_be_written_is_named(self, ledger: Ledger) -> None:
        (Path(ledger.root) / "history").write_text("in the way")
        with pytest.raises(LedgerUnwritable, match="history"):
            ledger.history.append("P", [history("a")])

    @pytest.mark.parametrize("root", ["", "s3://bucket/x", "gcs-bucket/block", "gs://"])
    def test_no_place_is_a_settings_error(self, root: str) -> None:
        with pytest.raises(SettingsError, match="BEATPORTER_STORAGE"):
            open_ledger(root)


def test_appending_and_looking_up_load_no_pandas(tmp_path: Path) -> None:
    code = f"""
import sys
from datetime import UTC, datetime
from beatporter.records.chart import Chart, ChartEntry
from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import *
from beatporter.records.match import Match
at = datetime(2026, 11, 20, tzinfo=UTC)
ledger = open_ledger({str(tmp_path / "ledger")!r})
ledger.charts.append(Chart(5, (ChartEntry(1, 2, 'n', ('a',)),), at))
ledger.charts.latest(5); ledger.charts.entries(5, [2])
ledger.matches.append([Match(2, None, 't', 'isrc', 100.0, 'same', '1', at, None)])
ledger.matches.latest([2]); ledger.matches.by_track(['t'])
ledger.history.append('P', [HistoryRow('t', 'I', 'r', 2, 'chart', at), HistoryRow('u', None, 'r', None, 'chart', at)])
ledger.history.known('P', ['t'], ['I'], ['r']); ledger.history.newest('P', 3); list(ledger.history.track_ids('P'))
ledger.backups.append('P', 's', at, [BackupRow(0, None, None, '', (), None)]); list(ledger.backups.items('P', 's'))
ledger.backups.latest('P')
ledger.snapshots.append(SnapshotRow('P', 'writing', None, at)); ledger.snapshots.latest('P')
ledger.listings.append('r', []); ledger.listings.of_run('r')
ledger.calls.append([CallRow(at, 'search', 1, 'r')]); ledger.calls.used_since(at); ledger.calls.quota_until()
print([name for name in ('pandas', 'pyarrow.dataset', 'pyarrow.compute', 'prefect') if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]", f"The everyday path loaded {done.stdout.strip()}"
