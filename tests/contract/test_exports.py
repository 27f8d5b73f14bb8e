"""Sheets, sets and missing entries as a DJ uses them: the real commands against the sandbox, and what comes of a changed sheet."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import openpyxl
import pytest

from beatporter.exports.camelot import camelot_of
from beatporter.exports.dj_set import read_set, write_set
from beatporter.exports.sheet_import import import_entries_sheet
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.match import Match
from beatporter.sync.missing import read_missing
from beatporter.sync.missing_page import missing_headline, missing_markdown
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox
from tests.commands import run_command
from tests.contract.conftest import use_settings
from tests.contract.dj import GENRES, Dj


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=tuple(GENRES))) as running:
        yield running


@pytest.fixture
def dj(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dj:
    made = Dj(sandbox, tmp_path)
    use_settings(monkeypatch, made.environment)
    return made


def typed(dj: Dj, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`beatporter …` in a pipe."""
    return run_command(arguments, dj.environment, dj.home)


def said(dj: Dj, *arguments: str) -> str:
    """The output of a command that must succeed, and calls nobody."""
    before = dj.sandbox.requests.last_number
    done = typed(dj, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert dj.sandbox.requests.last_number == before, "a service was called"
    return done.stdout


def rows_of(path: Path) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(path, data_only=True).active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def fill_in(path: Path, row: int, heading: str, value: object) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    column = next(cell.column for cell in sheet[1] if cell.value == heading)
    sheet.cell(row, column, value)
    book.save(path)


class TestMissing:
    def test_each_missing_entry_with_when_what_came_nearest_and_where_to_search(self, dj: Dj) -> None:
        chart = dj.morning()
        missed = dj.missed(chart)
        assert missed, "nothing is missing in this world"
        found = json.loads(said(dj, "missing", "dubstep", "--json"))["dubstep"]
        assert {one["beatport_id"] for one in found} == {match.beatport_id for match in missed}
        by_id = {match.beatport_id: match for match in missed}
        for one in found:
            match = by_id[one["beatport_id"]]
            assert one["since"] == match.decided_at.isoformat()
            assert match.retry_at is not None
            assert one["next_search"] == match.retry_at.isoformat()
            assert [other["why"] for other in one["refused"]] == [other.why for other in match.runners_up]
            assert one["beatport_url"].endswith(f"/{match.beatport_id}")
            assert one["name"] in unquote(one["search_url"])
        text = said(dj, "missing")
        assert text.startswith(f"{len(missed)} entr")
        assert all(f"{match.beatport_id}, missing since {match.decided_at:%Y-%m-%d}, next search" in text for match in missed)

    def test_the_first_of_several_misses_counts_and_a_persons_never_is_not_missing(self, dj: Dj) -> None:
        chart = dj.morning()
        first, *rest = dj.missed(chart)
        again = replace(first, decided_at=first.decided_at.replace(year=2027), misses=2)
        dj.ledger.matches.append([again, *(replace(one, method="person") for one in rest)])
        with Workspace(dj.settings(), dj.ledger, run_key="x") as workspace:
            (one,) = read_missing(workspace, ["dubstep"])["dubstep"]
        assert (one.since, one.misses, one.again_at) == (first.decided_at, 2, again.retry_at)

    def test_the_page_escapes_names_and_counts_what_it_does_not_show(self, dj: Dj) -> None:
        entries = tuple(ChartEntry(n, n, f"<b>|{n}", ("[A](x)",)) for n in range(1, 71))
        now = Workspace(dj.settings(), dj.ledger, run_key="x").now()
        dj.ledger.charts.append(Chart(18, entries, now))
        dj.ledger.matches.append([Match(n, None, None, "search", 0, None, "1", now, now, misses=1) for n in range(1, 71)])
        with Workspace(dj.settings(), dj.ledger, run_key="x") as workspace:
            found = read_missing(workspace, ["dubstep"])
        page = missing_markdown(found, now)
        assert missing_headline(found) == "70 entries are not on Spotify"
        assert page.startswith("# 70 entries are not on Spotify\n")
        assert r"\<b\>\|1<br>" in page
        assert r"\[A\](x)" in page
        assert "… and 10 more" in page

    def test_an_entry_that_left_the_chart_is_not_searched_again(self, dj: Dj) -> None:
        chart = dj.morning()
        gone = dj.missed(chart)[0]
        latest = dj.ledger.charts.latest(18)
        assert latest is not None
        rest = tuple(entry for entry in latest.entries if entry.beatport_id != gone.beatport_id)
        dj.ledger.charts.append(replace(latest, entries=rest, scraped_at=latest.scraped_at.replace(microsecond=0, second=59)))
        found = json.loads(said(dj, "missing", "dubstep", "--json"))["dubstep"]
        (one,) = [one for one in found if one["beatport_id"] == gone.beatport_id]
        assert (one["position"], one["next_search"]) == (None, None)


class TestSheets:
    def test_charts_and_history_of_a_morning_are_complete(self, dj: Dj) -> None:
        chart = dj.morning()
        assert f"{len(chart)} rows in charts.xlsx" in said(dj, "export", "charts", "charts.xlsx", "dubstep")
        rows = rows_of(dj.home / "charts.xlsx")
        assert [int(row["Beatport"].rsplit("/", 1)[1]) for row in rows] == chart
        links = [row["Spotify"] for row in rows if row["Spotify"]]
        assert links == [f"https://open.spotify.com/track/{match.track_id}" for match in dj.taken(chart)]
        said(dj, "export", "history", "history.csv", "--playlist", f"Dubstep of {dj.home.name}")
        with (dj.home / "history.csv").open(encoding="utf-8-sig", newline="") as file:
            held = {row["Spotify"].rsplit("/", 1)[1] for row in csv.DictReader(file)}
        assert held == set(dj.held())

    def test_the_old_scripts_format_by_option(self, dj: Dj) -> None:
        dj.morning()
        assert "rows in" in said(dj, "export", "history", "hist_playlists_tracks.parquet.gz", "--like-script")
        assert f"{len(dj.held())} rows in" in said(dj, "ledger", "import", "hist_playlists_tracks.parquet.gz", "--dry-run")

    @pytest.mark.parametrize("sheet", ["charts", "missing", "history"])
    @pytest.mark.parametrize("suffix", ["xlsx", "csv"])
    def test_a_sheet_that_nobody_changed_changes_nothing_and_calls_nobody(self, dj: Dj, sheet: str, suffix: str) -> None:
        chart = dj.morning()
        before = dj.ledger.matches.latest(chart)
        said(dj, "export", sheet, f"mine.{suffix}")
        assert ": 0 " in said(dj, "import", f"mine.{suffix}")
        assert dj.ledger.matches.latest(chart) == before

    def test_a_link_beside_a_missing_entry_becomes_an_override_and_costs_one_call(self, dj: Dj) -> None:
        chart = dj.morning()
        stranger = next(dj.strangers(chart))
        said(dj, "export", "missing", "missing.xlsx", "dubstep")
        path = dj.home / "missing.xlsx"
        beatport_id = int(rows_of(path)[0]["Beatport"].rsplit("/", 1)[1])
        fill_in(path, 2, "Spotify", f"https://open.spotify.com/intl-de/track/{stranger}?si=1")
        assert "1 override would be new at 1 Spotify call." in said(dj, "import", "missing.xlsx", "--dry-run")
        assert dj.ledger.matches.latest([beatport_id])[beatport_id].method != "person"
        before = dj.sandbox.requests.last_number
        done = typed(dj, "import", "missing.xlsx")
        assert done.returncode == 0, done.stderr
        assert len(dj.sandbox.requests.entries(after=before, service="spotify")) == 1
        match = dj.ledger.matches.latest([beatport_id])[beatport_id]
        assert (match.method, match.track_id) == ("person", stranger)
        assert ": 0 overrides new" in said(dj, "import", "missing.xlsx")
        dj.morning()
        assert stranger in dj.held()

    def test_an_old_sheet_does_not_bring_an_old_track_back(self, dj: Dj) -> None:
        chart = dj.morning()
        said(dj, "export", "charts", "charts.xlsx", "dubstep")
        beatport_id = dj.taken(chart)[0].beatport_id
        assert dj.types("never", str(beatport_id)).returncode == 0
        assert ": 0 overrides new" in said(dj, "import", "charts.xlsx")
        assert dj.ledger.matches.latest([beatport_id])[beatport_id].track_id is None

    def test_what_is_wrong_is_named_with_its_row_and_the_rest_is_taken(self, dj: Dj) -> None:
        chart = dj.morning()
        stranger = next(dj.strangers(chart))
        said(dj, "export", "charts", "charts.xlsx", "dubstep")
        path = dj.home / "charts.xlsx"
        fill_in(path, 2, "Spotify", "https://open.spotify.com/album/4uLU6hMCjMI75M1A2tKUQC")
        fill_in(path, 3, "Spotify", "0" * 22)
        fill_in(path, 4, "Spotify", stranger)
        fill_in(path, 5, "Spotify", stranger)
        fill_in(path, 5, "Beatport", "gone")
        done = typed(dj, "import", "charts.xlsx")
        assert done.returncode == 1
        assert "1 override new" in done.stdout
        for row, what in ((2, "album"), (3, "Spotify has no track"), (5, "'gone' in the column Beatport")):
            assert any(line.startswith(f"charts.xlsx, sheet charts, row {row}: ") and what in line for line in done.stdout.splitlines())

    def test_other_files_are_refused_with_the_way_to_go(self, dj: Dj) -> None:
        (dj.home / "other.csv").write_text("a,b\n1,2\n")
        done = typed(dj, "import", "other.csv")
        assert done.returncode == 2
        assert "other.csv is not a spreadsheet that `beatporter export` wrote" in done.stderr
        assert "beatporter ledger import" in done.stderr

    def test_a_formula_in_a_name_stays_text_there_and_back(self, dj: Dj) -> None:
        now = Workspace(dj.settings(), dj.ledger, run_key="x").now()
        dj.ledger.charts.append(Chart(18, (ChartEntry(1, 1, "=cmd|' /C calc'!A0", ("@A\x1b[31m",)),), now))
        said(dj, "export", "charts", "charts.csv", "dubstep")
        assert ",'@A[31m,'=cmd|' /C calc'!A0," in (dj.home / "charts.csv").read_text("utf-8-sig")
        with Workspace(dj.settings(), dj.ledger, run_key="x") as workspace:
            assert import_entries_sheet(workspace, dj.home / "charts.csv").new == 0


class TestSets:
    def test_rekordbox_xml_is_as_its_format_list_says(self, dj: Dj) -> None:
        chart = dj.morning()
        text = said(dj, "export", "set", "dubstep", "--order", "harmonic")
        assert f"{len(dj.missed(chart))} track" in text
        root = ElementTree.parse(dj.home / "dubstep.xml").getroot()  # noqa: S314 - our own file
        assert (root.tag, root.get("Version"), [child.tag for child in root]) == (
            "DJ_PLAYLISTS",
            "1.0.0",
            ["PRODUCT", "COLLECTION", "PLAYLISTS"],
        )
        collection, top = root.find("COLLECTION"), root.find("PLAYLISTS/NODE")
        assert collection is not None
        assert top is not None
        assert (top.get("Type"), top.get("Name"), top.get("Count"), len(top)) == ("0", "ROOT", "1", 1)
        playlist = top[0]
        assert (playlist.get("Type"), playlist.get("KeyType")) == ("1", "0")
        keys = [track.get("Key") for track in playlist]
        assert keys == [track.get("TrackID") for track in collection]
        assert len(set(keys)) == len(keys) == int(playlist.get("Entries", "")) == int(collection.get("Entries", ""))
        taken = {str(match.beatport_id): match.track_id for match in dj.taken(chart)}
        assert set(keys) == taken.keys()
        for track in collection:
            assert track.get("Location") == f"file://localhostspotify:track:{taken[track.get('TrackID', '')]}"
            assert track.get("Name")
            assert track.get("Artist")
            assert float(track.get("AverageBpm", "0.00")) >= 0
            assert track.get("Tonality") is None or camelot_of(None, track.get("Tonality"))
            assert track.get("TotalTime", "0").isdigit()
            assert set(track.keys()) <= set(TRACK_ATTRIBUTES)

    def test_m3u8_has_every_track_of_the_chart_in_its_order(self, dj: Dj) -> None:
        chart = dj.morning()
        said(dj, "export", "set", "dubstep", "--format", "m3u8", "--out", "set.m3u8")
        head, name, *lines = (dj.home / "set.m3u8").read_text("utf-8").splitlines()
        assert (head, name.partition(":")[0]) == ("#EXTM3U", "#PLAYLIST")
        decided = dj.ledger.matches.latest(chart)
        expected = [
            f"https://open.spotify.com/track/{decided[n].track_id}" if decided[n].track_id else f"https://www.beatport.com/track/-/{n}"
            for n in chart
        ]
        assert lines[1::2] == expected
        assert all(line.startswith("#EXTINF:") for line in lines[::2])

    def test_csv_has_tempo_key_and_camelot(self, dj: Dj) -> None:
        dj.morning()
        said(dj, "export", "set", "dubstep", "--format", "csv", "--out", "set.csv")
        with (dj.home / "set.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [int(row["#"]) for row in rows] == [int(row["Chart"]) for row in rows] == list(range(1, len(rows) + 1))
        with_key = [row for row in rows if row["Key"]]
        assert with_key
        assert all(row["Camelot"] == str(camelot_of(row["Key"])) for row in with_key)
        assert any(row["BPM"].isdigit() and row["Length"].count(":") == 1 for row in rows)

    def test_names_from_outside_do_not_break_a_line_or_the_xml(self, dj: Dj) -> None:
        now = Workspace(dj.settings(), dj.ledger, run_key="x").now()
        entry = ChartEntry(1, 1, 'A "quoted" <title> &\nhttps://evil\x1b', ("#EXTINF:1,x",), bpm=140, key="A Minor", length_ms=61_400)
        dj.ledger.charts.append(Chart(18, (entry,), now))
        dj.ledger.matches.append([Match(1, None, "1" * 22, "search", 90, "same", "1", now, None)])
        with Workspace(dj.settings(), dj.ledger, run_key="x") as workspace:
            dj_set = read_set(workspace, "dubstep", "chart")
        write_set(dj_set, "m3u8", dj.home / "a.m3u8")
        assert (dj.home / "a.m3u8").read_text().splitlines()[2:] == [
            '#EXTINF:61,#EXTINF:1,x - A "quoted" <title> & https://evil [140 8A]',
            f"https://open.spotify.com/track/{'1' * 22}",
        ]
        write_set(dj_set, "rekordbox", dj.home / "a.xml")
        (track,) = ElementTree.parse(dj.home / "a.xml").getroot().iterfind("COLLECTION/TRACK")  # noqa: S314 - our own file
        assert track.get("Name") == 'A "quoted" <title> & https://evil'

    def test_bad_choices_and_lists_without_a_chart_are_named(self, dj: Dj) -> None:
        for arguments, what in (
            (("set", "dubstep", "--format", "traktor"), "There is no format 'traktor'. There are rekordbox, m3u8, csv."),
            (("set", "dubstep", "--order", "random"), "There is no order 'random'. There are chart, harmonic."),
            (("set", "dubstep"), "No chart of dubstep has been read yet."),
            (("set", "dubstip"), "Unknown genre 'dubstip'"),
            (("charts", "out.txt"), "ends in neither .csv nor .xlsx"),
        ):
            done = typed(dj, "export", *arguments)
            assert done.returncode, arguments
            assert what in " ".join(done.stderr.split()), done.stderr


TRACK_ATTRIBUTES = (
    *("TrackID", "Name", "Artist", "Composer", "Album", "Grouping", "Genre", "Kind", "Size", "TotalTime", "DiscNumber", "TrackNumber"),
    *("Year", "AverageBpm", "DateModified", "DateAdded", "BitRate", "SampleRate", "Comments", "PlayCount", "LastPlayed", "Rating"),
    *("Location", "Remixer", "Tonality", "Label", "Mix", "Colour"),
)
"""Of a TRACK in rekordbox's "XML format list"."""
