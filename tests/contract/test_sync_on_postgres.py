"""The same mornings on SQLite and PostgreSQL give the same playlists, with the same calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from tests.contract.conftest import NAME, SLUG, sandbox_in_use
from tests.postgres import NoPostgres, running_postgres

DAYS = 3


def mornings(home: Path, database: str) -> tuple[list[list[str]], int]:
    """The playlist's content after each morning, and the total of Spotify calls."""
    with sandbox_in_use(home) as world:
        settings = load_settings(database=database)
        held = []
        for day in range(DAYS):
            for step in range(1 if day else 2):  # the first morning twice: the second time there is nothing to do
                with Workspace(settings, open_ledger(database), run_key=f"{day}/{step}", slug=SLUG, reserve=3) as workspace:
                    chart = scrape_chart(workspace, SLUG)
                    added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
                    append_history(workspace, SLUG, added)
                    back_up_playlist(workspace, SLUG)
            held.append(world.spotify.person.track_ids(NAME))
            ledger = open_ledger(database)
            playlist = ledger.playlists.latest(18)
            assert playlist is not None
            backup = ledger.backups.latest(playlist.playlist_id)
            assert backup is not None
            assert ledger.backups.track_ids(playlist.playlist_id, backup.snapshot_id) == held[-1]
            ledger.close()
            world.world.advance_day()
        return held, world.requests.count(service="spotify")


def test_playlists_and_calls_are_the_same(tmp_path: Path) -> None:
    try:
        with running_postgres() as server:
            on_postgres = mornings(tmp_path / "a", server.new_database())
    except NoPostgres as reason:
        pytest.skip(str(reason))
    assert on_postgres == mornings(tmp_path / "b", str(tmp_path / "beatporter.db"))
    assert len(on_postgres[0][-1]) > 95
