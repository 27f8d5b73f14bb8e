"""A search that suddenly finds nothing decides nothing; a genre that Spotify hardly has is still decided."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.progress import Progress, listening
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.sync.match import match_tracks
from beatporter.sync.miss_rate import CONTROLS
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox

SLUG = "house"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(Options(genres=(SLUG,))) as running:
        for key, value in {**running.environment(), "BEATPORTER_HOME": str(tmp_path), "BEATPORTER_SPOTIFY_RATE": "100"}.items():
            monkeypatch.setenv(key, value)
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Iterator[Workspace]:
    settings = load_settings(spotify_daily_budget=5000)
    with Workspace(settings, open_ledger(settings.ledger_address()), run_key="run", slug=SLUG) as opened:
        yield opened


def decided(workspace: Workspace, ids: list[int]) -> dict[int, Match]:
    return workspace.ledger.matches.latest(ids)


def searches(sandbox: Sandbox) -> int:
    return sandbox.requests.count(service="spotify", kind="search")


@pytest.mark.parametrize("fault", ["no_results", "no_isrc_results"])
def test_an_empty_spell_leaves_everything_undecided_and_is_said(
    sandbox: Sandbox, workspace: Workspace, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    match_tracks(workspace, SLUG, scrape_chart(workspace, SLUG))
    for _ in range(9):
        sandbox.world.advance_day()
    ids = scrape_chart(workspace, SLUG)
    stood = decided(workspace, ids)
    fresh = set(ids) - set(stood)
    assert len(fresh) > 20
    before = searches(sandbox)
    sandbox.faults.add(service="spotify", kind="search", fault=fault, count=None)
    notes: list[Progress] = []
    with caplog.at_level(logging.WARNING), listening(notes.append):
        match_tracks(workspace, SLUG, ids)
    after = decided(workspace, ids)
    new = {beatport_id: match for beatport_id, match in after.items() if beatport_id not in stood}
    assert not [match for match in new.values() if match.track_id is None], "recorded as not on Spotify"
    if fault == "no_results":
        assert not new
        assert "search is out of order" in caplog.text
        assert [one for one in notes if "out of order" in one.note], "the run does not say so"
        assert searches(sandbox) - before <= 20 * 2 + CONTROLS, "it went on asking"
    sandbox.faults.clear()
    match_tracks(workspace, SLUG, ids)
    assert len([match for match in decided(workspace, list(fresh)).values() if match.track_id]) > 0.8 * len(fresh)


def test_a_first_run_in_which_nothing_at_all_is_found_decides_nothing(sandbox: Sandbox, workspace: Workspace) -> None:
    sandbox.faults.add(service="spotify", kind="search", fault="no_results", count=None)
    ids = scrape_chart(workspace, SLUG)
    assert match_tracks(workspace, SLUG, ids) == []
    assert decided(workspace, ids) == {}


def test_a_spell_that_begins_in_the_middle_of_a_first_batch_is_noticed(sandbox: Sandbox, workspace: Workspace) -> None:
    sandbox.faults.add(service="spotify", kind="search", fault="no_results", nth=8, count=None)
    ids = scrape_chart(workspace, SLUG)
    match_tracks(workspace, SLUG, ids)
    kept = decided(workspace, ids).values()
    assert kept
    assert all(match.track_id for match in kept)


def test_entries_that_are_not_on_spotify_are_misses_when_the_search_is_in_order(sandbox: Sandbox, workspace: Workspace) -> None:
    match_tracks(workspace, SLUG, scrape_chart(workspace, SLUG))
    for _ in range(9):
        sandbox.world.advance_day()
    ids = scrape_chart(workspace, SLUG)
    lacking = [beatport_id for beatport_id in ids if beatport_id not in decided(workspace, ids)]
    chart = workspace.ledger.charts.latest(workspace.genre(SLUG).genre_id)
    assert chart is not None
    _take_off(sandbox, [entry for entry in chart.entries if entry.beatport_id in lacking])
    before = searches(sandbox)
    match_tracks(workspace, SLUG, ids)
    kept = decided(workspace, lacking)
    assert len(kept) == len(lacking)
    assert len([match for match in kept.values() if match.track_id is None]) > 0.8 * len(lacking), "an honest miss is not kept"
    batches = len(lacking) // 20 + 1
    assert searches(sandbox) - before <= 2 * len(lacking) + CONTROLS * batches


def test_one_control_that_left_spotify_is_no_fault(sandbox: Sandbox, workspace: Workspace) -> None:
    match_tracks(workspace, SLUG, scrape_chart(workspace, SLUG))
    for _ in range(9):
        sandbox.world.advance_day()
    ids = scrape_chart(workspace, SLUG)
    lacking = [beatport_id for beatport_id in ids if beatport_id not in decided(workspace, ids)]
    chart = workspace.ledger.charts.latest(workspace.genre(SLUG).genre_id)
    assert chart is not None
    (gone,) = workspace.ledger.matches.recent_isrcs(1)
    _take_off(sandbox, [entry for entry in chart.entries if entry.beatport_id in lacking], gone)
    assert not workspace.spotify.search(f"isrc:{gone}")
    match_tracks(workspace, SLUG, ids)
    assert len(decided(workspace, lacking)) == len(lacking)


def test_second_tries_of_old_misses_are_no_sudden_misses(sandbox: Sandbox, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = scrape_chart(workspace, SLUG)
    match_tracks(workspace, SLUG, ids)
    missed = [beatport_id for beatport_id, match in decided(workspace, ids).items() if match.track_id is None]
    assert missed
    now = workspace.now
    workspace.now = lambda: now() + timedelta(days=40)
    asked = searches(sandbox)
    match_tracks(workspace, SLUG, missed)
    assert {decided(workspace, missed)[beatport_id].misses for beatport_id in missed} == {2}
    assert searches(sandbox) - asked <= 2 * len(missed)


def _take_off(sandbox: Sandbox, entries: list[ChartEntry], *others: str) -> None:
    """Make Spotify's search forget these entries' tracks, and those of other ISRCs."""
    index = sandbox.spotify.index
    names, isrcs = {entry.name.lower() for entry in entries}, {*(entry.isrc for entry in entries), *others}
    found = index.search

    def search(query: str, **options: Any) -> Any:
        page = found(query, **options)
        kept = [track for track in page.tracks if track.isrc not in isrcs and not any(name in track.name.lower() for name in names)]
        return type(page)(kept, len(kept))

    index.search = search  # type: ignore[method-assign]
