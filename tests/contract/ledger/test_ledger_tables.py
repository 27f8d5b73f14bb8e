"""The ledger's tables, on SQLite and PostgreSQL: rows read back as written, repeats change nothing, and the right row counts."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    BackupRow,
    CallRow,
    CorrectionRow,
    HistoryRow,
    ListedPlaylist,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match, RunnerUp

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ENTRY = ChartEntry(1, 77, "Ünïcode ☃", ("A", "B, C"), "Original Mix", (), "GBABC2600001", "R", "L", 300_001, 128, "A min", "2026-11-01")
BARE = ChartEntry(2, 78, "Only a name", ("D",))


def rows_of(ledger: Ledger, table: str) -> int:
    with ledger.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())


def history(track_id: str, added_at: datetime = T0, isrc: str | None = None, recording: str = "", source: str = "chart") -> HistoryRow:
    return HistoryRow(track_id, isrc, recording or f"artist|{track_id}", None, source, added_at)


def match(beatport_id: int, track_id: str | None = "t", decided_at: datetime = T0, **more: object) -> Match:
    values: dict[str, object] = {"method": "search", "score": 91.5, "version": "same", "rules": "1", "retry_at": None, **more}
    return Match(beatport_id, "X", track_id, decided_at=decided_at, **values)  # type: ignore[arg-type]


class TestCharts:
    def test_a_chart_comes_back_as_it_was(self, ledger: Ledger) -> None:
        chart = Chart(5, (ENTRY, BARE), T0)
        ledger.charts.append(chart)
        assert ledger.charts.latest(5) == chart

    def test_saving_twice_changes_nothing(self, ledger: Ledger) -> None:
        for _ in range(2):
            ledger.charts.append(Chart(5, (ENTRY, BARE), T0))
        assert (rows_of(ledger, "charts"), rows_of(ledger, "chart_entries"), rows_of(ledger, "entries")) == (1, 2, 2)

    def test_repeated_entries_are_stored_once(self, ledger: Ledger) -> None:
        for day in range(3):
            ledger.charts.append(Chart(5, (dataclasses.replace(ENTRY, position=day + 1),), T0 + timedelta(days=day)))
        assert (rows_of(ledger, "charts"), rows_of(ledger, "entries")) == (3, 1)

    def test_a_changing_entry_is_kept_for_each_day(self, ledger: Ledger) -> None:
        renamed = dataclasses.replace(ENTRY, name="Renamed")
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        ledger.charts.append(Chart(5, (renamed,), T0 + timedelta(days=1)))
        assert ledger.charts.entries(5, [77]) == {77: renamed}
        assert rows_of(ledger, "entries") == 2

    def test_the_chart_scraped_last_is_the_current_one(self, ledger: Ledger) -> None:
        later = Chart(5, (BARE,), T0 + timedelta(hours=1))
        ledger.charts.append(later)
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert ledger.charts.latest(5) == later

    def test_of_two_charts_in_one_second_the_one_written_last_is_current(self, ledger: Ledger) -> None:
        for entry in (ENTRY, BARE):
            ledger.charts.append(Chart(5, (entry,), T0))
        assert ledger.charts.latest(5) == Chart(5, (BARE,), T0)

    def test_genres_are_separate(self, ledger: Ledger) -> None:
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert ledger.charts.latest(6) is None
        assert ledger.charts.entries(6, [77]) == {}
        assert ledger.charts.since(6, T0) == []

    def test_entries_come_from_the_newest_chart_that_has_them(self, ledger: Ledger) -> None:
        risen = dataclasses.replace(ENTRY, position=9)
        ledger.charts.append(Chart(5, (risen,), T0))
        ledger.charts.append(Chart(5, (ENTRY, BARE), T0 - timedelta(days=3)))
        assert ledger.charts.entries(5, [77, 78, 79]) == {77: risen, 78: BARE}

    def test_entries_since_a_time_come_newest_chart_first_each_id_once(self, ledger: Ledger) -> None:
        def entry(position: int, number: int) -> ChartEntry:
            return ChartEntry(position, number, "n", ("a",))

        for day, numbers in enumerate([(1, 2, 3), (4, 2, 5), (6, 4, 2)]):
            chart = Chart(5, tuple(entry(position, number) for position, number in enumerate(numbers, 1)), T0 + timedelta(days=day))
            ledger.charts.append(chart)
        assert ledger.charts.since(5, T0 + timedelta(days=1)) == [entry(1, 6), entry(2, 4), entry(3, 2), entry(3, 5)]
        assert [one.beatport_id for one in ledger.charts.since(5, T0)] == [6, 4, 2, 5, 1, 3]

    def test_more_ids_than_one_statement_takes_are_found(self, ledger: Ledger) -> None:
        entries = tuple(ChartEntry(n + 1, n, f"n{n}", ("a",)) for n in range(1_100))
        ledger.charts.append(Chart(5, entries, T0 - timedelta(days=1)))
        ledger.charts.append(Chart(5, (ENTRY,), T0))
        assert len(ledger.charts.entries(5, range(2_000))) == 1_100

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
            runners_up=(RunnerUp("u", "Name ☃", ("Z", "Y"), 80.25, "longer by 40 s"), RunnerUp("v", "", (), 1e-9, "")),
        )
        ledger.matches.append([full, match(3, None, version=None, score=0.1 + 0.2)])
        assert ledger.matches.latest([1, 2, 3]) == {1: full, 3: match(3, None, version=None, score=0.1 + 0.2)}

    def test_saving_twice_changes_nothing_in_any_order(self, ledger: Ledger) -> None:
        rows = [match(3), match(1), match(2)]
        ledger.matches.append(rows)
        ledger.matches.append(rows[::-1])
        ledger.matches.append([rows[0], rows[0]])
        assert rows_of(ledger, "matches") == 3

    def test_the_latest_decision_counts(self, ledger: Ledger) -> None:
        later = match(1, "new", T0 + timedelta(days=1))
        ledger.matches.append([later])
        ledger.matches.append([match(1, "old")])
        assert ledger.matches.latest([1]) == {1: later}

    def test_an_override_beats_a_later_decision_of_the_rules(self, ledger: Ledger) -> None:
        word = match(1, "chosen", method="person")
        ledger.matches.append([word])
        ledger.matches.append([match(1, "machine", T0 + timedelta(days=1))])
        assert ledger.matches.latest([1]) == {1: word}

    def test_an_override_counts_in_the_same_second_too(self, ledger: Ledger) -> None:
        word = match(1, "a", method="person")
        ledger.matches.append([word, match(1, "z"), match(1, None, method="forgotten")])
        assert ledger.matches.latest([1]) == {1: word}

    def test_a_withdrawn_override_leaves_the_entry_undecided_until_the_rules_decide(self, ledger: Ledger) -> None:
        withdrawn = match(1, None, T0 + timedelta(days=2), method="forgotten")
        ledger.matches.append([match(1, "chosen", method="person"), match(1, "machine", T0 + timedelta(days=1)), withdrawn])
        assert ledger.matches.latest([1]) == {1: withdrawn}
        again = match(1, "again", T0 + timedelta(days=3))
        ledger.matches.append([again])
        assert ledger.matches.latest([1]) == {1: again}

    def test_by_track_returns_only_current_decisions(self, ledger: Ledger) -> None:
        ledger.matches.append([match(1, "a"), match(2, "a"), match(3, "b")])
        ledger.matches.append([match(2, "b", T0 + timedelta(days=1))])
        assert {track: sorted(m.beatport_id for m in found) for track, found in ledger.matches.by_track(["a", "b", "c"]).items()} == {
            "a": [1],
            "b": [2, 3],
        }

    def test_the_latest_decision_for_a_track_is_found_even_if_replaced(self, ledger: Ledger) -> None:
        took = match(1, "a", T0 + timedelta(days=1))
        ledger.matches.append([match(1, "a"), took, match(1, "b", T0 + timedelta(days=2)), match(2, "c")])
        assert ledger.matches.that_took(["a", "x"]) == {"a": took}

    def test_more_ids_than_one_statement_takes_are_found(self, ledger: Ledger) -> None:
        rows = [match(n, f"{n:022}") for n in range(1_100)]
        ledger.matches.append(rows)
        assert ledger.matches.latest(range(1_200)) == {row.beatport_id: row for row in rows}
        assert len(ledger.matches.by_track([f"{n:022}" for n in range(1_200)])) == 1_100


class TestBackups:
    ROWS = (BackupRow(0, "a", "I", "Name ☃", ("A", "B"), T0), BackupRow(1, None, None, "local", (), None))

    def test_a_backup_comes_back_as_it_was(self, ledger: Ledger) -> None:
        info = ledger.backups.append("P", "snap/1=", T0, iter(self.ROWS))
        assert (info.playlist_id, info.snapshot_id, info.taken_at, info.rows) == ("P", "snap/1=", T0, 2)
        assert ledger.backups.latest("P") == info
        assert tuple(ledger.backups.items("P", "snap/1=")) == self.ROWS
        assert ledger.backups.track_ids("P", "snap/1=") == ["a", None]

    def test_a_repeated_state_is_stored_once_but_its_rows_are_read(self, ledger: Ledger) -> None:
        first = ledger.backups.append("P", "s", T0, self.ROWS)
        rows = iter(self.ROWS)
        assert ledger.backups.append("P", "s", T0 + timedelta(days=1), rows) == first
        assert next(rows, None) is None
        assert ledger.backups.all("P") == [first]

    def test_an_empty_playlist_has_a_backup_too(self, ledger: Ledger) -> None:
        ledger.backups.append("P", "s", T0, [])
        assert ledger.backups.latest("P") is not None
        assert list(ledger.backups.items("P", "s")) == []

    def test_an_unknown_state_has_no_rows_and_an_unknown_playlist_no_backup(self, ledger: Ledger) -> None:
        assert list(ledger.backups.items("P", "s")) == []
        assert ledger.backups.latest("P") is None
        assert ledger.backups.all("P") == []

    def test_all_are_listed_oldest_first_each_later_than_the_one_before(self, ledger: Ledger) -> None:
        for day in (0, 2, 1):
            ledger.backups.append("P", f"s{day}", T0 + timedelta(days=day), self.ROWS)
        assert [info.snapshot_id for info in ledger.backups.all("P")] == ["s0", "s2", "s1"]
        newest = ledger.backups.latest("P")
        assert newest is not None
        assert (newest.snapshot_id, newest.taken_at) == ("s1", T0 + timedelta(days=2, seconds=1))

    def test_two_of_one_second_are_both_kept(self, ledger: Ledger) -> None:
        for snapshot_id in ("s", "t"):
            ledger.backups.append("P", snapshot_id, T0, self.ROWS)
        assert [info.taken_at - T0 for info in ledger.backups.all("P")] == [timedelta(0), timedelta(seconds=1)]

    def test_an_interrupted_stream_of_rows_leaves_no_backup(self, ledger: Ledger) -> None:
        def rows():  # type: ignore[no-untyped-def]
            yield self.ROWS[0]
            raise RuntimeError("Spotify is down")

        with pytest.raises(RuntimeError, match="Spotify is down"):
            ledger.backups.append("P", "s", T0, rows())
        assert ledger.backups.all("P") == []

    @pytest.mark.parametrize("rows", [ROWS[::-1], ROWS[1:], (ROWS[0], ROWS[0])])
    def test_positions_that_are_not_0_1_2_are_refused(self, ledger: Ledger, rows: tuple[BackupRow, ...]) -> None:
        with pytest.raises(ValueError, match="was expected"):
            ledger.backups.append("P", "s", T0, rows)
        assert ledger.backups.all("P") == []

    def test_playlists_that_have_a_backup_are_listed(self, ledger: Ledger) -> None:
        ledger.backups.append("Q", "s", T0, [])
        ledger.history.append("P", [history("a")])
        assert ledger.backups.playlists() == ["Q"]


class TestPlaylistState:
    def test_the_row_written_last_counts(self, ledger: Ledger) -> None:
        rows = [
            SnapshotRow("P", "writing", None, T0, ("a", "b ☃"), T0),
            SnapshotRow("P", "written", "s/1=", T0 + timedelta(seconds=5), ("a",), T0),
            SnapshotRow("P", "recorded", "s/1=", T0 - timedelta(hours=1)),
        ]
        for row in rows:
            ledger.snapshots.save(row)
            assert ledger.snapshots.latest("P") == row
        assert rows_of(ledger, "snapshots") == 1
        assert ledger.snapshots.latest("Q") is None

    def test_the_playlist_remembered_last_belongs_to_the_genre(self, ledger: Ledger) -> None:
        ledger.playlists.append(RememberedPlaylist(5, "new", "New", T0 + timedelta(days=1)))
        ledger.playlists.append(RememberedPlaylist(5, "old", "Old", T0))
        ledger.playlists.append(RememberedPlaylist(6, "other", "Other", T0 + timedelta(days=2)))
        assert ledger.playlists.latest(5) == RememberedPlaylist(5, "new", "New", T0 + timedelta(days=1))
        assert ledger.playlists.ids(5) == {"new", "old"}
        assert ledger.playlists.latest(7) is None

    def test_of_two_in_one_second_the_one_remembered_last_counts(self, ledger: Ledger) -> None:
        for name in ("z", "a"):
            ledger.playlists.append(RememberedPlaylist(5, name, name, T0))
        assert ledger.playlists.latest(5) == RememberedPlaylist(5, "a", "a", T0)


def listed(run_key: str, playlist_id: str, at: datetime = T0, owner: str = "me") -> ListedPlaylist:
    return ListedPlaylist(run_key, playlist_id, f"name of {playlist_id}", "s", 3, owner, at)


class TestListings:
    def test_a_run_without_listing_is_not_an_empty_account(self, ledger: Ledger) -> None:
        assert ledger.listings.of_run("run/1") is None
        ledger.listings.append("run/1", T0, [])
        assert ledger.listings.of_run("run/1") == []

    def test_the_runs_newest_listing_counts(self, ledger: Ledger) -> None:
        after = [listed("r", name, T0 + timedelta(seconds=5)) for name in ("p1", "p2")]
        ledger.listings.append("r", T0, [listed("r", "p1")])
        ledger.listings.append("r", T0 + timedelta(seconds=5), after)
        ledger.listings.append("s", T0 + timedelta(seconds=9), [listed("s", "p3", T0 + timedelta(seconds=9))])
        assert ledger.listings.of_run("r") == after

    def test_the_account_is_that_of_the_newest_listing_with_playlists(self, ledger: Ledger) -> None:
        assert ledger.listings.last_owner() is None
        ledger.listings.append("r", T0, [listed("r", "p", owner="me")])
        ledger.listings.append("s", T0, [listed("s", "p", owner="another")])
        ledger.listings.append("t", T0, [])
        assert ledger.listings.last_owner() == "another"

    def test_old_listings_are_dropped_with_their_playlists(self, ledger: Ledger) -> None:
        for day in range(3):
            at = T0 + timedelta(days=day)
            ledger.listings.append(f"r{day}", at, [listed(f"r{day}", "p", at)])
        assert ledger.listings.drop_before(T0 + timedelta(days=2)) == 2
        assert ledger.listings.of_run("r1") is None
        assert ledger.listings.of_run("r2") == [listed("r2", "p", T0 + timedelta(days=2))]
        assert rows_of(ledger, "listed_playlists") == 1


class TestCalls:
    def test_made_since_is_the_sum_of_the_rows(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "other", 25, "r#1"), CallRow(T0, "other", -5, "r#2")])
        ledger.calls.append([CallRow(T0 - timedelta(hours=30), "search", 100, "r#0")])
        ledger.calls.append([])
        assert ledger.calls.made_since(T0 - timedelta(hours=24)) == 20
        assert ledger.calls.made_since(T0) == 20
        assert ledger.calls.made_since(T0 + timedelta(seconds=1)) == 0
        assert ledger.calls.by_kind(T0 - timedelta(days=2)) == {"other": 20, "search": 100}
        assert ledger.calls.by_time(T0 - timedelta(days=2)) == {T0: 20, T0 - timedelta(hours=30): 100}

    def test_runs_are_counted_separately(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "search", 5, "r"), CallRow(T0, "read", 2, "r"), CallRow(T0, "search", 7, "s")])
        ledger.calls.append([CallRow(T0, "list", 1, "t"), CallRow(T0, "list", -1, "t")])
        assert ledger.calls.by_kind(T0, "r") == {"read": 2, "search": 5}
        assert ledger.calls.by_kind(T0) == {"read": 2, "search": 12}
        assert ledger.calls.by_run(T0, ["r", "s", "t", "u"]) == {"r": 7, "s": 7}
        assert ledger.calls.by_run(T0, []) == {}

    def test_rows_written_after_a_read_are_seen(self, ledger: Ledger, address: str) -> None:
        ledger.calls.append([CallRow(T0, "search", 5, "r")])
        assert ledger.calls.made_since(T0) == 5
        open_ledger(address).calls.append([CallRow(T0, "search", 2, "s")])
        assert ledger.calls.made_since(T0) == 7

    def test_the_quotas_end_is_found(self, ledger: Ledger) -> None:
        assert ledger.calls.quota_until() is None
        ledger.calls.append([CallRow(T0 - timedelta(days=9), "quota", 0, "q", T0 - timedelta(days=8))])
        ledger.calls.append([CallRow(T0, "quota", 0, "q", T0 + timedelta(hours=20))])
        ledger.calls.append([CallRow(T0 + timedelta(days=1), "search", 1, "r")])
        assert ledger.calls.quota_until() == T0 + timedelta(hours=20)

    def test_old_calls_are_dropped(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0 + timedelta(days=day), "search", 1, "r") for day in range(5)])
        assert ledger.calls.drop_before(T0 + timedelta(days=3)) == 3
        assert ledger.calls.made_since(T0) == 2


class TestCorrectionsAndRuns:
    def test_the_latest_correction_of_each_wrong_track_counts_oldest_first(self, ledger: Ledger) -> None:
        rows = [
            CorrectionRow(1, "wrong", "right", T0 + timedelta(days=1)),
            CorrectionRow(1, "wrong", None, T0),
            CorrectionRow(1, "also wrong", "right", T0),
            CorrectionRow(2, "wrong", "wrong", T0 + timedelta(days=2)),
        ]
        for row in rows:
            ledger.corrections.append(row)
        assert sorted(ledger.corrections.all(), key=lambda row: row.at) == [rows[2], rows[0], rows[3]]

    def test_the_last_run_of_a_genre_is_shown(self, ledger: Ledger) -> None:
        last = RunRow(5, "failed", 0, 1, 2, "Spotify ☃ is down.", T0 + timedelta(days=1))
        for row in (RunRow(5, "completed", 3, 0, 0, None, T0), last, RunRow(6, "deferred", 1, 1, 1, None, T0 + timedelta(days=9))):
            ledger.runs.append(row)
        assert ledger.runs.latest(5) == last
        assert ledger.runs.latest(7) is None


def test_every_ledger_has_a_permanent_id(ledger: Ledger, address: str) -> None:
    assert len(ledger.ledger_id) == 16
    assert open_ledger(address).ledger_id == ledger.ledger_id
