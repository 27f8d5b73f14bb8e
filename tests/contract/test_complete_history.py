"""Rows of an old history that name no title are completed when it matters: from the ledger, from searches, by a few calls a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from beatporter.matching import keys_of_some_artists, keys_without_title, recording_key
from beatporter.records.ledger import CallRow, HistoryRow
from beatporter.records.match import Match, RunnerUp
from beatporter.sync.candidates import candidate_of, known_of
from beatporter.sync.complete_history import LOOKUPS_A_DAY, complete_history
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace
from tests.contract.conftest import SpotifySandbox, track, track_id

AT = datetime(2025, 3, 1, tzinfo=UTC)
ARTIST = recording_key("", ["Ada Vale 1"])
both_shapes = pytest.mark.parametrize("rules", ["new", "old"])


@pytest.fixture
def workspace(spotify: SpotifySandbox) -> Iterator[Workspace]:
    with Workspace(spotify.settings(), spotify.ledger, run_key="run", now=spotify.clock, sleep=spotify.sleep) as opened:
        yield opened


def removed(workspace: Workspace, number: int, recording: str = ARTIST, playlist_id: str = "P", days: int = 0) -> str:
    """Record a track that the playlist once held; returns its id."""
    workspace.ledger.history.append(playlist_id, [HistoryRow(track_id(number), None, recording, None, "import", AT + timedelta(days=days))])
    return track_id(number)


def second_release(spotify: SpotifySandbox, number: int) -> Match:
    """A decision for another release of a track, under another id and ISRC."""
    first = track(number)
    other = replace(first, track_id=track_id(1000 + number), isrc=f"XXABC27{number:05d}")
    spotify.state.tracks[other.track_id] = other
    return Match(number, None, other.track_id, "search", 100.0, "same", "1", AT, None, (), other.name, other.artists, other.isrc)


def is_known(workspace: Workspace, match: Match) -> bool:
    known = known_of(workspace, "P", [candidate_of(match)])
    return bool(known.track_ids or known.isrcs or known.recordings)


@both_shapes
def test_another_release_of_a_removed_track_stays_out_after_one_look_up(workspace: Workspace, spotify: SpotifySandbox, rules: str) -> None:
    removed(workspace, 1)
    match = second_release(spotify, 1)
    assert not is_known(workspace, match)
    assert complete_history(workspace, "P", [match]) == 1
    assert is_known(workspace, match)
    assert spotify.sent(kind="track") == 1
    assert complete_history(workspace, "P", [match]) == 0
    assert spotify.sent() == 1, "it is asked once"


def test_nothing_is_asked_for_another_artist_or_a_known_track(workspace: Workspace, spotify: SpotifySandbox) -> None:
    removed(workspace, 1)
    known = second_release(spotify, 2)
    workspace.ledger.history.append("P", [HistoryRow(known.track_id or "", None, "", None, "import", AT)])
    removed(workspace, 22, recording_key("", ["Ada Vale 2"]))
    assert complete_history(workspace, "P", [known, second_release(spotify, 3)]) == 0
    assert spotify.sent() == 0


def test_the_ledger_and_the_search_complete_rows_without_a_call(workspace: Workspace, spotify: SpotifySandbox) -> None:
    removed(workspace, 1)
    removed(workspace, 1, recording_key(track(1).name, track(1).artists), playlist_id="another")
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == 1

    removed(workspace, 2, recording_key("", ["Ada Vale 2"]))
    runner_up = RunnerUp(track_id(2), track(2).name, track(2).artists, 90.0, "another release")
    match = replace(second_release(spotify, 2), runners_up=(runner_up,))
    assert complete_history(workspace, "P", [match]) == 1
    assert is_known(workspace, match)

    removed(workspace, 3, recording_key("", ["Ada Vale 3"]))
    earlier = replace(second_release(spotify, 3), beatport_id=33, track_id=track_id(3), track_isrc=track(3).isrc)
    workspace.ledger.matches.append([earlier])
    assert complete_history(workspace, "P", [second_release(spotify, 3)]) == 1
    assert spotify.sent() == 0


@pytest.mark.parametrize(("rules", "calls"), [("new", 1 + 4), ("old", 1)])
def test_several_are_asked_for_at_once_where_the_app_still_may(
    workspace: Workspace, spotify: SpotifySandbox, rules: str, calls: int
) -> None:
    for number in (1, 5, 6, 7):
        removed(workspace, number)
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == 4
    assert spotify.sent() == calls


def test_a_day_has_few_look_ups_and_the_newest_rows_come_first(workspace: Workspace, spotify: SpotifySandbox) -> None:
    for number in range(1, 31):
        removed(workspace, number, days=number)
    workspace.ledger.calls.append([CallRow(spotify.clock(), "other", LOOKUPS_A_DAY - 4, "earlier")])
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == 3, "the refusal of several at once counts too"
    asked = {entry.path.rpartition("/")[2] for entry in spotify.server.log.entries(kind="track")}
    assert asked == {track_id(number) for number in (30, 29, 28)}
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == 0


def test_the_next_day_has_look_ups_again(workspace: Workspace, spotify: SpotifySandbox) -> None:
    for number in range(1, 31):
        removed(workspace, number, days=number)
    workspace.ledger.calls.append([CallRow(spotify.clock() - timedelta(hours=25), "other", LOOKUPS_A_DAY, "yesterday")])
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == LOOKUPS_A_DAY - 1


def test_a_track_that_spotify_no_longer_has_is_asked_for_once(workspace: Workspace, spotify: SpotifySandbox) -> None:
    removed(workspace, 1)
    del spotify.state.tracks[track_id(1)]
    match = second_release(spotify, 4)
    match = replace(match, track_artists=("Ada Vale 1",))
    assert complete_history(workspace, "P", [match]) == 1
    assert complete_history(workspace, "P", [match]) == 0
    assert spotify.sent(kind="track") == 1
    assert not is_known(workspace, match)


def test_a_failed_look_up_stops_nothing(workspace: Workspace, spotify: SpotifySandbox) -> None:
    removed(workspace, 1)
    spotify.state.limits.per_day = 0
    assert complete_history(workspace, "P", [second_release(spotify, 1)]) == 0
    spotify.state.limits.per_day = None


def test_an_imported_row_by_some_of_the_artists_counts(workspace: Workspace) -> None:
    match = Match(1, None, track_id(1), "search", 100.0, "same", "1", AT, None, (), "Stay", ("A B", "C D", "E F"), None)
    workspace.ledger.history.append("P", [HistoryRow(track_id(9), None, recording_key("Stay", ["A B"]), None, "chart", AT)])
    assert not is_known(workspace, match), "our own rows name every artist"
    workspace.ledger.history.append("P", [HistoryRow(track_id(8), None, recording_key("Stay", ["C D & A B"]), None, "import", AT)])
    assert is_known(workspace, match)
    assert not is_known(workspace, replace(match, track_artists=("E F",)))


def test_keys_of_some_artists() -> None:
    assert keys_of_some_artists("a|t|") == frozenset()
    assert keys_of_some_artists("a, b|t|remix x") == {"a|t|remix x", "b|t|remix x"}
    assert keys_of_some_artists("a, b, c|t|") == {"a|t|", "b|t|", "c|t|", "a, b|t|", "a, c|t|", "b, c|t|"}
    assert len(keys_of_some_artists("a, b, c, d, e, f|t|")) == 6
    assert keys_without_title("a, b|t|") == {"a||", "b||", "a, b||"}
    assert keys_without_title("|t|") == frozenset()


@both_shapes
def test_reading_a_playlist_completes_the_rows_of_what_is_in_it(workspace: Workspace, spotify: SpotifySandbox, rules: str) -> None:
    playlist_id = spotify.playlist(holds=[1, 2, 3])
    rows = [(1, ARTIST), (2, recording_key(track(2).name, track(2).artists))]
    workspace.ledger.history.append(
        playlist_id, [HistoryRow(track_id(number), None, recording, None, "import", AT) for number, recording in rows]
    )
    state = PlaylistState(workspace, playlist_id)
    state.reconcile(workspace.spotify.playlist(playlist_id), {})
    for number in (1, 2):
        full = HistoryRow(
            track_id(number), track(number).isrc, recording_key(track(number).name, track(number).artists), None, "import", AT
        )
        assert full in workspace.ledger.history.all_rows(playlist_id, [track_id(number)])
    assert len(workspace.ledger.history.all_rows(playlist_id, [track_id(3)])) == 1
    before = len(workspace.ledger.history.all_rows(playlist_id, [track_id(one) for one in (1, 2, 3)]))
    spotify.state.person.rename(playlist_id, "again")
    PlaylistState(workspace, playlist_id).reconcile(workspace.spotify.playlist(playlist_id), {})
    assert len(workspace.ledger.history.all_rows(playlist_id, [track_id(one) for one in (1, 2, 3)])) == before
