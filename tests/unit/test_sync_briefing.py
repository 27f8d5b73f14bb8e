"""The morning page: ready or not, what is new, what left, what waits; the same as Markdown, HTML and JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.matching import RULES
from beatporter.playlist_kinds import playlist_number
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import AuditRow, HistoryRow, RememberedPlaylist, RunRow
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.sync.briefing import Briefing, read_briefing
from beatporter.sync.briefing_page import briefing_document, briefing_html, briefing_markdown, readiness
from beatporter.sync.report import GenreLinks
from beatporter.sync.workspace import Workspace

NOW = datetime(2026, 11, 27, 7, 5, tzinfo=UTC)
HOUSE = 5
PLAYLIST = "p" * 22
HOSTILE = "<script>alert(1)</script>|[a](javascript:x)"


def entry(number: int, name: str = "Name") -> ChartEntry:
    return ChartEntry(number, number, name, ("Artist",), "Extended Mix")


def match(number: int, track: str | None, version: str | None, *, retry_at: datetime | None = None) -> Match:
    return Match(number, None, track, "search", 95.0, version, "1", NOW, retry_at, ("why",), "Name", ("Artist",))  # type: ignore[arg-type]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Briefing:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(home=tmp_path)
    ledger = open_ledger(settings.ledger_address())
    ledger.charts.append(Chart(HOUSE, (entry(1), entry(9, "Gone")), NOW - timedelta(hours=24)))
    ledger.charts.append(Chart(HOUSE, (entry(1), entry(2, HOSTILE), entry(3)), NOW))
    ledger.playlists.append(RememberedPlaylist(HOUSE, PLAYLIST, "House", NOW))
    tracks = ["a" * 22, "b" * 22]
    ledger.matches.append([match(1, tracks[0], "same"), match(2, tracks[1], "substitute")])
    ledger.matches.append([match(3, None, None, retry_at=NOW + timedelta(days=2))])
    for track, age in zip(tracks, (48, 1), strict=True):
        ledger.history.append(PLAYLIST, [HistoryRow(track, None, f"r|{track}|", 1, "chart", NOW - timedelta(hours=age))])
    ledger.audits.append(AuditRow(1, tracks[0], RULES, "same, sure", 1, "yes", NOW))
    ledger.runs.append(RunRow(HOUSE, "completed", 1, 1, 0, None, NOW - timedelta(hours=1), run_id="run-1"))
    ledger.runs.append(RunRow(HOUSE, "completed", 0, 1, 0, None, NOW, run_id="run-2", peak_memory_mb=240.0))
    with Workspace(settings, ledger, run_key="briefing", now=lambda: NOW) as workspace:
        return read_briefing(workspace, ["house", "dubstep"], ["Spotify sign-in: 10 days old."])


def test_what_is_new_left_and_missing(read: Briefing) -> None:
    house, dubstep = read.genres
    assert [track.position for track in house.new] == [2], "only what came in within the day is new"
    assert [track.title for track in house.left] == ["Gone (Extended Mix)"]
    assert [track.position for track in house.substitutes] == [2]
    assert [track.again_at for track in house.missing] == [NOW + timedelta(days=2)]
    assert (house.is_ready, dubstep.is_ready, read.is_ready) == (True, False, False)
    assert readiness(read) == "Not ready: 1 of 2 genres (dubstep)"
    assert read.peak_mb == 240.0


def test_a_genre_leads_to_the_run_that_changed_its_playlist_last(read: Briefing) -> None:
    document, page = briefing_document(read), briefing_html(read, "http://127.0.0.1:4200/api")
    assert document["genres"]["house"]["run"] == "run-2"
    assert document["genres"]["house"]["changed_by"] == "run-1", "the last run added nothing"
    assert 'href="http://127.0.0.1:4200/v2/runs/flow-run/run-1">changed 2026-11-27 06:05 UTC</a>' in page
    assert "changed 2026-11-27 06:05 UTC by the run run-1" in briefing_html(read)
    links = {"house": GenreLinks(run="/run-2", change="/run-1")}
    assert "[changed 2026-11-27 06:05 UTC](/run-1)" in briefing_markdown(read, links)
    assert "changed" not in briefing_markdown(read), "nothing to lead to"


def test_the_pages_say_it_and_show_names_as_text(read: Briefing) -> None:
    text, page = briefing_markdown(read), briefing_html(read)
    assert "240 MB at the highest peak" in text
    assert "Matching: Precision 100 %" in text
    assert "searched again from 2026-11-29" in text
    assert not re.search(r"(?<!\\)<script", text)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in re.sub(r"https://open\.spotify\.com", "", page).replace("href", ""), "the page loads something"
    document = briefing_document(read)
    assert document["genres"]["house"]["new"][0]["url"] == f"https://open.spotify.com/track/{'b' * 22}"
    assert document["audit"].startswith("Precision 100 %")
    assert document["ready"] is False


@pytest.mark.parametrize(
    ("state", "age_h", "ready"), [("completed", 1, True), ("challenged", 1, True), ("failed", 1, False), ("completed", 25, False)]
)
def test_a_genre_is_ready_when_a_run_of_the_day_ended_well(state: str, age_h: int, ready: bool, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    ledger = open_ledger(settings.ledger_address())
    ledger.runs.append(RunRow(HOUSE, state, 1, 1, 0, None, NOW - timedelta(hours=age_h)))
    with Workspace(settings, ledger, run_key="briefing", now=lambda: NOW) as workspace:
        assert read_briefing(workspace, ["house"]).is_ready is ready


def test_a_list_with_several_playlists_leads_to_each(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, playlist_kinds=("collect", "daily"))
    ledger = open_ledger(settings.ledger_address())
    house = settings.find_list("house")
    for kind, playlist_id in (("collect", PLAYLIST), ("daily", "d" * 22)):
        ledger.playlists.append(RememberedPlaylist(playlist_number(house, kind), playlist_id, kind, NOW))  # type: ignore[arg-type]
    with Workspace(settings, ledger, run_key="briefing", now=lambda: NOW) as workspace:
        read = read_briefing(workspace, ["house"])
    to_daily = f"https://open.spotify.com/playlist/{'d' * 22}"
    assert f"[daily]({to_daily})" in briefing_markdown(read)
    assert f'<a href="{to_daily}">daily</a>' in briefing_html(read)
    document = briefing_document(read)["genres"]["house"]
    assert document["playlist"] == document["playlists"]["collect"] == f"https://open.spotify.com/playlist/{PLAYLIST}"
    assert document["playlists"]["daily"] == to_daily
