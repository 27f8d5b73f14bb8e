"""Removing duplicates on the stand-in: the first stays, the order is kept, and a break at any call loses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from beatporter.care.dedupe import Deduped, dedupe_playlist
from beatporter.errors import QuotaExceeded, SettingsError, TransientError
from beatporter.records.ledger import BackupRow
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace
from sandbox.spotify.models import base62_id
from tests.contract.conftest import track, track_id
from tests.contract.playlists import dies_at, workspace_on

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox

TWICE = (1, 2, 3, 2, 4, 5, 1, 6, 7, 7, 8, 9, 3, 10)
ONCE = [track_id(number) for number in range(1, 11)]


def dedupe(workspace: Workspace, playlist_id: str, **options: Any) -> Deduped:
    return dedupe_playlist(workspace, workspace.spotify.playlist(playlist_id), **options)


def dedupe_now(spotify: SpotifySandbox, playlist_id: str, run_key: str = "again", **options: Any) -> Deduped:
    with workspace_on(spotify, run_key) as workspace:
        return dedupe(workspace, playlist_id, **options)


def backed_up(spotify: SpotifySandbox, playlist_id: str) -> list[str | None]:
    info = spotify.ledger.backups.latest(playlist_id)
    assert info is not None
    return spotify.ledger.backups.track_ids(playlist_id, info.snapshot_id)


@pytest.mark.parametrize("rules", ["new", "old"])
def test_the_first_stays_and_the_order_is_kept(spotify: SpotifySandbox, rules: str) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    done = dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == ONCE
    assert [(one.position, one.first, one.why) for one in done.duplicates] == [
        (3, 1, "same id"),
        (6, 0, "same id"),
        (9, 8, "same id"),
        (12, 2, "same id"),
    ]
    assert backed_up(spotify, playlist_id) == ONCE, "no read is needed to know the result"
    assert spotify.ledger.rearrangements.begun() == []


def test_a_second_time_costs_no_read_and_no_write(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    dedupe_now(spotify, playlist_id)
    before = spotify.sent()
    assert dedupe_now(spotify, playlist_id).duplicates == []
    assert spotify.sent() == before + 2, "the playlist's snapshot, and whose account this is"


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    would = dedupe_now(spotify, playlist_id, "dry", dry_run=True)
    assert spotify.held(playlist_id) == [track_id(number) for number in TWICE]
    assert spotify.sent(method="DELETE") + spotify.sent(method="PUT") + spotify.sent(method="POST") == 0
    before = spotify.sent()
    done = dedupe_now(spotify, playlist_id)
    assert would.duplicates == done.duplicates
    assert spotify.sent() - before - 2 == would.calls, "besides the playlist's snapshot and the account"
    assert done.calls == would.calls + 1, "without the snapshot, which was asked for before"


def test_dates_are_kept_if_the_person_wants_that(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    added = {item.uri: item.added_at for item in spotify.state.playlists[playlist_id].items}
    spotify.clock.advance(3_600)
    done = dedupe_now(spotify, playlist_id, keep_dates=True)
    items = spotify.state.playlists[playlist_id].items
    assert [item.uri.rpartition(":")[2] for item in items] == ONCE
    assert sum(item.added_at != added[item.uri] for item in items) == done.sent_again == 4


def test_local_files_and_episodes_stay_where_they_are(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=(1, 2, 1))
    spotify.state.person.add_local_file(playlist_id, "Ada", "Demo", 1)
    spotify.state.person.add_episode(playlist_id, base62_id("an episode"), 2)
    spotify.state.person.add_local_file(playlist_id, "Ada", "Demo")
    dedupe_now(spotify, playlist_id)
    assert [item.kind for item in spotify.state.playlists[playlist_id].items] == ["track", "local", "episode", "track", "local"]


def other_id(spotify: SpotifySandbox, number: int, other: int, **changes: Any) -> str:
    """Another release of a track."""
    made = replace(track(number), track_id=track_id(other), **changes)
    spotify.state.tracks[made.track_id] = made
    return made.track_id


def test_the_same_track_under_another_id_is_recognised_by_isrc_or_by_recording_and_length(spotify: SpotifySandbox) -> None:
    by_isrc, by_length = other_id(spotify, 1, 901), other_id(spotify, 2, 902, isrc="OTHER0000001")
    another_cut = other_id(spotify, 3, 903, isrc="OTHER0000002", duration_ms=200_000)
    playlist_id = spotify.playlist(holds=(1, 2, 3, 4))
    for one in (by_isrc, by_length, another_cut):
        spotify.state.person.add_track(playlist_id, one)
    done = dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == [*(track_id(number) for number in (1, 2, 3, 4)), another_cut]
    assert [one.why for one in done.duplicates] == ["same ISRC", "same recording and length"]
    assert done.operations == {"removals": 1}, "another id is removed without touching the first"
    assert [one.why for one in dedupe_now(spotify, playlist_id, any_cut=True).duplicates] == ["same recording"]
    assert spotify.held(playlist_id) == [track_id(number) for number in (1, 2, 3, 4)]


def test_lengths_cost_a_page_only_where_they_decide(spotify: SpotifySandbox) -> None:
    by_length = other_id(spotify, 2, 902, isrc="OTHER0000001")
    playlist_id = spotify.playlist(holds=range(1, 121))
    spotify.state.person.add_track(playlist_id, by_length)
    with workspace_on(spotify) as workspace:
        listed = workspace.spotify.playlist(playlist_id)
        PlaylistState(workspace, playlist_id).reconcile(listed, {})
    before = spotify.sent(method="GET", kind="playlist-items")
    dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == [track_id(number) for number in range(1, 121)]
    assert spotify.sent(method="GET", kind="playlist-items") - before == 2, "the pages with the two of them"


@pytest.mark.parametrize("holds", [TWICE, (*range(1, 11), *range(1, 11)), (1, 1, *range(2, 10), 10, 10)])
@pytest.mark.parametrize("keep_dates", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_break_at_any_call_is_continued_without_loss(
    spotify: SpotifySandbox, when: str, keep_dates: bool, holds: tuple[int, ...]
) -> None:
    nth, died = 1, True
    while died:
        playlist_id = spotify.playlist(holds=holds)
        died = dies_at(spotify, nth, when, lambda workspace, one=playlist_id: dedupe(workspace, one, keep_dates=keep_dates))
        done = dedupe_now(spotify, playlist_id, keep_dates=keep_dates)
        assert spotify.held(playlist_id) == ONCE, f"died {when} write {nth}"
        assert died == (done.finished == "dedupe")
        assert backed_up(spotify, playlist_id) == ONCE
        nth += 1
    assert nth > 2


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_two_breaks_in_a_row_lose_nothing(spotify: SpotifySandbox, nth: int) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    dies_at(spotify, 2, "after", lambda workspace: dedupe(workspace, playlist_id, keep_dates=True))
    dies_at(spotify, nth, "before", lambda workspace: dedupe(workspace, playlist_id, keep_dates=True))
    dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == ONCE


FAULTS: list[dict[str, Any]] = [
    {"fault": "drop", "when": "before"},
    {"fault": "drop", "when": "after"},
    {"fault": "server_error", "status": 502, "when": "after"},
    {"fault": "html"},
    {"fault": "rate_limited", "retry_after_s": 3},
    {"fault": "token_expired"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
@pytest.mark.parametrize("delay_s", [0, 1.5])
def test_a_lost_answer_to_any_write_loses_nothing(spotify: SpotifySandbox, fault: dict[str, Any], delay_s: float) -> None:
    for nth in range(1, 7):
        playlist_id = spotify.playlist(holds=TWICE)
        spotify.server.faults.clear()
        for method in ("DELETE", "POST"):
            spotify.server.faults.add(service="spotify", method=method, kind="playlist-items", nth=nth, **fault)
        spotify.clock.advance(10)
        spotify.state.items_delay = timedelta(seconds=delay_s)
        dedupe_now(spotify, playlist_id, keep_dates=True)
        assert spotify.held(playlist_id) == ONCE, f"{fault} at write {nth}"
        spotify.state.items_delay = timedelta()


def test_a_spent_quota_ends_it_and_the_next_day_continues(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    spotify.server.faults.add(service="spotify", method="POST", nth=2, fault="quota_exceeded", retry_after_s=50_000)
    with pytest.raises(QuotaExceeded):
        dedupe_now(spotify, playlist_id, keep_dates=True)
    spotify.clock.advance(50_001)
    assert dedupe_now(spotify, playlist_id, "next day").finished == "dedupe"
    assert spotify.held(playlist_id) == ONCE


def test_what_the_person_does_meanwhile_stays(spotify: SpotifySandbox) -> None:
    """They add one on top and remove two, in the pause before the playlist's length is asked for."""
    playlist_id = spotify.playlist(holds=TWICE)

    def edit() -> None:
        if len(spotify.slept) == 1:
            spotify.state.person.add_track(playlist_id, track_id(50), 0)
            spotify.state.person.remove_track(playlist_id, track_id(5))
            spotify.state.person.remove_track(playlist_id, track_id(8))

    spotify.before_pause = edit
    dedupe_now(spotify, playlist_id, keep_dates=True)
    assert spotify.held(playlist_id) == [track_id(50), *(one for one in ONCE if one not in (track_id(5), track_id(8)))]


