"""The stand-in's playlists: order, duplicates, snapshots, late reads, and a person's changes. No HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.records.track import SpotifyTrack
from sandbox.clock import SandboxClock
from sandbox.spotify.exceptions import SpotifyRefusal
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.playlist import MAX_ITEMS, Item, Playlist

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
TRACKS = [SpotifyTrack(base62_id("track", str(number)), f"Song {number}", ("Somebody",)) for number in range(250)]
URIS = [f"spotify:track:{track.track_id}" for track in TRACKS]


def make_state() -> SpotifyState:
    return SpotifyState(TRACKS, clock=SandboxClock(START, manual=True))


@pytest.fixture
def state() -> SpotifyState:
    return make_state()


@pytest.fixture
def mine(state: SpotifyState) -> Playlist:
    return state.create_playlist("Mine")


def test_batches_sent_to_the_top_last_first_keep_their_order(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, URIS[200:205])
    state.add_items(mine.playlist_id, URIS[100:150], position=0)
    state.add_items(mine.playlist_id, URIS[:100], position=0)
    assert mine.uris == [*URIS[:150], *URIS[200:205]]


def test_adding_again_adds_twice(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, URIS[:2])
    state.add_items(mine.playlist_id, URIS[:2])
    assert mine.uris == URIS[:2] * 2, "POST is not idempotent in the real service, so it must not be here"


def test_replacing_is_idempotent(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, URIS[5:20])
    for _ in range(2):
        state.replace_items(mine.playlist_id, URIS[:3])
        assert mine.uris == URIS[:3]


def test_removing_takes_every_occurrence(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, [URIS[0], URIS[1], URIS[0], URIS[2], URIS[0]])
    state.remove_items(mine.playlist_id, [URIS[0]])
    assert mine.uris == URIS[1:3]


def test_removing_an_absent_track_keeps_the_snapshot(state: SpotifyState, mine: Playlist) -> None:
    before = state.add_items(mine.playlist_id, URIS[:2])
    assert state.remove_items(mine.playlist_id, [URIS[9]]) == before == mine.snapshot_id


@given(length=st.integers(1, 12), data=st.data())
def test_reordering_moves_the_range_and_nothing_else(length: int, data: st.DataObject) -> None:
    state = make_state()
    mine = state.create_playlist("Mine")
    state.add_items(mine.playlist_id, URIS[:length])
    start = data.draw(st.integers(0, length - 1))
    count = data.draw(st.integers(1, length - start))
    before = data.draw(st.integers(0, length))
    state.reorder_items(mine.playlist_id, start, before, count)
    moved = URIS[start : start + count]
    head = [uri for place, uri in enumerate(URIS[:length]) if place < before and uri not in moved]
    tail = [uri for place, uri in enumerate(URIS[:length]) if place >= before and uri not in moved]
    assert mine.uris == [*head, *moved, *tail]


def test_every_change_moves_the_snapshot_a_rename_too(state: SpotifyState, mine: Playlist) -> None:
    seen = [mine.snapshot_id]
    state.add_items(mine.playlist_id, URIS[:4])
    seen.append(mine.snapshot_id)
    state.reorder_items(mine.playlist_id, 0, 4)
    seen.append(mine.snapshot_id)
    state.change_details(mine.playlist_id, {"name": "Renamed"})
    seen.append(mine.snapshot_id)
    state.change_details(mine.playlist_id, {"description": "words"})
    seen.append(mine.snapshot_id)
    state.remove_items(mine.playlist_id, URIS[:1])
    seen.append(mine.snapshot_id)
    assert len(set(seen)) == len(seen), f"a snapshot id came twice: {seen}"
    assert all(mine.knows_snapshot(snapshot) for snapshot in seen)
    assert not mine.knows_snapshot("bm90IG9uZSBvZiBvdXJz")


def test_delays_show_the_old_state_for_their_time_and_the_writer_gets_the_new_snapshot() -> None:
    clock = SandboxClock(START, manual=True)
    state = SpotifyState(TRACKS, clock=clock)
    state.items_delay, state.snapshot_delay = timedelta(seconds=0.6), timedelta(seconds=30)
    mine = state.create_playlist("Mine")
    first = mine.snapshot_id
    written = state.add_items(mine.playlist_id, URIS[:2])
    assert written != first
    assert (state.shown_items(mine), state.shown_snapshot(mine)) == ([], first), "a read at once must still show the old state"
    clock.advance(1)
    assert [item.uri for item in state.shown_items(mine)] == URIS[:2]
    assert state.shown_snapshot(mine) == first
    clock.advance(30)
    assert state.shown_snapshot(mine) == written


@pytest.mark.parametrize("position", [-1, 3])
def test_a_position_outside_is_refused(state: SpotifyState, mine: Playlist, position: int) -> None:
    state.add_items(mine.playlist_id, URIS[:2])
    with pytest.raises(SpotifyRefusal) as refused:
        state.add_items(mine.playlist_id, URIS[2:3], position)
    assert (refused.value.status, mine.uris) == (403, URIS[:2])


def test_a_full_playlist_takes_nothing_more(state: SpotifyState, mine: Playlist) -> None:
    mine.items = [Item(URIS[0], START, state.user_id)] * (MAX_ITEMS - 1)
    state.add_items(mine.playlist_id, URIS[1:2])
    with pytest.raises(SpotifyRefusal) as refused:
        state.add_items(mine.playlist_id, URIS[2:3])
    assert (refused.value.status, len(mine.items)) == (403, MAX_ITEMS)


@pytest.mark.parametrize(
    ("uris", "message"),
    [
        ([], "No uris provided"),
        (URIS[:101], "You can add a maximum of 100 tracks per request."),
        (["spotify:track:short"], "Invalid track uri: spotify:track:short"),
        ([f"spotify:track:{base62_id('nowhere')}"], "Payload contains a non-existing ID"),
    ],
)
def test_invalid_additions_are_refused_completely(state: SpotifyState, mine: Playlist, uris: list[str], message: str) -> None:
    with pytest.raises(SpotifyRefusal) as refused:
        state.add_items(mine.playlist_id, uris)
    assert (refused.value.status, refused.value.message, mine.uris) == (400, message, [])


def test_foreign_playlists_are_not_written_and_their_items_not_read(state: SpotifyState) -> None:
    theirs = state.add_foreign_playlist("Theirs", URIS[:3])
    assert not state.may_read_items(theirs)
    with pytest.raises(SpotifyRefusal) as refused:
        state.add_items(theirs.playlist_id, URIS[:1])
    assert refused.value.status == 403


def test_algorithmic_playlists_are_listed_and_answer_404(state: SpotifyState) -> None:
    weekly = state.add_foreign_playlist("Discover Weekly", URIS[:3], algorithmic=True)
    assert weekly in state.library()
    with pytest.raises(SpotifyRefusal) as refused:
        state.playlist(weekly.playlist_id)
    assert refused.value.status == 404


def test_a_deleted_playlist_leaves_the_library_and_can_still_be_read(state: SpotifyState, mine: Playlist) -> None:
    state.person.delete("Mine")
    assert state.library() == []
    assert state.playlist(mine.playlist_id) is mine


def test_a_persons_changes_appear_in_items_and_snapshot(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, URIS[:4])
    before = mine.snapshot_id
    person, ids = state.person, [track.track_id for track in TRACKS]
    person.remove_track("Mine", ids[1])
    person.add_track("Mine", ids[9], 0)
    person.add_local_file("Mine", "A Band", "Demo")
    person.lose_track("Mine", ids[2])
    person.rename("Mine", "Ours")
    assert [item.kind for item in mine.items] == ["track", "track", "null", "track", "local"]
    assert person.track_ids("Ours") == [ids[9], ids[0], ids[3]]
    assert mine.snapshot_id != before
    with pytest.raises(KeyError, match="no playlist 'Mine'"):
        person.find("Mine")


def test_hidden_tracks_are_neither_found_nor_added(state: SpotifyState, mine: Playlist) -> None:
    state.visible = lambda track: track.track_id != TRACKS[0].track_id
    with pytest.raises(SpotifyRefusal):
        state.track(TRACKS[0].track_id)
    with pytest.raises(SpotifyRefusal, match="non-existing"):
        state.add_items(mine.playlist_id, URIS[:1])
    page = state.index.search("Song", limit=10, visible=state.visible)
    assert (page.total, TRACKS[0] in page.tracks) == (len(TRACKS) - 1, False)


def test_state_survives_json(state: SpotifyState, mine: Playlist) -> None:
    state.add_items(mine.playlist_id, URIS[:3])
    state.person.add_local_file("Mine", "A Band", "Demo")
    token = state.accounts.sign_in()
    state.limits.take(START)
    copy = make_state()
    copy.restore(state.to_json())
    assert copy.to_json() == state.to_json()
    assert copy.playlist(mine.playlist_id).items == mine.items
    assert copy.limits.used(START) == 1
    assert copy.accounts.refresh(token)["token_type"] == "Bearer"
    assert copy.create_playlist("Next").playlist_id != mine.playlist_id, "a restored state used an id twice"
