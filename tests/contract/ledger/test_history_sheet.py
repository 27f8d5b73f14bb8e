"""The history as a person reads it and sends it back, and in the old script's columns, on both kinds of database."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from beatporter.errors import SettingsError
from beatporter.exports.history import COLUMNS, SCRIPT_COLUMNS, find_playlist, history_lines, script_rows, sheet_rows
from beatporter.exports.sheet_import import import_history_sheet, is_entries_sheet, is_history_sheet
from beatporter.ledger.import_script_history import UNDATED, import_history
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.spreadsheet import write_file
from beatporter.matching import recording_key
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, HistoryRow, ListedPlaylist, RememberedPlaylist
from beatporter.records.match import Match
from tests.timeouts import TIMEOUT_S

T0 = datetime(2026, 11, 20, 6, 30, 45, tzinfo=UTC)
DAY = timedelta(days=1)
HOUSE, OTHER = f"{5:022}", f"{6:022}"
CHARTED, BACKED_UP, MATCHED, IMPORTED = (f"{number:022}" for number in range(1, 5))
NEW = f"{77:022}"

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


def fill(ledger: Ledger) -> None:
    """A track from a chart, one from a backup, one from a match only, one that nobody ever named."""
    entry = ChartEntry(1, 11, "=Cell", ("Ada", "B, C"), "Extended Mix", bpm=126, key="A Minor", camelot="8A", label="Étoile")
    ledger.charts.append(Chart(5, (entry,), T0))
    ledger.matches.append([Match(12, None, MATCHED, "search", 90, "same", "1", T0, None, track_name="Told", track_artists=("Dora",))])
    ledger.history.append(HOUSE, [HistoryRow(CHARTED, "I1", "ada, b, c|cell|", 11, "chart", T0)])
    ledger.history.append(HOUSE, [HistoryRow(CHARTED, None, "ada|cell|", None, "import", T0 - 9 * DAY)])
    ledger.history.append(HOUSE, [HistoryRow(BACKED_UP, "I2", "bo|two|", None, "playlist", T0 + DAY)])
    ledger.history.append(OTHER, [HistoryRow(MATCHED, None, "dora|told|", None, "playlist", T0)])
    ledger.history.append(OTHER, [HistoryRow(IMPORTED, None, "eve, finn|three|dub", None, "import", UNDATED)])
    rows = [BackupRow(0, BACKED_UP, "I2", "Two", ("Bo",), T0)]
    ledger.backups.append(HOUSE, "s1", T0, rows)
    ledger.backups.append(HOUSE, "s2", T0 + DAY, [BackupRow(0, BACKED_UP, "I2", "Two - Remastered", ("Bo",), T0)])
    ledger.playlists.append(RememberedPlaylist(5, HOUSE, "House of old", T0))
    ledger.listings.append("run", T0, [ListedPlaylist("run", HOUSE, "House, mine", "s2", 1, "me", T0)])


def exported(ledger: Ledger, path: Path, playlist_id: str | None = None) -> Path:
    write_file(path, "history", COLUMNS, sheet_rows(history_lines(ledger, playlist_id)), overwrite=True)
    return path


def table_of(path: Path) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(path, data_only=True).active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def everything(ledger: Ledger) -> list[tuple[Any, ...]]:
    return [
        (playlist_id, *sorted(ledger.history.rows(playlist_id, list(ledger.history.track_ids(playlist_id))).items()))
        for playlist_id in ledger.history.playlists()
    ]


class TestWhatAPersonReads:
    def test_names_come_from_the_chart_a_backup_a_match_or_the_historys_key(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        rows = table_of(exported(ledger, tmp_path / "out.xlsx"))
        assert [(row["Playlist"], row["Artist"], row["Title"], row["Mix"]) for row in rows] == [
            ("House, mine", "Bo", "Two - Remastered", None),
            ("House, mine", "Ada, B, C", "=Cell", "Extended Mix"),
            (None, "Dora", "Told", None),
            (None, "eve, finn", "three", "dub"),
        ]

    def test_a_track_is_there_once_with_its_earliest_date_and_what_beatport_said(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        row = table_of(exported(ledger, tmp_path / "out.xlsx", HOUSE))[1]
        assert row["Added (UTC)"] == (T0 - 9 * DAY).replace(tzinfo=None)
        assert (row["BPM"], row["Key"], row["Camelot"], row["Label"]) == (126, "A Minor", "8A", "Étoile")
        assert row["Spotify"] == f"https://open.spotify.com/track/{CHARTED}"
        assert row["Beatport"] == "https://www.beatport.com/track/-/11"
        assert row["Playlist link"] == f"https://open.spotify.com/playlist/{HOUSE}"

    def test_an_unknown_date_is_empty(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        assert table_of(exported(ledger, tmp_path / "out.xlsx"))[-1]["Added (UTC)"] is None

    def test_one_playlist_alone_by_its_name_its_link_or_its_id(self, ledger: Ledger) -> None:
        fill(ledger)
        for text in ("House, mine", HOUSE, f"https://open.spotify.com/playlist/{HOUSE}?si=x", f"spotify:playlist:{HOUSE}"):
            assert find_playlist(ledger, text) == HOUSE
        assert {line.playlist_id for line in history_lines(ledger, HOUSE)} == {HOUSE}
        with pytest.raises(SettingsError, match=r"No playlist 'House, mien' .*Did you mean House, mine"):
            find_playlist(ledger, "House, mien")


class TestComingBack:
    @pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
    def test_a_file_that_nobody_changed_changes_nothing(self, ledger: Ledger, tmp_path: Path, suffix: str) -> None:
        fill(ledger)
        before = everything(ledger)
        path = exported(ledger, tmp_path / f"out{suffix}")
        assert is_history_sheet(path)
        assert not is_entries_sheet(path)
        report = import_history_sheet(ledger, path)
        assert (report.read, report.new, report.problems) == (4, 0, [])
        assert everything(ledger) == before

    @only_sqlite
    def test_a_spreadsheet_that_drops_seconds_changes_nothing(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        path = exported(ledger, tmp_path / "out.csv")
        path.write_text(path.read_text("utf-8-sig").replace("T06:30:45Z", " 06:30").replace(",", ";"), "utf-8-sig")
        assert import_history_sheet(ledger, exported(ledger, tmp_path / "again.csv")).new == 0
        text = (tmp_path / "again.csv").read_text("utf-8-sig").replace("2026-11-20T06:30:45Z", "20.11.2026")
        (tmp_path / "again.csv").write_text(text, "utf-8")
        assert import_history_sheet(ledger, tmp_path / "again.csv").new == 0

    def test_a_row_that_a_person_added_keeps_its_recording_out(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        path = exported(ledger, tmp_path / "out.xlsx")
        book = openpyxl.load_workbook(path)
        sheet = book.active
        assert sheet is not None
        link, playlist = f"https://open.spotify.com/track/{NEW}?si=1", f"https://open.spotify.com/playlist/{OTHER}"
        sheet.append([None, "Gus, Hal", "Four", "Dub", "5.1.2024", *[None] * 4, link, None, playlist])
        book.save(path)
        assert import_history_sheet(ledger, path, dry_run=True).new == 1
        assert not ledger.history.rows(OTHER, [NEW]), "a dry run changed the history"
        assert import_history_sheet(ledger, path).new == 1
        row = ledger.history.rows(OTHER, [NEW])[NEW]
        assert (row.source, row.added_at) == ("import", datetime(2024, 1, 5, tzinfo=UTC))
        assert row.recording == recording_key("Four", ["Gus", "Hal"], "Dub")
        assert import_history_sheet(ledger, path).new == 0, "imported twice"

    def test_an_earlier_date_is_taken_and_a_later_one_is_not(self, ledger: Ledger, tmp_path: Path) -> None:
        fill(ledger)
        path = tmp_path / "out.csv"
        head = "Spotify,Playlist link,Added (UTC),Title\n"
        path.write_text(f"{head}{MATCHED},{OTHER},2020-02-02,\n{BACKED_UP},{HOUSE},2030-01-01,\n", "utf-8")
        assert import_history_sheet(ledger, path).new == 1
        assert ledger.history.rows(OTHER, [MATCHED])[MATCHED].added_at == datetime(2020, 2, 2, tzinfo=UTC)
        assert ledger.history.rows(HOUSE, [BACKED_UP])[BACKED_UP].added_at == T0 + DAY

    @only_sqlite
    def test_what_cannot_be_used_is_named_with_file_sheet_and_row_and_the_rest_is_taken(self, ledger: Ledger, tmp_path: Path) -> None:
        path = tmp_path / "mine.xlsx"
        columns = [column for column in COLUMNS if column.name in ("Spotify", "Playlist link", "Added (UTC)", "Title")]
        rows = [
            ("One", None, "https://open.spotify.com/album/4uLU6hMCjMI75M1A2tKUQC", HOUSE),
            ("Two", None, NEW, "no playlist"),
            ("Three", "soon", NEW, HOUSE),
            ("Four", None, "=HYPERLINK(1)", HOUSE),
            ("Five", None, NEW, HOUSE),
        ]
        write_file(path, "history", columns, iter(rows))
        report = import_history_sheet(ledger, path)
        assert report.new == 1
        assert [problem.split(": ", 1)[0] for problem in report.problems] == [f"mine.xlsx, sheet history, row {n}" for n in (2, 3, 4, 5)]
        for problem, said in zip(report.problems, ("album", "'no playlist'", "'soon' is not a date", "not a Spotify track"), strict=True):
            assert said in problem


class TestOldScript:
    @pytest.mark.parametrize("suffix", [".parquet.gz", ".xlsx"])
    def test_its_file_is_read_again_by_our_import_and_by_pandas(self, ledger: Ledger, tmp_path: Path, suffix: str) -> None:
        fill(ledger)
        path = tmp_path / f"hist_playlists_tracks{suffix}"
        write_file(path, "history", SCRIPT_COLUMNS, script_rows(history_lines(ledger)))
        frame = pd.read_parquet(path) if suffix == ".parquet.gz" else pd.read_excel(path)
        assert list(frame) == ["playlist_id", "playlist_name", "track_id", "datetime_added", "artist_name"]
        assert str(frame["datetime_added"].dtype).startswith("datetime64")
        assert list(frame["artist_name"]) == [
            "Bo - Two - Remastered",
            "Ada, B, C - =Cell (Extended Mix)",
            "Dora - Told",
            "eve, finn - three (dub)",
        ]
        before = everything(ledger)
        report = import_history(ledger, path, recording_key)
        assert (report.read, report.left.total()) == (4, 0)
        assert [row[0] for row in everything(ledger)] == [row[0] for row in before]

    @only_sqlite
    def test_an_empty_history_is_a_file_with_headings(self, ledger: Ledger, tmp_path: Path) -> None:
        path = tmp_path / "out.parquet"
        write_file(path, "history", SCRIPT_COLUMNS, script_rows(history_lines(ledger)))
        assert list(pd.read_parquet(path)) == [column.name for column in SCRIPT_COLUMNS]


@pytest.mark.slow
@only_sqlite
def test_memory_does_not_grow_with_the_history(ledger: Ledger, tmp_path: Path) -> None:
    """Children write a twelfth of it, and all of it, so that each peak is its own. 248,000 rows were measured by hand."""
    for number in range(12):
        rows = [HistoryRow(f"{number:04}{n:018}", None, f"artist {n}|title {n}|", None, "import", T0) for n in range(5_000)]
        ledger.history.append(f"{number:022}", rows)
    assert ledger.database.path is not None
    written, few = peak_of(ledger.database.path, tmp_path / "few.xlsx", f"{0:022}")
    assert written == 5_000
    written, many = peak_of(ledger.database.path, tmp_path / "many.xlsx")
    assert written == 60_000
    assert many - few < 16 * 2**20, "memory grows with the history"


WRITES = """
import resource, sys
from pathlib import Path
from beatporter.exports.history import COLUMNS, history_lines, sheet_rows
from beatporter.ledger.ledger import open_ledger
from beatporter.ledger.spreadsheet import write_file
with open_ledger(sys.argv[1]) as ledger:
    lines = history_lines(ledger, sys.argv[3] if len(sys.argv) > 3 else None)
    print(write_file(Path(sys.argv[2]), "history", COLUMNS, sheet_rows(lines)).rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def peak_of(database: Path, path: Path, *playlist: str) -> tuple[int, int]:
    """Rows written, and the peak of resident memory in bytes."""
    command = [sys.executable, "-c", WRITES, str(database), str(path), *playlist]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    rows, peak = map(int, done.stdout.split())
    return rows, peak
