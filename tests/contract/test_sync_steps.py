"""The five steps against the sandbox: mornings, a person's hand in the playlist, a person's word over a match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.settings import Settings, load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.correct import never_match, set_match
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox

SLUG = "dubstep"
NAME = "Beatport: Dubstep - Top 100"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(Options(genres=(SLUG,))) as running:
        for key, value in running.environment().items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
        monkeypatch.setenv("BEATPORTER_SPOTIFY_DAILY_BUDGET", "5000")
        monkeypatch.setenv("BEATPORTER_SPOTIFY_RATE", "500")
        yield running


def open_all() -> tuple[Settings, Ledger]:
    settings = load_settings()
    return settings, open_ledger(settings.ledger_root())


def morning(run_key: str) -> tuple[list[int], list[str]]:
    """One whole run; the chart and what was added."""
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key=run_key, slug=SLUG, reserve=3) as workspace:
        chart = scrape_chart(workspace, SLUG)
        added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
        append_history(workspace, SLUG, chart, added)
        back_up_playlist(workspace, SLUG, chart, added)
    return chart, added


def backed_up() -> list[str | None]:
    _, ledger = open_all()
    playlist = ledger.playlists.latest(18)
    assert playlist is not None
    backup = ledger.backups.latest(playlist.playlist_id)
    assert backup is not None
    return [row.track_id for row in ledger.backups.items(playlist.playlist_id, backup.snapshot_id)]


def test_two_mornings_read_no_playlist_and_back_up_what_is_there(world: Sandbox) -> None:
    _, added = morning("one")
    person = world.spotify.person
    assert person.track_ids(NAME) == added
    searches = world.requests.count(kind="search")
    world.world.advance_day()
    _, more = morning("two")
    assert person.track_ids(NAME) == more + added
    assert backed_up() == more + added
    assert world.requests.count(kind="search") - searches < 60
    assert world.requests.count(kind="playlist-items", method="GET") == 0, "nobody else changed it"
    assert world.requests.count(kind="playlist-items", method="POST") == 2, "one write a morning"


def test_the_same_run_again_changes_nothing(world: Sandbox) -> None:
    _, added = morning("one")
    calls = world.requests.count(kind="playlist-items")
    _, again = morning("one again")
    assert again == []
    assert world.spotify.person.track_ids(NAME) == added
    assert world.requests.count(kind="playlist-items") == calls


def test_a_persons_hand_is_respected(world: Sandbox) -> None:
    _, added = morning("one")
    person = world.spotify.person
    person.remove_track(NAME, added[3])
    person.rename(NAME, "My dubstep")
    world.world.advance_day()
    _, more = morning("two")
    held = person.track_ids("My dubstep")
    assert held == more + [track_id for track_id in added if track_id != added[3]]
    assert backed_up() == held


def test_a_run_that_dies_after_its_write_adds_nothing_twice(world: Sandbox) -> None:
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="one", slug=SLUG) as workspace:
        chart = scrape_chart(workspace, SLUG)
        lost = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
    _, added = morning("two")
    assert world.spotify.person.track_ids(NAME) == lost
    assert sorted(added) == sorted(lost), "the next run takes them over into the history"
    assert backed_up() == lost


def test_a_persons_word_replaces_the_track_in_its_place(world: Sandbox) -> None:
    chart, added = morning("one")
    settings, ledger = open_all()
    by_track = {match.track_id: match for match in ledger.matches.latest(chart).values()}
    wrong, ruled_out = by_track[added[5]], by_track[added[8]]
    with Workspace(settings, ledger, run_key="word", slug="") as workspace:
        found = workspace.spotify.search(ledger.charts.entries(18, chart)[chart[0]].artists[0])
        right = next(track.track_id for track in found if track.track_id not in added)
        set_match(workspace, wrong.beatport_id, workspace.spotify.track(right))
        never_match(workspace, ruled_out.beatport_id)
    morning("two")
    expected = [right if track_id == added[5] else track_id for track_id in added if track_id != added[8]]
    assert world.spotify.person.track_ids(NAME) == expected
    assert backed_up() == expected
    morning("three")
    assert world.spotify.person.track_ids(NAME) == expected
