"""Exporting the ledger's tables: what a person finds in the file, on both kinds of database."""

from __future__ import annotations

import csv
import errno
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from beatporter.errors import SettingsError
from beatporter.ledger import spreadsheet as module
from beatporter.ledger.export import TABLES, export
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.spreadsheet import written_whole
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
LATER = T0 + timedelta(days=1)
T0_TEXT, LATER_TEXT = "2026-11-20T06:30:00Z", "2026-11-21T06:30:00Z"
ONE, TWO = f"{1:022}", f"{2:022}"
HIDDEN = ("fingerprint", "playlist", "chart", "entry", "track", "backup", "base", "id", "track_key", "isrc_key", "rest_key")

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""For tests where the kind of database makes no difference."""


def fill(ledger: Ledger) -> None:
    """Content in every table, including repetitions and hostile text."""
    entry = ChartEntry(1, 11, "Ünïcode, ☃", ("A", "B"), "Extended Mix", (), "ISRC1", bpm=128)
    ledger.charts.append(Chart(5, (entry, ChartEntry(2, 12, "=1+1", ("@cmd",))), T0))
    ledger.charts.append(Chart(6, (entry,), LATER))
    searched = Match(11, None, TWO, "search", 90.0, "same", "1", T0, None, ("name",))
    ledger.matches.append([searched, Match(11, None, ONE, "person", 100.0, "same", "1", T0, None)])
    ledger.matches.append([Match(11, None, None, "search", 0.0, None, "1", LATER, None)])
    ledger.matches.append([Match(12, None, None, "search", 0.0, None, "1", T0, T0)])
    one = HistoryRow(ONE, "ISRC1", "a|one|", None, "chart", LATER)
    ledger.history.append("P", [HistoryRow(TWO, None, "b|two|", 12, "chart", T0), one])
    ledger.history.append("P", [replace(one, source="import", added_at=T0), replace(one, isrc=None, added_at=T0)])
    ledger.history.append("Q", [HistoryRow("=x", None, "", None, "playlist", T0)])
    ledger.backups.append("P", "s1", T0, [BackupRow(0, ONE, "ISRC1", "One", ("A", "B"), T0), BackupRow(1, None, None, "local", (), None)])
    ledger.backups.append("P", "s2", LATER, [BackupRow(0, TWO, None, "Two", (), LATER), BackupRow(1, ONE, "ISRC1", "One", ("A", "B"), T0)])
    ledger.snapshots.save(SnapshotRow("P", "written", "s2", LATER, (ONE, TWO), T0))
    ledger.playlists.append(RememberedPlaylist(5, "P", "House", T0))
    ledger.corrections.append(CorrectionRow(11, TWO, None, T0))
    ledger.listings.append("run", T0, [ListedPlaylist("run", "P", "House", "s2", 2, "me", T0)])
    ledger.calls.append([CallRow(T0, "search", 5, "run"), CallRow(T0, "quota", 0, "run", LATER)])
    ledger.runs.append(RunRow(5, "failed", 1, 2, 3, "-1 is no number", T0))


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def exported(ledger: Ledger, table: str, folder: Path, only: str | None = None) -> list[dict[str, str]]:
    export(ledger, table, folder / "out.csv", only=only, overwrite=True)
    header, *rows = rows_of(folder / "out.csv")
    return [dict(zip(header, row, strict=True)) for row in rows]


def columns(rows: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


class TestRows:
    def test_charts_are_flat(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        rows = exported(ledger, "charts", tmp_path)
        found = columns(rows, "genre_id", "scraped_at", "position", "beatport_id", "artists", "bpm")
        assert found == [
            ("5", T0_TEXT, "1", "11", "A, B", "128"),
            ("5", T0_TEXT, "2", "12", "'@cmd", ""),
            ("6", LATER_TEXT, "1", "11", "A, B", "128"),
        ]
        assert rows[0]["name"] == "Ünïcode, ☃"

    def test_matches_are_the_current_decisions(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        rows = exported(ledger, "matches", tmp_path)
        assert columns(rows, "beatport_id", "track_id", "method") == [("11", ONE, "person"), ("12", "", "search")]

    def test_runners_up_are_json(self, ledger: Ledger, tmp_path: Path) -> None:
        runner_up = RunnerUp(TWO, "N", ("C",), 50.5, "w")
        ledger.matches.append([Match(11, None, None, "search", 0.0, None, "1", T0, None, runners_up=(runner_up,))])
        assert exported(ledger, "matches", tmp_path)[0]["runners_up"] == (
            f'[{{"track_id": "{TWO}", "name": "N", "artists": ["C"], "score": 50.5, "why": "w"}}]'
        )

    def test_history_has_a_row_for_each_track_isrc_and_recording_the_earliest(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        found = columns(exported(ledger, "history", tmp_path), "playlist_id", "track_id", "isrc", "recording", "beatport_id", "added_at")
        assert sorted(found) == [
            ("P", ONE, "", "a|one|", "", T0_TEXT),
            ("P", ONE, "ISRC1", "a|one|", "", T0_TEXT),
            ("P", TWO, "", "b|two|", "12", T0_TEXT),
            ("Q", "'=x", "", "", "", T0_TEXT),
        ]
        assert [row[0] for row in found] == ["P", "P", "P", "Q"], "a playlist's rows are not adjacent"

    def test_backups_have_every_position_of_every_state(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        found = columns(exported(ledger, "backups", tmp_path), "playlist_id", "snapshot_id", "taken_at", "position", "track_id", "added_at")
        assert found == [
            ("P", "s1", T0_TEXT, "0", ONE, T0_TEXT),
            ("P", "s1", T0_TEXT, "1", "", ""),
            ("P", "s2", LATER_TEXT, "0", TWO, LATER_TEXT),
            ("P", "s2", LATER_TEXT, "1", ONE, T0_TEXT),
        ]

    @pytest.mark.parametrize(
        ("table", "row"),
        [
            ("snapshots", ["P", "written", "s2", LATER_TEXT, f"{ONE}, {TWO}", T0_TEXT]),
            ("playlists", ["5", "P", "House", T0_TEXT]),
            ("corrections", ["11", TWO, "", T0_TEXT]),
            ("listings", ["run", "P", "House", "s2", "2", "me", T0_TEXT]),
            ("calls", [T0_TEXT, "search", "5", "run", ""]),
            (
                "runs",
                ["5", "failed", "1", "2", "3", "'-1 is no number", T0_TEXT, *[""] * 12],
            ),  # an older version kept no more
        ],
    )
    def test_the_other_tables_equal_their_records(self, ledger: Ledger, tmp_path: Path, table: str, row: list[str]) -> None:
        fill(ledger)
        export(ledger, table, tmp_path / "out.csv")
        assert rows_of(tmp_path / "out.csv")[1] == row

    @pytest.mark.parametrize("table", TABLES)
    @only_sqlite
    def test_an_empty_table_has_its_header_and_nothing_internal(self, ledger: Ledger, tmp_path: Path, table: str) -> None:
        for name in ("out.csv", "out.xlsx"):
            assert export(ledger, table, tmp_path / name).rows == 0
        (header,) = rows_of(tmp_path / "out.csv")
        shown = {"chart"} if table == "runs" else set()  # there it is how many entries the chart had
        assert [name for name in header if name in HIDDEN and name not in shown] == []
        (row,) = openpyxl.load_workbook(tmp_path / "out.xlsx")[table].iter_rows(values_only=True)
        assert list(row) == header

    def test_a_long_table_is_written_in_pieces(self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
        ledger.history.append("P", [HistoryRow(f"{n:022}", None, f"r{n}", n, "chart", T0) for n in range(10)])
        told: list[int] = []
        report = export(ledger, "history", tmp_path / "out.csv", progress=told.append)
        assert (report.rows, told) == (10, [3, 6, 9, 10])
        assert [row[4] for row in rows_of(tmp_path / "out.csv")[1:]] == [str(n) for n in range(10)]


class TestParts:
    def test_one_part_is_exported(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        parts = {"charts": "5", "history": "Q", "backups": "P", "calls": "run", "runs": "5", "snapshots": "P"}
        found = {table: len(exported(ledger, table, tmp_path, only)) for table, only in parts.items()}
        assert found == {"charts": 2, "history": 1, "backups": 4, "calls": 2, "runs": 1, "snapshots": 1}

    @pytest.mark.parametrize(
        ("table", "only", "words"),
        [
            ("charts", "7", "no genre_id '7'. There are 5, 6."),
            ("charts", "house", "no genre_id 'house'"),
            ("history", "p", "no playlist_id 'p'. There are P, Q."),
            ("matches", "11", "has no parts"),
        ],
    )
    def test_an_unknown_part_is_reported_with_those_that_exist(
        self, ledger: Ledger, tmp_path: Path, table: str, only: str, words: str
    ) -> None:
        fill(ledger)
        with pytest.raises(SettingsError) as raised:
            export(ledger, table, tmp_path / "out.csv", only=only)
        assert words in str(raised.value)
        assert list(tmp_path.glob("*.csv")) == []


@only_sqlite
class TestExcel:
    def test_text_stays_text_and_times_are_times(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        export(ledger, "charts", tmp_path / "out.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["charts"]
        header = [cell.value for cell in sheet[1]]
        row = dict(zip(header, sheet[3], strict=True))
        assert (row["name"].value, row["name"].data_type) == ("=1+1", "s"), "a formula from a name"
        assert row["scraped_at"].value == T0.replace(tzinfo=None)
        assert row["beatport_id"].value == 12

    def test_text_too_long_for_a_cell_is_cut(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.runs.append(RunRow(5, "failed", 0, 0, 0, "a\x07b" + "c" * 40_000, T0))
        export(ledger, "runs", tmp_path / "out.xlsx")
        value = openpyxl.load_workbook(tmp_path / "out.xlsx")["runs"].cell(2, 6).value
        assert (value[:3], len(value)) == ("abc", 32_767)

    def test_further_rows_go_to_another_sheet(self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "SHEET_ROWS", 4)
        ledger.history.append("P", [HistoryRow(f"{n:022}", None, f"r{n}", n, "chart", T0) for n in range(6)])
        assert export(ledger, "history", tmp_path / "out.xlsx").sheets == 2
        book = openpyxl.load_workbook(tmp_path / "out.xlsx")
        assert {sheet.title: [row[4] for row in sheet.iter_rows(values_only=True)][1:] for sheet in book} == {
            "history": [0, 1, 2],
            "history 2": [3, 4, 5],
        }


@only_sqlite
class TestFile:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("out.txt", "ends in neither .csv nor .xlsx"),
            ("folder.csv", "is not a file"),
            ("missing/out.csv", "There is no folder"),
            ("here.csv", "already exists"),
            ("here.csv/out.csv", "There is no folder"),
            ("x" * 300 + ".csv", "File name too long"),
        ],
    )
    def test_an_impossible_place_is_reported_and_unchanged(self, ledger: Ledger, tmp_path: Path, name: str, words: str) -> None:
        (tmp_path / "folder.csv").mkdir()
        (tmp_path / "here.csv").write_text("mine")
        before = sorted(tmp_path.iterdir())
        with pytest.raises(SettingsError) as raised:
            export(ledger, "history", tmp_path / name)
        assert words in str(raised.value)
        assert sorted(tmp_path.iterdir()) == before
        assert (tmp_path / "here.csv").read_text() == "mine"

    def test_the_longest_possible_name_works(self, ledger: Ledger, tmp_path: Path) -> None:
        export(ledger, "history", tmp_path / ("x" * 251 + ".csv"))

    def test_a_device_is_never_replaced(self, ledger: Ledger, tmp_path: Path) -> None:
        (tmp_path / "full.csv").symlink_to("/dev/full")
        with pytest.raises(SettingsError, match="is not a file"):
            export(ledger, "history", tmp_path / "full.csv", overwrite=True)

    def test_the_nearest_table_is_offered(self, ledger: Ledger, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"no table 'hystory'\. Did you mean history\?"):
            export(ledger, "hystory", tmp_path / "out.csv")
        with pytest.raises(SettingsError, match="There are charts, matches"):
            export(ledger, "nix", tmp_path / "out.csv")


@only_sqlite
@pytest.mark.parametrize(
    "name", ["=1+1", "＝1+1", "＋1", "－1", "＠cmd", " =1+1", "\u00a0=1+1", "\u3000@cmd", "\n=1+1", "\t=1+1", "\x1b=1+1", "\r-1"]
)
def test_text_that_looks_like_a_formula_is_defused(ledger: Ledger, tmp_path: Path, name: str) -> None:
    ledger.charts.append(Chart(5, (ChartEntry(1, 11, name, ("A",)),), T0))
    (row,) = exported(ledger, "charts", tmp_path)
    assert row["name"].startswith("'")
    assert row["name"].isprintable() or "\u00a0" in name or "\u3000" in name


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    def write_half() -> None:
        with written_whole(tmp_path / "out.csv", overwrite=True) as draft:
            draft.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(SettingsError, match="No space left"):
        write_half()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.csv", "mine")]
