"""Tracks that Spotify lists under another id than the one that was sent: counted once, found again, removable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.settings import load_settings
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.candidates import KnownTracks
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.faults import Rule
from sandbox.spotify.models import base62_id
from sandbox.world import Sandbox
from tests.contract.conftest import NAME, SLUG


def open_workspace(run_key: str) -> Workspace:
    settings = load_settings()
    return Workspace(settings, open_ledger(settings.ledger_address()), run_key=run_key, slug=SLUG, reserve=3, sleep=lambda _: None)


def morning(run_key: str) -> list[str]:
    with open_workspace(run_key) as workspace:
        chart = scrape_chart(workspace, SLUG)
        added = update_playlist(workspace, SLUG, chart, match_tracks(workspace, SLUG, chart))
        append_history(workspace, SLUG, added)
        back_up_playlist(workspace, SLUG)
    return added


def list_under_other_ids(world: Sandbox, track_ids: list[str]) -> None:
    world.spotify.listed_as.update({track_id: base62_id("listed", track_id) for track_id in track_ids})


def test_a_lost_answer_puts_no_relinked_track_in_twice(world: Sandbox) -> None:
    world.spotify.listed_as.update({track_id: base62_id("listed", track_id) for track_id in world.spotify.tracks})
    world.faults.add(Rule(service="spotify", kind="playlist-items", method="POST", fault="drop", when="after", count=1))
    added = morning("one")
    assert world.spotify.person.track_ids(NAME) == added, "each once"
    assert world.requests.count(kind="playlist-items", method="POST") == 1, "a present track is not sent again"
    world.spotify.person.remove_track(NAME, added[3])
    world.world.advance_day()
    more = morning("two")
    assert world.spotify.person.track_ids(NAME) == more + [track_id for track_id in added if track_id != added[3]]


@pytest.mark.parametrize("removable_by", ["either", "listed", "sent"])
@pytest.mark.parametrize("what", ["never", "set"])
def test_an_override_removes_the_relinked_track(world: Sandbox, what: str, removable_by: str) -> None:
    added = morning("one")
    wrong = added[5]
    list_under_other_ids(world, [wrong, added[8]])
    world.spotify.removable_by = removable_by  # type: ignore[assignment]
    with open_workspace("override") as workspace:
        (match,) = workspace.ledger.matches.by_track([wrong])[wrong]
        if what == "never":
            never_match(workspace, match.beatport_id)
            expected = [track_id for track_id in added if track_id != wrong]
        else:
            right = next(track_id for track_id in world.spotify.tracks if track_id not in added)
            set_match(workspace, match.beatport_id, workspace.spotify.track(right))
            expected = [right if track_id == wrong else track_id for track_id in added]
    morning("two")
    assert world.spotify.person.track_ids(NAME) == expected
    reads = world.requests.count(kind="playlist-items", method="GET")
    morning("three")
    assert world.spotify.person.track_ids(NAME) == expected
    assert world.requests.count(kind="playlist-items", method="GET") == reads, "a finished override costs no further read"


@pytest.mark.parametrize("same_length", [True, False])
def test_without_an_isrc_the_recording_and_its_length_decide(world: Sandbox, same_length: bool) -> None:
    with open_workspace("one") as workspace:
        chart = scrape_chart(workspace, SLUG)
        found = match_tracks(workspace, SLUG, chart)
        match = replace(workspace.ledger.matches.that_took(found[:1])[found[0]], track_isrc=None)
    assert match.track_duration_ms is not None
    length = match.track_duration_ms + (400 if same_length else 60_000)
    listed = SpotifyTrack("listed", match.track_name or "", match.track_artists, duration_ms=length)
    assert KnownTracks({found[0]: match}).id_of(listed) == (found[0] if same_length else "listed")


def test_a_track_listed_under_another_id_and_name_is_known_by_its_isrc() -> None:
    """The sandbox's relinked tracks keep their names, so the recording would recognise them too."""
    match = Match(1, None, "sent", "search", 95, "same", "1", datetime(2026, 11, 2, tzinfo=UTC), None, track_isrc="GBABC2600001")
    known = KnownTracks({"sent": match})
    assert known.id_of(SpotifyTrack("listed", "Other Name", ("Other",), isrc="GBABC2600001")) == "sent"
    assert known.id_of(SpotifyTrack("listed", "Other Name", ("Other",), isrc="GBABC2600002")) == "listed"
