"""Kinds of playlist against the sandbox, on SQLite and on PostgreSQL: what each holds, what it costs, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from beatporter.errors import UpstreamDown
from beatporter.playlist_kinds import KINDS, PlaylistKind, in_order
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.outcome import entry_outcomes, genre_outcome
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.playlist import update_playlist
from beatporter.sync.preview import Preview, preview_playlist
from sandbox.spotify.models import base62_id
from tests.contract.listener import SLUG, Listener


def test_three_kinds_come_from_one_chart_for_one_write_each_and_no_read(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    assert listener.held("collect") == listener.held("mirror") == chart
    assert listener.held("daily") == chart[:10]
    searches = listener.requests("search")
    assert searches < 1.5 * len(listener.chart), "the kinds share one match"
    assert (listener.requests(method="POST"), listener.requests(method="PUT"), listener.requests(method="GET")) == (2, 1, 0)
    listener.next_day()
    collected = listener.held("collect")
    assert listener.held("mirror") == listener.charted()
    assert set(listener.charted()) <= set(collected)
    assert len(collected) > len(listener.charted())
    assert (listener.requests(method="POST"), listener.requests(method="PUT"), listener.requests(method="GET")) == (3, 2, 0)
    assert listener.requests("my-playlists") == 2 + 3, "each run lists the account once, and once more before each playlist is made"


def test_a_mirror_that_shows_the_chart_is_neither_read_nor_written(listener: Listener) -> None:
    listener.morning()
    calls = listener.requests()
    listener.morning()
    assert listener.added == {"collect": [], "daily": [], "mirror": []}
    assert listener.requests() == calls


def test_a_mirror_takes_the_charts_order_and_forgets_nothing(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    first = listener.held("mirror")
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in first)
    listener.person.add_track(listener.playlist_id("mirror"), stranger, 3)
    listener.person.reorder(listener.playlist_id("mirror"), 0, 9)
    listener.morning(playlist_kinds=("mirror",))
    assert listener.held("mirror") == first
    assert listener.added["mirror"] == [], "nothing was new to it"
    assert listener.requests(method="GET") == -(-(len(first) + 1) // 50), "it was read once"
    listener.next_day(playlist_kinds=("mirror",))
    assert listener.held("mirror") == listener.charted()
    history = set(listener.ledger.history.track_ids(listener.playlist_id("mirror")))
    assert history == {*first, stranger, *listener.charted()}, "what it held is in its history, also what the person put in"
    assert set(listener.added["mirror"]) == set(listener.charted()) - set(first)


def test_the_daily_playlist_is_refilled_with_what_it_never_held_then_with_what_was_collected(listener: Listener) -> None:
    listener.morning()
    chart, heard = listener.charted(), set[str]()
    daily = listener.playlist_id("daily")
    for start in range(0, len(chart), 10):
        held = listener.held("daily")
        assert held == chart[start : start + 10], "chart order, and nothing that was heard"
        heard |= set(held)
        for track_id in held:
            listener.person.remove_track(daily, track_id)
        listener.morning()
    assert listener.held("daily") == [], "everything was heard, and nothing comes back"
    listener.next_day()
    new = [track_id for track_id in listener.added["collect"] if track_id not in heard]
    assert listener.held("daily") == new[:10]


def test_too_few_new_ones_are_made_up_from_what_was_collected_newest_first(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",))
    old = listener.charted()
    listener.next_day(playlist_kinds=("collect",))
    gone = [track_id for track_id in old if track_id not in listener.charted()]
    assert gone
    size = len(listener.charted()) + len(gone) - 1
    removed = gone.pop(0)
    listener.person.remove_track(listener.playlist_id("collect"), removed)
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in old)
    listener.person.add_track(listener.playlist_id("collect"), stranger, 0)
    listener.morning(playlist_kinds=("collect", "daily"), daily_size=min(size, 100))
    made_up = listener.held("daily")[len(listener.charted()) :]
    assert made_up == gone[: len(made_up)], "below the chart's, the newest of what it collected, without what the person removed or added"


def test_a_daily_playlist_that_the_person_filled_gets_nothing_and_loses_nothing(listener: Listener) -> None:
    listener.morning()
    daily, held = listener.playlist_id("daily"), listener.held("daily")
    stranger = next(track_id for track_id in listener.world.spotify.tracks if track_id not in listener.charted())
    listener.person.add_track(daily, stranger, 0)
    listener.next_day()
    assert listener.held("daily") == [stranger, *held]
    listener.person.remove_track(daily, stranger)
    listener.person.remove_track(daily, held[0])
    listener.next_day()
    after = listener.held("daily")
    assert after[1:] == held[1:]
    assert after[0] not in {stranger, held[0]}, "what was heard came back"


def test_new_entries_can_go_to_the_end(listener: Listener) -> None:
    listener.morning(playlist_add_at="end")
    first, calls = listener.held("collect"), listener.requests(method="GET")
    listener.person.remove_track(listener.playlist_id("daily"), first[0])
    listener.next_day(playlist_add_at="end")
    new = listener.added["collect"]
    assert new
    assert listener.held("collect") == [*first, *new]
    assert listener.held("daily") == [*first[1:10], *listener.added["daily"]]
    assert listener.requests(method="GET") == calls + 1, "only the daily playlist was changed by somebody else"
    listener.next_day(playlist_add_at="end")
    assert listener.held("collect") == [*first, *new, *listener.added["collect"]]
    assert listener.requests(method="GET") == calls + 1, "our own writes cost no read"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("add_at", ["top", "end"])
def test_a_run_that_listed_the_account_before_another_wrote_changes_nothing(listener: Listener, kind: PlaylistKind, add_at: str) -> None:
    """With digging off only what is there now counts, and soon after a write Spotify shows what was there before."""
    changes = {"playlist_kinds": (kind,), "playlist_add_at": add_at, "playlist_digging": "off", "daily_size": 100}
    listener.morning(**changes)
    listener.world.world.advance_day()
    listener.looks(**changes)
    mine, chart, found = listener.days, listener.chart, listener.found
    listener.morning(**changes)
    listener.world.spotify.items_delay = timedelta(minutes=10)
    held, calls, listener.days = listener.held(kind), listener.requests(), mine
    with listener.workspace(**changes) as workspace:
        assert update_playlist(workspace, SLUG, chart, found, kind=kind) == []
        append_history(workspace, SLUG, [], kind)
        back_up_playlist(workspace, SLUG, kind)
    assert listener.added[kind], "the other run added the day's new ones"
    assert (listener.held(kind), listener.requests()) == (held, calls)


@pytest.mark.parametrize(("digging", "comes_back"), [("off", True), ("playlist", False), ("all", False)])
def test_digging_decides_whether_what_was_removed_comes_back(listener: Listener, digging: str, comes_back: bool) -> None:
    listener.morning(playlist_digging=digging)
    chart = listener.charted()
    for kind in KINDS:
        listener.person.remove_track(listener.playlist_id(kind), chart[4])
    for _ in range(2):  # when it was read, and when it was not
        listener.morning(playlist_digging=digging)
        assert (chart[4] in listener.held("collect")) == comes_back
        assert chart[4] not in listener.held("daily"), "it was heard"
        assert listener.held("mirror") == chart
        assert len(listener.held("collect")) == len(set(listener.held("collect")))


def test_with_digging_off_a_recording_that_is_there_under_another_id_counts(listener: Listener) -> None:
    listener.morning(playlist_kinds=("collect",), playlist_digging="off")
    chart, collect = listener.charted(), listener.playlist_id("collect")
    tracks = listener.world.spotify.tracks
    other, twin = next(
        (one.track_id, two) for two in chart for one in tracks.values() if one.track_id != two and one.isrc and one.isrc == tracks[two].isrc
    )
    listener.person.remove_track(collect, twin)
    listener.person.add_track(collect, other, 0)
    for _ in range(2):
        listener.morning(playlist_kinds=("collect",), playlist_digging="off")
        assert twin not in listener.held("collect")
        assert other in listener.held("collect")


def test_digging_all_leaves_out_what_another_lists_playlist_had_but_not_what_this_lists_own_had(listener: Listener) -> None:
    listener.looks()
    chart = listener.charted()
    with listener.workspace() as workspace:
        workspace.ledger.history.append("another", rows_of(listener, chart[:3]))
    listener.morning(playlist_digging="all")
    assert listener.held("collect") == chart[3:]
    assert listener.held("daily") == chart[3:13], "what was collected this morning is new to it"
    assert listener.held("mirror") == chart, "a mirror takes no notice"
    with listener.workspace(playlist_digging="all") as workspace:
        outcomes = entry_outcomes(workspace, SLUG, listener.chart, [])
    assert genre_outcome(outcomes, added=0, spotify_calls=0).deferred == 0, "what stays out waits for nothing"


def test_in_a_dry_run_nothing_waits_that_would_not_be_added(listener: Listener) -> None:
    """As when the ledger was lost and the playlist was not: what is found is in it already."""
    listener.looks()
    with listener.workspace() as workspace:
        real = entry_outcomes(workspace, SLUG, listener.chart, [])
        planned = entry_outcomes(workspace, SLUG, listener.chart, [], dry_run=True)
    assert genre_outcome(real, added=0, spotify_calls=0).deferred == len(listener.charted())
    assert genre_outcome(planned, added=0, spotify_calls=0).deferred == 0


def rows_of(listener: Listener, track_ids: Sequence[str]) -> list[Any]:
    from beatporter.sync.candidates import history_row

    found = listener.ledger.matches.that_took(track_ids)
    return [history_row(found[track_id], found[track_id].decided_at) for track_id in track_ids]


def test_an_override_reaches_every_kind(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    by_track = {match.track_id: match for match in listener.ledger.matches.latest(listener.chart).values()}
    with listener.workspace() as workspace:
        artist = workspace.ledger.charts.entries(18, listener.chart)[listener.chart[0]].artists[0]
        right = next(track.track_id for track in workspace.spotify.search(artist) if track.track_id not in chart)
        set_match(workspace, by_track[chart[5]].beatport_id, workspace.spotify.track(right))
        never_match(workspace, by_track[chart[7]].beatport_id)
    listener.looks()
    with listener.workspace() as workspace:
        shown = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="collect")
        assert (shown.added, set(shown.removed)) == ([right], {chart[5], chart[7]})
        calls = listener.world.requests.count(service="spotify")
        update_playlist(workspace, SLUG, listener.chart, listener.found, kind="collect")
        assert listener.world.requests.count(service="spotify") - calls == shown.calls
    listener.morning()
    expected = [right if track_id == chart[5] else track_id for track_id in chart if track_id != chart[7]]
    assert listener.held("collect") == listener.held("mirror") == expected
    daily = listener.held("daily")
    assert right in daily
    assert not {chart[5], chart[7]} & set(daily)
    assert len(daily) == 10, "the place that became free was filled"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("add_at", ["top", "end"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_adds_nothing_twice_and_loses_nothing(listener: Listener, kind: PlaylistKind, add_at: str, when: str) -> None:
    changes = {"playlist_kinds": (kind,), "playlist_add_at": add_at}
    listener.morning(**changes)
    listener.world.faults.add(
        service="spotify", kind="playlist-items", method="PUT" if kind == "mirror" else "POST", fault="drop", when=when
    )
    if kind == "daily":
        listener.person.remove_track(listener.playlist_id(kind), listener.held(kind)[0])
    before = listener.person.track_ids(listener.playlist_id(kind))
    listener.next_day(**changes)
    added = listener.added[kind]
    assert added
    for _ in range(2):
        held = listener.person.track_ids(listener.playlist_id(kind))
        if kind == "mirror":
            assert held == listener.charted()
        else:
            assert held == ([*before, *added] if add_at == "end" else [*added, *before])
        listener.morning(**changes)
        assert listener.added[kind] == []
        assert listener.held(kind) == held


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_dies_after_its_write_is_finished_by_the_next(listener: Listener, kind: PlaylistKind) -> None:
    changes = {"playlist_kinds": (kind,), "playlist_add_at": "end"}
    listener.looks(**changes)
    with listener.workspace(**changes) as workspace:
        sent = update_playlist(workspace, SLUG, listener.chart, listener.found, kind=kind)
    assert sent
    calls = listener.requests()
    listener.morning(**changes)
    assert listener.added[kind] == sent, "only the second run recorded them"
    assert listener.held(kind) == sent
    assert listener.requests() == calls, "the ledger knows what was confirmed"


def test_a_mirror_follows_a_playlist_that_lists_its_tracks_under_other_ids(listener: Listener) -> None:
    tracks = sorted(listener.world.spotify.tracks)
    listener.world.spotify.listed_as = {track_id: base62_id("listed", track_id) for track_id in tracks[::2]}
    listener.morning()
    listener.person.rename(listener.name("mirror"), "Now")
    listener.person.rename(listener.name("daily"), "To hear")
    writes = listener.requests(method="PUT") + listener.requests(method="POST")
    for _ in range(2):
        listener.morning()
        assert listener.person.track_ids("Now") == listener.charted()
        assert listener.held("daily") == listener.charted()[:10]
    assert listener.requests(method="PUT") + listener.requests(method="POST") == writes, "it was written again"


def test_a_mirror_is_left_alone_while_no_track_of_the_chart_is_known(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    held = listener.held("mirror")
    with listener.workspace() as workspace:
        assert update_playlist(workspace, SLUG, listener.chart, [], kind="mirror") == []
    assert listener.person.track_ids(listener.name("mirror")) == held


def test_a_preview_shows_what_the_run_then_does_and_what_it_costs(listener: Listener) -> None:
    listener.morning()
    chart = listener.charted()
    listener.person.remove_track(listener.playlist_id("daily"), chart[0])
    listener.person.reorder(listener.playlist_id("mirror"), 0, 50)
    listener.world.world.advance_day()
    listener.looks()
    writes = listener.requests(method="PUT") + listener.requests(method="POST")
    backups = listener.ledger.backups.playlists()
    shown: dict[PlaylistKind, Preview] = {}
    for kind in KINDS:
        with listener.workspace() as workspace:
            shown[kind] = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind=kind)
    assert listener.requests(method="PUT") + listener.requests(method="POST") == writes, "a preview writes"
    assert listener.ledger.backups.playlists() == backups
    before = listener.person.track_ids(listener.name("mirror"))
    listener.morning()
    assert {kind: preview.added for kind, preview in shown.items()} == listener.added
    assert set(shown["mirror"].removed) == set(before) - set(listener.charted())
    assert shown["mirror"].moved >= 1
    assert [preview.calls for preview in shown.values()] == [1, 1, 1]
    with listener.workspace() as workspace:
        again = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    assert again == Preview([], [], 0, 0)


def test_a_preview_of_a_playlist_that_is_not_there_counts_its_creation(listener: Listener) -> None:
    listener.looks()
    with listener.workspace(playlist_description="{date}") as workspace:
        found = preview_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    assert (found.added, found.calls) == (listener.charted(), 3)
    assert not [playlist for playlist in listener.world.spotify.library() if playlist.name == listener.name("mirror")]


def test_a_kind_that_is_new_finds_its_playlist_by_name(listener: Listener) -> None:
    made = listener.world.spotify.create_playlist(listener.name("daily"))
    listener.morning()
    assert listener.playlist_id("daily") == made.playlist_id
    assert in_order(listener.added) == KINDS


def test_another_error_of_a_mirror_is_raised_and_the_next_run_reads_it(listener: Listener) -> None:
    listener.morning(playlist_kinds=("mirror",))
    listener.world.faults.add(service="spotify", kind="playlist-items", method="PUT", fault="drop", when="after", count=9)
    listener.world.world.advance_day()
    listener.looks(playlist_kinds=("mirror",))
    with listener.workspace(playlist_kinds=("mirror",)) as workspace:
        workspace.sleep = lambda _: None
        with pytest.raises(UpstreamDown):
            update_playlist(workspace, SLUG, listener.chart, listener.found, kind="mirror")
    listener.world.faults.clear()
    listener.morning(playlist_kinds=("mirror",))
    assert listener.held("mirror") == listener.charted()
