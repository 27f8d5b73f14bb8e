"""The flows that write files for a person, in Prefect's test harness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from prefect.artifacts import Artifact
from prefect.testing.utilities import prefect_test_harness

from beatporter.ledger.ledger import open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import HistoryRow
from beatporter.records.match import Match
from flows.export_set import export_set
from flows.export_table import export_table
from tests.timeouts import TIMEOUT_S

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
TRACK = "1" * 22


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=TIMEOUT_S):
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One found entry, one missing, one row of history."""
    monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
    with open_ledger(tmp_path / "beatporter.db") as ledger:
        entries = (ChartEntry(1, 1, "One", ("Ada",), camelot="8A", bpm=126), ChartEntry(2, 2, "Two", ("Bo",), camelot="3A", bpm=126))
        ledger.charts.append(Chart(5, entries, T0))
        ledger.matches.append([Match(1, None, TRACK, "search", 95, "same", "1", T0, None)])
        ledger.matches.append([Match(2, None, None, "search", 0, None, "1", T0, T0, misses=1)])
        ledger.history.append("2" * 22, [HistoryRow(TRACK, None, "ada|one|", 1, "chart", T0)])
        ledger.close()
    return tmp_path


def page(key: str) -> str:
    artifact = Artifact.get(key)
    assert artifact is not None
    return str(artifact.data).replace("\\", "")


@pytest.mark.parametrize(
    ("table", "only", "heading", "value"),
    [
        ("history", None, "Artist", "Ada"),
        ("missing", "house", "Artist", "Bo"),
        ("charts", "house", "Spotify", f"https://open.spotify.com/track/{TRACK}"),
        ("script-history", None, "artist_name", "Ada - One"),
        ("matches", None, "beatport_id", 1),
    ],
)
def test_a_sheet_or_a_table_is_written_to_the_homes_exports(home: Path, table: str, only: str | None, heading: str, value: object) -> None:
    export_table(table, "xlsx", only)
    (path,) = (home / "exports").iterdir()
    assert path.name in page("export-table")
    sheet = openpyxl.load_workbook(path, data_only=True).active
    assert sheet is not None
    column = next(cell.column for cell in sheet[1] if cell.value == heading)
    assert sheet.cell(2, column).value == value


def test_a_set_is_written_in_the_place_of_the_last_one(home: Path) -> None:
    export_set("house")
    export_set("house")
    (path,) = (home / "exports").iterdir()
    assert path.name == "house-harmonic.xml"
    assert [track.get("Name") for track in ElementTree.parse(path).getroot().iterfind("COLLECTION/TRACK")] == ["One"]  # noqa: S314
    assert "1 left out" in page("export-set")


def test_an_unknown_choice_fails_with_what_there_is() -> None:
    state = export_table("history", "csv", "no such playlist", return_state=True)
    assert state.is_failed()
    assert "No playlist 'no such playlist' has a history" in (state.message or "")
