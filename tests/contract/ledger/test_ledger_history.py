"""The ledger's history, on SQLite and PostgreSQL: the earliest row of a track counts, equal keys do not mean equal texts, any id works."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from beatporter.ledger.column_types import key_of
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    HistoryRow,
    Known,
    SnapshotRow,
)
from beatporter.records.match import Match, RunnerUp

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
NOTHING = Known(frozenset(), frozenset(), frozenset())

# Different texts with the same 32-bit key, found by trying: a ledger of a million rows holds over a hundred such pairs.
SAME_KEY_TRACKS = ("0000000000000000103280", "0000000000000000168949")
SAME_KEY_ISRCS = ("GBABC0035706", "GBABC0060348")
SAME_KEY_RECORDINGS = ("artist|title 57096|", "artist|title 90492|")


def rows_of(ledger: Ledger, table: str) -> int:
    with ledger.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())


def history(track_id: str, added_at: datetime = T0, isrc: str | None = None, recording: str = "", source: str = "chart") -> HistoryRow:
    return HistoryRow(track_id, isrc, recording or f"artist|{track_id}", None, source, added_at)


def match(beatport_id: int, track_id: str | None = "t", decided_at: datetime = T0, **more: object) -> Match:
    values: dict[str, object] = {"method": "search", "score": 91.5, "version": "same", "rules": "1", "retry_at": None, **more}
    return Match(beatport_id, "X", track_id, decided_at=decided_at, **values)  # type: ignore[arg-type]


class TestHistory:
    def test_known_returns_what_the_playlist_once_held(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a", isrc="I1", recording="r1"), history("b", isrc="I2", recording="r2")])
        known = ledger.history.known("P", ["a", "x"], ["I2", "I9"], ["r1", "r9", ""])
        assert (known.track_ids, known.isrcs, known.recordings) == ({"a"}, {"I2"}, {"r1"})

    def test_rows_of_recordings_and_of_tracks_in_one_or_all_playlists(self, ledger: Ledger) -> None:
        first, second, third = history("a", recording="r1"), history("a", isrc="I", recording="r2"), history("b", recording="r1")
        ledger.history.append("P", [first, second])
        ledger.history.append("Q", [third])

        def of(rows: list[HistoryRow]) -> set[HistoryRow]:
            return set(rows)

        assert of(ledger.history.rows_of_recordings("P", {"r1", "r9"})) == {first}
        assert ledger.history.rows_of_recordings("P", ()) == []
        assert of(ledger.history.all_rows("P", {"a", "b"})) == {first, second}
        assert of(ledger.history.all_rows(None, {"a", "b"})) == {first, second, third}
        wanted, other = SAME_KEY_RECORDINGS
        ledger.history.append("R", [history("c", recording=wanted), history("d", recording=other)])
        assert [row.track_id for row in ledger.history.rows_of_recordings("R", {wanted})] == ["c"]

    def test_recordings_of_imported_rows_are_looked_up_apart(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a", recording="r1", source="import"), history("b", recording="r2")])
        known = ledger.history.known("P", recordings=["r2"], imported=["r1", "r2"])
        assert (known.recordings, known.imported) == ({"r2"}, {"r1"})
        assert ledger.history.known(None, imported=["r1"], except_for=["P"]).imported == frozenset()
        assert ledger.history.known(None, imported=["r1"], except_for=["Q"]).imported == {"r1"}

    def test_an_empty_question_gets_an_empty_answer(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a")])
        for playlist_id in ("P", "none", None):
            assert ledger.history.known(playlist_id) == NOTHING

    def test_playlists_are_separate_unless_all_are_searched(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a")])
        ledger.history.append("Q", [history("b")])
        assert ledger.history.known("P", ["a", "b"]).track_ids == {"a"}
        assert ledger.history.known(None, ["a", "b", "c"]).track_ids == {"a", "b"}
        assert ledger.history.known("none", ["a"]).track_ids == frozenset()
        assert ledger.history.playlists() == ["P", "Q"]

    def test_a_playlist_without_history_is_not_among_those_that_have_one(self, ledger: Ledger) -> None:
        ledger.history.append("P", [])
        ledger.snapshots.save(SnapshotRow("Q", "writing", None, T0))
        assert ledger.history.playlists() == []

    def test_a_track_without_isrc_and_recording_is_not_known_by_them(self, ledger: Ledger) -> None:
        ledger.history.append("P", [HistoryRow("a", None, "", None, "import", T0)])
        assert ledger.history.known("P", isrcs=[""], recordings=[""]) == NOTHING

    def test_a_row_known_by_track_isrc_and_recording_stays_unchanged(self, ledger: Ledger) -> None:
        first = HistoryRow("a", "I", "rec", 12, "chart", T0)
        ledger.history.append("P", [first])
        ledger.history.append("P", [dataclasses.replace(first, added_at=T0 + timedelta(days=1), source="playlist", beatport_id=None)])
        assert ledger.history.rows("P", ["a"]) == {"a": first}
        assert rows_of(ledger, "history") == 1

    def test_a_track_is_known_by_every_isrc_and_recording_that_it_had(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("a", isrc="I1", recording="r1")])
        ledger.history.append("P", [history("a", T0 + timedelta(days=1), isrc="I2", recording="r2")])
        known = ledger.history.known("P", ["a"], ["I1", "I2"], ["r1", "r2"])
        assert (known.isrcs, known.recordings) == ({"I1", "I2"}, {"r1", "r2"})
        assert list(ledger.history.track_ids("P")) == ["a"]

    def test_the_earliest_row_of_a_track_counts(self, ledger: Ledger) -> None:
        old = history("a", T0 - timedelta(days=900), recording="r0", source="import")
        ledger.history.append("P", [history("a"), history("b")])
        ledger.history.append("P", [old])
        assert ledger.history.rows("P", ["a", "b"]) == {"a": old, "b": history("b")}

    def test_an_earlier_date_of_an_import_is_kept_for_a_known_track(self, ledger: Ledger) -> None:
        """The same track, ISRC and recording: a later row of a run adds nothing, an earlier date from an old file does."""
        ledger.history.append("P", [history("a")])
        old = history("a", T0 - timedelta(days=900), source="import")
        ledger.history.append("P", [old])
        assert ledger.history.rows("P", ["a"]) == {"a": old}
        ledger.history.append("P", [history("a", T0 - timedelta(days=1_000))])
        assert ledger.history.rows("P", ["a"]) == {"a": old}
        for _ in range(2):
            ledger.history.append("P", [old, history("a", T0 - timedelta(days=800), source="import")])
        assert ledger.history.rows("P", ["a"]) == {"a": old}
        assert rows_of(ledger, "history") == 3

    def test_importing_twice_changes_nothing(self, ledger: Ledger) -> None:
        rows = [history(f"{n:022}", T0 - timedelta(days=n), source="import") for n in range(700)]
        for order in (rows, rows[::-1]):
            ledger.history.append("P", order)
        assert rows_of(ledger, "history") == 700

    def test_each_track_id_is_returned_once(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history("b"), history("a")])
        ledger.history.append("P", [history("b", T0 + timedelta(1), recording="r2"), history("c")])
        assert sorted(ledger.history.track_ids("P")) == ["a", "b", "c"]
        assert list(ledger.history.track_ids("none")) == []

    def test_each_track_id_is_returned_once_over_several_batches(self, ledger: Ledger) -> None:
        for recording in ("one", "two"):
            ledger.history.append("P", [history(f"{n:022}", recording=recording) for n in range(2_500)])
        assert sorted(ledger.history.track_ids("P")) == [f"{n:022}" for n in range(2_500)]

    def test_the_ledger_can_be_queried_while_track_ids_are_read(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(f"{n:022}") for n in range(1_500)])
        for track_id in ledger.history.track_ids("P"):
            assert ledger.history.known("P", [track_id]).track_ids
            break

    def test_rows_come_back_as_they_were(self, ledger: Ledger) -> None:
        row = HistoryRow("a", "I", "rec", 12, "playlist", T0)
        ledger.history.append("P", [row])
        assert ledger.history.rows("P", ["a", "z"]) == {"a": row}

    def test_more_ids_than_one_statement_takes_are_found(self, ledger: Ledger) -> None:
        rows = [history(f"{n:022}", isrc=f"I{n}", recording=f"r{n}") for n in range(1_100)]
        random.Random(1).shuffle(rows)
        ledger.history.append("P", rows)
        known = ledger.history.known(
            "P", [f"{n:022}" for n in range(1_200)], [f"I{n}" for n in range(50)], [f"r{n}" for n in range(600, 1_300)]
        )
        assert [len(found) for found in (known.track_ids, known.isrcs, known.recordings)] == [1_100, 50, 500]
        assert len(ledger.history.rows("P", [f"{n:022}" for n in range(1_200)])) == 1_100

    def test_a_time_without_zone_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="time zone"):
            ledger.history.append("P", [history("b"), history("a", datetime(2026, 1, 1))])
        assert ledger.history.playlists() == []

    def test_times_come_back_in_utc_at_second_resolution(self, ledger: Ledger) -> None:
        local = datetime(1969, 7, 20, 22, 17, 40, 999_999, tzinfo=timezone(timedelta(hours=2)))
        ledger.history.append("P", [history("a", local)])
        assert ledger.history.rows("P", ["a"])["a"].added_at == datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC)


class TestEqualKeys:
    """History is indexed by 32 bits of each text. Texts that share them are still distinct."""

    @pytest.mark.parametrize("pair", [SAME_KEY_TRACKS, SAME_KEY_ISRCS, SAME_KEY_RECORDINGS])
    def test_the_pairs_do_share_a_key(self, pair: tuple[str, str]) -> None:
        assert key_of(pair[0]) == key_of(pair[1])

    def test_neither_is_mistaken_for_the_other(self, ledger: Ledger) -> None:
        ledger.history.append("P", [history(SAME_KEY_TRACKS[0], isrc=SAME_KEY_ISRCS[0], recording=SAME_KEY_RECORDINGS[0])])
        assert ledger.history.known("P", SAME_KEY_TRACKS[1:], SAME_KEY_ISRCS[1:], SAME_KEY_RECORDINGS[1:]) == NOTHING
        assert ledger.history.rows("P", SAME_KEY_TRACKS[1:]) == {}

    def test_both_are_kept(self, ledger: Ledger) -> None:
        rows = [history(SAME_KEY_TRACKS[n], isrc=SAME_KEY_ISRCS[n], recording=SAME_KEY_RECORDINGS[n]) for n in (0, 1)]
        ledger.history.append("P", rows)
        known = ledger.history.known("P", SAME_KEY_TRACKS, SAME_KEY_ISRCS, SAME_KEY_RECORDINGS)
        assert (known.track_ids, known.isrcs, known.recordings) == (
            set(SAME_KEY_TRACKS),
            set(SAME_KEY_ISRCS),
            set(SAME_KEY_RECORDINGS),
        )
        assert sorted(ledger.history.track_ids("P")) == sorted(SAME_KEY_TRACKS)
        assert list(ledger.history.rows("P", SAME_KEY_TRACKS).values()) == rows

    @pytest.mark.parametrize("source", ["chart", "import"])
    def test_both_are_kept_even_if_all_else_is_equal(self, ledger: Ledger, source: str) -> None:
        """The same recording under two ids that share a key, or two imported tracks of which only the date is known."""
        rows = [HistoryRow(track_id, None, "", None, source, T0) for track_id in SAME_KEY_TRACKS]
        for row in rows:
            ledger.history.append("P", [row])
        assert ledger.history.known("P", SAME_KEY_TRACKS).track_ids == set(SAME_KEY_TRACKS)


ODD_IDS = ["", "a/b", "..", "ä ö", "50%", "x=y", "'; DROP TABLE history; --", "\u202e☃", "0" * 15, "0" * 16, "z" * 22, "7" * 21, "A" * 300]


class TestIds:
    """Ids are 22 letters of base 62 and are stored in 16 bytes. Spotify may use others some day, and old files do."""

    def test_any_text_is_a_playlist_id(self, ledger: Ledger) -> None:
        for name in ODD_IDS:
            ledger.history.append(name, [history("a")])
            ledger.snapshots.save(SnapshotRow(name, "written", name, T0))
            ledger.backups.append(name, name, T0, [])
        assert ledger.history.playlists() == ledger.backups.playlists() == sorted(ODD_IDS)
        assert ledger.history.known("a/b", ["a"]).track_ids == {"a"}
        assert [ledger.snapshots.latest(name) for name in ODD_IDS] == [SnapshotRow(name, "written", name, T0) for name in ODD_IDS]

    def test_any_text_is_a_track_id(self, ledger: Ledger) -> None:
        names = [name for name in ODD_IDS if name]
        ledger.history.append("P", [history(name, recording="the same") for name in names])
        assert sorted(ledger.history.track_ids("P")) == sorted(names)
        assert ledger.history.known("P", names).track_ids == set(names)
        assert ledger.history.rows("P", names).keys() == set(names)
        ledger.matches.append([match(number, name) for number, name in enumerate(names)])
        assert ledger.matches.latest(range(99)) == {number: match(number, name) for number, name in enumerate(names)}
        assert ledger.matches.by_track(names).keys() == set(names)

    def test_a_nul_and_half_a_surrogate_pair_are_harmless(self, ledger: Ledger) -> None:
        """No database accepts them in text. They are removed or replaced, and look-ups still find the rows."""
        odd = HistoryRow("a\0b", "I\0", "r\ud800", None, "playlist\0", T0)
        for _ in range(2):
            ledger.history.append("P\0", [odd])
            ledger.charts.append(Chart(5, (ChartEntry(1, 7, "n\0\ud800", ("a\0", "b\udfff")),), T0))
            ledger.matches.append([match(7, "t\0", reasons=("r\0",), runners_up=(RunnerUp("u\0", "n\ud800", ("\0",), 1.0, "w\0"),))])
        known = ledger.history.known("P\0", ["a\0b"], ["I\0"], ["r\ud800"])
        assert [len(found) for found in (known.track_ids, known.isrcs, known.recordings)] == [1, 1, 1]
        assert len(ledger.history.rows("P\0", ["a\0b"])) == 1
        chart = ledger.charts.latest(5)
        assert chart is not None
        assert (chart.entries[0].name, chart.entries[0].artists) == ("n?", ("a", "b?"))
        assert ledger.matches.latest([7])[7].runners_up[0].name == "n?"
        assert [rows_of(ledger, table) for table in ("history", "charts", "entries", "matches")] == [1, 1, 1, 1]
