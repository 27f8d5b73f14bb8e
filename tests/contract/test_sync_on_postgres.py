"""The same mornings on SQLite and on PostgreSQL: the same playlists, for the same calls; and a server that goes away in mid-run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beatporter.errors import TransientError
from beatporter.ledger.ledger import open_ledger
from beatporter.settings import Settings, load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox
from tests.contract.conftest import NAME, SLUG, sandbox_in_use
from tests.postgres import NoPostgres, Postgres, running_postgres
from tests.timeouts import TIMEOUT_S

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


AWAY_S = 3.0
"""Of the 75 s for which a server is waited for, see `ledger.database`; a whole minute was looked at by hand."""


def test_a_server_that_goes_away_in_the_middle_of_a_run_costs_nothing(tmp_path: Path) -> None:
    try:
        with running_postgres() as server, sandbox_in_use(tmp_path / "home") as world:
            at, _, sockets = server.new_database().partition("?host=")
            door = tmp_path / "sockets"
            door.symlink_to(sockets)
            database = f"{at}?host={door}"
            closer = threading.Thread(target=_shut_for_a_while, args=(world, server, door))
            closer.start()
            found = _run(load_settings(database=database))
            closer.join()
            held = world.spotify.person.track_ids(NAME)
            ledger = open_ledger(database)
            playlist = ledger.playlists.latest(18)
            assert playlist is not None
            assert set(ledger.history.track_ids(playlist.playlist_id)) == set(held)
            ledger.close()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    assert held == found
    assert len(held) == len(set(held)) > 95
    assert world.requests.count(service="spotify", method="POST", kind="playlist-items") == 1


def _shut_for_a_while(world: Sandbox, server: Postgres, door: Path) -> None:
    """Break every connection to the server once searching is under way, and let none in for a while."""
    end = time.monotonic() + TIMEOUT_S
    while world.requests.count(service="spotify", kind="search") < 50 and time.monotonic() < end:
        time.sleep(0.02)
    sockets = door.readlink()
    door.unlink()
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
    time.sleep(AWAY_S)
    door.symlink_to(sockets)


def _run(settings: Settings) -> list[str]:
    """The five steps, each tried again after a transient error as its task is; what was found."""

    def step(do: Callable[[Workspace], Any]) -> Any:
        for attempt in range(3):
            try:
                with Workspace(settings, open_ledger(settings.ledger_address()), run_key="run", slug=SLUG, reserve=3) as workspace:
                    return do(workspace)
            except TransientError:
                if attempt == 2:
                    raise
        raise AssertionError("the last attempt returns or raises")

    chart = step(lambda workspace: scrape_chart(workspace, SLUG))
    found: list[str] = step(lambda workspace: match_tracks(workspace, SLUG, chart))
    added = step(lambda workspace: update_playlist(workspace, SLUG, chart, found))
    step(lambda workspace: append_history(workspace, SLUG, added))
    step(lambda workspace: back_up_playlist(workspace, SLUG))
    return found