def test_what_the_person_does_between_a_break_and_the_next_run_stays(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    assert dies_at(spotify, 2, "after", lambda workspace: dedupe(workspace, playlist_id, keep_dates=True))
    spotify.state.person.add_track(playlist_id, track_id(50), 0)
    spotify.state.person.remove_track(playlist_id, track_id(5))
    spotify.state.person.reorder(playlist_id, 1, 4)
    moved = [one for one in spotify.held(playlist_id) if one in ONCE]
    dedupe_now(spotify, playlist_id)
    held = spotify.held(playlist_id)
    assert set(held) == {track_id(50), *ONCE} - {track_id(5)}
    assert len(held) == len(set(held))
    kept = [one for one in moved if moved.count(one) == 1]
    assert [one for one in held if one in kept] == kept, "the order that the person gave it"


def test_a_state_that_has_not_settled_yet_is_not_trusted(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    spotify.clock.advance(60)
    spotify.state.snapshot_delay = timedelta(seconds=30)
    assert dies_at(spotify, 2, "after", lambda workspace: dedupe(workspace, playlist_id, keep_dates=True))
    with pytest.raises(TransientError, match="half a minute"):
        dedupe_now(spotify, playlist_id)
    spotify.clock.advance(31)
    dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == ONCE


@pytest.mark.parametrize("removable_by", ["either", "listed", "sent"])
def test_a_relinked_track_is_counted_once_or_left_and_named(spotify: SpotifySandbox, removable_by: str) -> None:
    playlist_id = spotify.playlist(holds=(1, 2, 1, 3, 3))
    listed = base62_id("listed")
    spotify.state.listed_as = {track_id(1): listed}
    spotify.state.removable_by = removable_by  # type: ignore[assignment]
    done = dedupe_now(spotify, playlist_id, keep_dates=True)
    if removable_by == "sent":
        assert done.refused == (listed,)
        assert spotify.held(playlist_id) == [track_id(number) for number in (1, 2, 1, 3)]
    else:
        assert spotify.held(playlist_id) == [track_id(number) for number in (1, 2, 3)]


def test_a_track_that_spotify_no_longer_takes_is_named_and_the_others_are_put_back(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=TWICE)
    lost = track_id(2)

    def vanish() -> None:
        spotify.state.tracks.pop(lost, None)

    with workspace_on(spotify) as workspace:
        listed = workspace.spotify.playlist(playlist_id)
        PlaylistState(workspace, playlist_id).reconcile(listed, {})
        vanish()
        done = dedupe_playlist(workspace, listed)
    assert done.gone == (lost,)
    assert spotify.held(playlist_id) == [one for one in ONCE if one != lost]
    assert lost in spotify.ledger.backups.track_ids(playlist_id, listed.snapshot_id), "a backup has it"


def test_somebody_elses_playlist_is_refused(spotify: SpotifySandbox) -> None:
    foreign = spotify.state.add_foreign_playlist("Theirs", [f"spotify:track:{track_id(1)}"] * 2)
    with pytest.raises(SettingsError, match="belongs to somebody-else"):
        dedupe_now(spotify, foreign.playlist_id)


def test_a_playlist_of_six_thousand_costs_what_the_page_says(spotify: SpotifySandbox) -> None:
    """docs/decisions/playlist-arrangement.md: 300 scattered repetitions, unchanged since the last backup."""
    tracks = [replace(track(number), track_id=track_id(number)) for number in range(6_000)]
    spotify.state.tracks = {one.track_id: one for one in tracks}
    numbers = list(range(6_000))
    for repeated in range(300):
        numbers.insert(repeated * 20 + 10, (repeated * 7_919) % 6_000)
    playlist_id = spotify.state.create_playlist("Long").playlist_id
    playlist = spotify.state.playlists[playlist_id]
    playlist.items = [spotify.state.make_item(f"spotify:track:{track_id(number)}") for number in numbers]
    with workspace_on(spotify) as workspace:
        rows = [BackupRow(place, track_id(number), None, f"t{number}", ("a",), None) for place, number in enumerate(numbers)]
        state = PlaylistState(workspace, playlist_id)
        state.keep_content(playlist.snapshot_id, rows)
    before = spotify.sent()
    done = dedupe_now(spotify, playlist_id)
    assert spotify.held(playlist_id) == [track_id(number) for number in dict.fromkeys(numbers)]
    assert spotify.sent() - before <= 63
    assert len(done.duplicates) == 300
