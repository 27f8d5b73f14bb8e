"""The five steps against the sandbox: mornings, a person's changes to the playlist, a person's overrides."""

from __future__ import annotations

import pytest

from beatporter.errors import PlaylistFull
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.settings import Settings, load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox
from tests.contract.conftest import NAME, SLUG


def open_all() -> tuple[Settings, Ledger]:
    settings = load_settings()
    return settings, open_ledger(settings.ledger_address())


def morning(run_key: str) -> tuple[list[int], list[str]]:
    """One complete run; returns the chart and what was added."""
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key=run_key, slug=SLUG, reserve=3) as workspace:
        chart = scrape_chart(workspace, SLUG)
        added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
        append_history(workspace, SLUG, added)
        back_up_playlist(workspace, SLUG)
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
    assert world.requests.count(kind="playlist-items", method="POST") == 2, "one write per morning"


def test_the_same_run_again_changes_nothing(world: Sandbox) -> None:
    _, added = morning("one")
    calls = world.requests.count(kind="playlist-items")
    _, again = morning("one again")
    assert again == []
    assert world.spotify.person.track_ids(NAME) == added
    assert world.requests.count(kind="playlist-items") == calls


def test_a_persons_changes_are_respected(world: Sandbox) -> None:
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
    assert sorted(added) == sorted(lost), "the next run records them in the history"
    assert backed_up() == lost


def test_an_override_replaces_the_track_in_its_place(world: Sandbox) -> None:
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


def test_tracks_removed_by_the_person_after_a_run_died_stay_out(world: Sandbox) -> None:
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="one", slug=SLUG) as workspace:
        chart = scrape_chart(workspace, SLUG)
        sent = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
    world.spotify.person.remove_track(NAME, sent[7])
    _, added = morning("two")
    kept = [track_id for track_id in sent if track_id != sent[7]]
    assert world.spotify.person.track_ids(NAME) == kept
    assert added == sent, "Spotify had confirmed them: the next run records them, whatever happened to them since"
    assert backed_up() == kept
    playlist = ledger.playlists.latest(18)
    assert playlist is not None
    assert set(ledger.history.track_ids(playlist.playlist_id)) == set(sent), "the history knows what was removed"


def test_a_run_without_calls_records_what_a_dead_run_wrote_from_the_ledger(world: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="one", slug=SLUG) as workspace:
        chart = scrape_chart(workspace, SLUG)
        sent = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
    monkeypatch.setenv("BEATPORTER_SPOTIFY_DAILY_BUDGET", "1")
    _, added = morning("two")
    assert added == sent, "Spotify had confirmed it, so no request is needed"
    assert backed_up() == sent
    monkeypatch.setenv("BEATPORTER_SPOTIFY_DAILY_BUDGET", "5000")
    reads = world.requests.count(kind="playlist-items", method="GET")
    _, added = morning("three")
    assert added == []
    assert world.requests.count(kind="playlist-items", method="GET") == reads
    assert world.spotify.person.track_ids(NAME) == sent
    assert backed_up() == sent


def test_entries_that_left_the_chart_unsearched_are_added_below_todays(world: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="one", slug=SLUG) as workspace:
        before = scrape_chart(workspace, SLUG)  # and then the power failed
    for _ in range(3):
        world.world.advance_day()
    chart, added = morning("two")
    gone = [beatport_id for beatport_id in before if beatport_id not in chart]
    found = {match.beatport_id: match.track_id for match in ledger.matches.latest(before).values() if match.track_id}
    late = [found[beatport_id] for beatport_id in gone if beatport_id in found]
    assert len(late) > 5, "three days of churn"
    assert [track_id for track_id in added if track_id in late] == [track_id for track_id in late if track_id in added]
    assert set(added[-len(late) :]) == set(late), "below what the current chart asks for"
    assert world.spotify.person.track_ids(NAME) == added


def test_a_full_playlist_moves_its_oldest_tracks_and_keeps_growing(world: Sandbox) -> None:
    _, first = morning("one")
    world.world.advance_day()
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="two", slug=SLUG, reserve=3) as workspace:
        chart = scrape_chart(workspace, SLUG)
        added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart), limit=len(first) + 2)
        append_history(workspace, SLUG, added)
        back_up_playlist(workspace, SLUG)
    person = world.spotify.person
    assert added
    assert person.track_ids(NAME)[: len(added)] == added
    moved = person.track_ids(f"{NAME} (2)")
    assert person.track_ids(NAME) + moved == added + first, "nothing is lost, the order holds"
    world.world.advance_day()
    _, more = morning("three")
    assert not set(more) & set(first), "moved tracks are not added again"


def test_a_full_playlist_is_reported_when_the_person_wants_no_continuation(world: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = morning("one")
    monkeypatch.setenv("BEATPORTER_PLAYLIST_WHEN_FULL", "fail")
    world.world.advance_day()
    settings, ledger = open_all()
    with Workspace(settings, ledger, run_key="two", slug=SLUG, reserve=3) as workspace:
        chart = scrape_chart(workspace, SLUG)
        found = match_tracks(workspace, SLUG, chart)
        with pytest.raises(PlaylistFull, match="BEATPORTER_PLAYLIST_WHEN_FULL=continue"):
            update_playlist(workspace, SLUG, chart, found, limit=len(first) + 2)
    assert world.spotify.person.track_ids(NAME) == first


def test_a_deleted_playlist_starts_again_without_tracks_removed_from_it(world: Sandbox) -> None:
    _, first = morning("one")
    person = world.spotify.person
    person.remove_track(NAME, first[4])
    morning("two")
    person.delete(NAME)
    searches = world.requests.count(kind="search")
    morning("three")
    assert person.track_ids(NAME) == [track_id for track_id in first if track_id != first[4]]
    assert world.requests.count(kind="search") == searches, "every answer was kept"
