"""What each step may allocate at its peak with 250 thousand rows of history: `pytest --memray`, which is part of `make memory`.

A step was measured at 0.2 to 1.7 MB; the budgets have room for another Python, and for arenas of 1 MB that small objects happen to open.
Anything that loads the history exceeds them: its rows alone take 40 MB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import HistoryRow
from beatporter.settings import load_settings
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from bench.ledger_rows import batches_of, playlist_id
from tests.memory.measured_runs import sandbox

ROWS, PLAYLISTS = 250_000, 20
WARM_UP, GENRE = "house", "afro-house"


class Morning:
    """A genre's morning, one step per test."""

    def __init__(self) -> None:
        self.settings = load_settings()
        self.chart: list[int] = []
        self.found: list[str] = []
        self.added: list[str] = []

    def workspace(self, slug: str) -> Workspace:
        return Workspace(self.settings, open_ledger(self.settings.ledger_address()), run_key="run", slug=slug, reserve=3)


@pytest.fixture(scope="module")
def morning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """A ledger with a long history, after one finished genre, so that loading modules and filling caches does not count."""
    if not request.config.getoption("memray", default=False):
        pytest.skip("allocations are counted with --memray only")
    with sandbox(tmp_path_factory.mktemp("world") / "home", 0, [WARM_UP, GENRE]) as world, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BEATPORTER_")]:
            patch.delenv(name)
        for name, value in world.environment.items():
            if name.startswith("BEATPORTER_"):
                patch.setenv(name, value)
        fill(Path(world.environment["BEATPORTER_HOME"]) / "beatporter.db")
        begun = Morning()
        with begun.workspace(WARM_UP) as workspace:
            list_playlists(workspace)
            chart = scrape_chart(workspace, WARM_UP)
            added = update_playlist(workspace, WARM_UP, chart, match_tracks(workspace, WARM_UP, chart))
            append_history(workspace, WARM_UP, added)
            back_up_playlist(workspace, WARM_UP)
        yield begun


def fill(path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with open_ledger(path) as ledger:
        for playlist in range(PLAYLISTS):
            for batch in batches_of(playlist, ROWS // PLAYLISTS):
                rows = [HistoryRow(track, isrc, recording, None, "import", at) for track, isrc, recording in batch]
                ledger.history.append(playlist_id(playlist), rows)


@pytest.mark.limit_memory("5 MB")
def test_scraping_the_chart(morning: Morning) -> None:
    with morning.workspace(GENRE) as workspace:
        morning.chart = scrape_chart(workspace, GENRE)
    assert len(morning.chart) == 100


@pytest.mark.limit_memory("3 MB")
def test_matching_its_tracks(morning: Morning) -> None:
    with morning.workspace(GENRE) as workspace:
        morning.found = match_tracks(workspace, GENRE, morning.chart)
    assert len(morning.found) > 80


@pytest.mark.limit_memory("3 MB")
def test_updating_the_playlist(morning: Morning) -> None:
    with morning.workspace(GENRE) as workspace:
        morning.added = update_playlist(workspace, GENRE, morning.chart, morning.found)
    assert len(morning.added) > 80


@pytest.mark.limit_memory("3 MB")
def test_appending_to_the_history(morning: Morning) -> None:
    with morning.workspace(GENRE) as workspace:
        append_history(workspace, GENRE, morning.added)
        assert workspace.ledger.memory.history_rows() > ROWS


@pytest.mark.limit_memory("3 MB")
def test_backing_up_the_playlist(morning: Morning) -> None:
    with morning.workspace(GENRE) as workspace:
        back_up_playlist(workspace, GENRE)
