"""Applying plans despite faults: afterwards the server holds every track once and in order, or the error says what is known."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from beatporter.errors import PlaylistFull, QuotaExceeded, RequestRefused, TransientError, UpstreamDown
from beatporter.spotify.apply import MAX_ROUNDS, apply_update
from beatporter.spotify.client import SpotifyClient
from beatporter.spotify.overflow import continuation_name, make_room
from beatporter.spotify.plan import Plan, after, plan_collect, plan_mirror
from beatporter.spotify.playlists import ensure_playlist
from sandbox.spotify.models import base62_id
from tests.timeouts import TIMEOUT_S

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox

FAULTS: list[dict[str, Any]] = [
    *({"fault": "server_error", "status": status, "when": when} for status in (500, 502, 503, 504) for when in ("before", "after")),
    {"fault": "drop", "when": "before"},
    {"fault": "drop", "when": "after"},
    {"fault": "hang", "seconds": 10 * TIMEOUT_S, "when": "before"},
    {"fault": "hang", "seconds": 10 * TIMEOUT_S, "when": "after"},
    {"fault": "truncated"},
    {"fault": "cut_off"},
    {"fault": "html"},
    {"fault": "html", "status": 502, "when": "after"},
    {"fault": "empty"},
    {"fault": "rate_limited", "retry_after_s": 3},
    {"fault": "token_expired"},
]


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for key, value in fault.items() if key != "seconds")


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(base62_id("track", str(number)) for number in numbers)


def read(client: SpotifyClient, playlist_id: str) -> list[str | None]:
    return [item.track.track_id if item.track else None for item in client.playlist_items(playlist_id)]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
@pytest.mark.parametrize("rules", ["new", "old"])
def test_an_addition_happens_once_whatever_happens_to_its_answer(spotify: SpotifySandbox, rules: str, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist(holds=(1, 2, 3))
    plan = plan_collect(ids(10, 2, 11, 12), spotify.held(playlist_id))
    spotify.server.faults.add(service="spotify", method="POST", **fault)
    added: list[str] = []
    applied = apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep, on_added=added.extend)
    assert spotify.held(playlist_id) == list(ids(10, 11, 12, 1, 2, 3))
    assert applied.added == ids(10, 11, 12)
    assert tuple(added) == applied.added, "additions were not reported once each"
    sent_again = spotify.sent(method="POST") > 1
    assert applied.snapshot_id == (spotify.state.playlists[playlist_id].snapshot_id if sent_again else None), (
        "a lost answer leaves it unknown"
    )


def test_the_state_is_unknown_after_a_lost_answer_although_an_earlier_request_was_answered(spotify: SpotifySandbox) -> None:
    playlist_id, many = spotify.playlist(holds=(1,)), ids(*range(10, 160))
    spotify.server.faults.add(service="spotify", method="POST", fault="drop", when="after", nth=2)
    applied = apply_update(spotify.client(), playlist_id, Plan(add=many), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == [*many, *ids(1)]
    assert spotify.sent(method="POST") == 2, "nothing was missing after the lost answer"
    assert applied.snapshot_id is None


def test_a_normal_update_is_one_call_and_an_empty_plan_none(spotify: SpotifySandbox) -> None:
    playlist_id, client = spotify.playlist(holds=(1,)), spotify.client()
    apply_update(client, playlist_id, Plan(add=ids(2)), sleep=spotify.sleep)
    assert spotify.sent() == 1
    applied = apply_update(client, playlist_id, Plan(), sleep=spotify.sleep)
    assert (applied.added, applied.snapshot_id, spotify.sent()) == ((), None, 1)


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("fault", [FAULTS[2], FAULTS[3], FAULTS[9], FAULTS[12]], ids=name_of)
def test_order_holds_over_many_batches(spotify: SpotifySandbox, fault: dict[str, Any], nth: int) -> None:
    playlist_id = spotify.playlist(holds=(1, 2))
    spotify.server.faults.add(service="spotify", method="POST", nth=nth, **fault)
    apply_update(spotify.client(), playlist_id, Plan(add=ids(*range(100, 350))), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(*range(100, 350), 1, 2))


def test_the_next_run_adds_what_a_quota_cut_off(spotify: SpotifySandbox) -> None:
    playlist_id, wanted = spotify.playlist(holds=(1, 2)), ids(*range(100, 350))
    spotify.server.faults.add(service="spotify", method="POST", nth=2, fault="quota_exceeded", retry_after_s=50_000)
    added: list[str] = []
    with pytest.raises(QuotaExceeded):
        apply_update(spotify.client(), playlist_id, Plan(add=wanted), sleep=spotify.sleep, on_added=added.extend)
    assert sorted(added) == sorted(set(spotify.held(playlist_id)) - set(ids(1, 2))), "the reported additions are wrong"
    assert added
    spotify.clock.advance(50_001)
    client = spotify.client(spotify.budget("next day"))
    apply_update(client, playlist_id, plan_collect(wanted, read(client, playlist_id)), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == [*wanted, *ids(1, 2)]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_a_mirror_becomes_the_chart_whatever_happens_to_its_answer(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    playlist_id, chart = spotify.playlist(holds=(3, 1, 50)), ids(*range(1, 41))
    spotify.server.faults.add(service="spotify", method="PUT", **fault)
    plan = plan_mirror(chart, spotify.held(playlist_id))
    applied = apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(chart)
    assert set(applied.added) == set(chart) - set(ids(3, 1))
    assert spotify.sent(method="POST") == 0


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("fault", [FAULTS[3], FAULTS[8], FAULTS[9]], ids=name_of)
def test_a_long_mirror_starts_over_after_an_unknown_outcome(spotify: SpotifySandbox, method: str, fault: dict[str, Any]) -> None:
    playlist_id, chart = spotify.playlist(holds=(3, 1, 50)), ids(*range(1, 251))
    spotify.server.faults.add(service="spotify", method=method, **fault)
    apply_update(spotify.client(), playlist_id, plan_mirror(chart, spotify.held(playlist_id)), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(chart)


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
@pytest.mark.parametrize("rules", ["new", "old"])
def test_a_removal_happens_whatever_happens_to_its_answer(spotify: SpotifySandbox, rules: str, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist(holds=(1, 2, 3, 2, 4))
    spotify.server.faults.add(service="spotify", method="DELETE", **fault)
    applied = apply_update(spotify.client(), playlist_id, Plan(remove=ids(2, 4), add=ids(9)), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(9, 1, 3))
    assert applied.snapshot_id == spotify.state.playlists[playlist_id].snapshot_id


@pytest.mark.parametrize("fault", [FAULTS[1], FAULTS[3], FAULTS[9], FAULTS[11]], ids=name_of)
def test_a_late_write_leaves_no_duplicates(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    """The read after an unknown outcome does not show the write yet, so it is sent again; the duplicates are then removed."""
    playlist_id = spotify.playlist(holds=(1, 2))
    spotify.state.items_delay = timedelta(seconds=3)
    spotify.server.faults.add(service="spotify", method="POST", **fault)
    apply_update(spotify.client(), playlist_id, Plan(add=ids(10, 11, 12)), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(10, 11, 12, 1, 2))


def test_what_somebody_put_on_top_meanwhile_stays_and_the_rest_is_found_below(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=(1, 2))
    spotify.server.faults.add(service="spotify", method="POST", nth=2, **FAULTS[2])
    spotify.before_pause = lambda: spotify.state.person.add_track(playlist_id, ids(399)[0], 0) if len(spotify.slept) == 1 else None
    apply_update(spotify.client(), playlist_id, Plan(add=ids(*range(100, 250))), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(399, *range(100, 250), 1, 2))


def test_an_outcome_that_stays_unknown_is_raised(spotify: SpotifySandbox) -> None:
    playlist_id, client = spotify.playlist(holds=(1, 2)), spotify.client()
    spotify.server.faults.add(service="spotify", method="POST", count=None, **FAULTS[2])
    told: list[str] = []
    with pytest.raises(UpstreamDown) as caught:
        apply_update(client, playlist_id, Plan(add=ids(10)), sleep=spotify.sleep, on_added=told.extend)
    assert caught.value.outcome_unknown
    assert spotify.sent(method="POST") == MAX_ROUNDS
    assert told == []
    assert spotify.held(playlist_id) == list(ids(1, 2))


def test_a_failed_read_after_an_unconfirmed_write_leaves_it_unconfirmed(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist()
    spotify.server.faults.add(service="spotify", method="POST", **FAULTS[3])
    spotify.server.faults.add(service="spotify", method="GET", count=None, **FAULTS[4])
    with pytest.raises(UpstreamDown) as caught:
        apply_update(spotify.client(), playlist_id, Plan(add=ids(10)), sleep=spotify.sleep)
    assert caught.value.outcome_unknown
    assert spotify.sent(method="POST") == 1, "a write was sent again without reading"


def test_a_missing_playlist_is_refused(spotify: SpotifySandbox) -> None:
    with pytest.raises(RequestRefused, match="404"):
        apply_update(spotify.client(), base62_id("no such"), Plan(add=ids(10)), sleep=spotify.sleep)


@pytest.mark.parametrize("seed", range(15))
def test_runs_through_random_faults_end_where_a_world_without_faults_does(spotify: SpotifySandbox, seed: int) -> None:
    """Three days of charts; each run reads, plans and applies, and is repeated after an error, like the flow."""
    dice = random.Random(seed)
    playlist_id = spotify.playlist(holds=(0, 1))
    expected: list[str | None] = list(spotify.held(playlist_id))
    spotify.state.items_delay = timedelta(seconds=dice.choice([0, 0, 1]))
    quick = [fault for fault in FAULTS if fault["fault"] != "hang"]
    for day in range(3):
        wanted = ids(*dice.sample(range(2, 400), dice.choice([3, 20, 150])))
        for number, fault in enumerate(dice.sample(quick, 4)):
            spotify.server.faults.add(service="spotify", probability=0.25, seed=seed * 100 + day * 10 + number, count=None, **fault)
        for _ in range(30):
            spotify.sleep(60)
            try:
                client = spotify.client()
                plan = plan_collect(wanted, read(client, playlist_id))
                apply_update(client, playlist_id, plan, sleep=spotify.sleep)
                break
            except TransientError:
                spotify.state.accounts.expire_access()
        else:
            pytest.fail(f"day {day} never got through; seed {seed}")
        expected = after(plan_collect(wanted, expected), expected)
        spotify.server.faults.clear()
        assert spotify.held(playlist_id) == expected, f"day {day}, seed {seed}"


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_a_playlist_is_created_once_whatever_happens_to_the_answer(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    spotify.playlist("Another")
    client = spotify.client()
    spotify.server.faults.add(service="spotify", kind="create-playlist", **fault)
    account = client.me().account_id
    for _ in range(2):
        made = ensure_playlist(client, client.playlists(), account, None, "House", public=False, sleep=spotify.sleep)
    assert [playlist.playlist_id for playlist in spotify.state.playlists.values() if playlist.name == "House"] == [made.playlist_id]


def test_no_playlist_is_made_while_the_list_cannot_be_read(spotify: SpotifySandbox) -> None:
    client = spotify.client()
    account = client.me().account_id
    spotify.server.faults.add(service="spotify", kind="create-playlist", **FAULTS[3])
    spotify.server.faults.add(service="spotify", kind="my-playlists", count=None, **FAULTS[4])
    with pytest.raises(UpstreamDown):
        ensure_playlist(client, [], account, None, "House", public=False, sleep=spotify.sleep)
    assert spotify.sent(kind="create-playlist") == 1


def test_a_full_playlist_moves_its_oldest_to_a_growing_continuation(spotify: SpotifySandbox) -> None:
    playlist_id, client = spotify.playlist(holds=range(200)), spotify.client()
    account = client.me().account_id

    def continuation(number: int) -> Any:
        return ensure_playlist(
            client, client.playlists(), account, None, continuation_name("House", number), public=False, sleep=spotify.sleep
        )

    def move(present: list[str], adding: int) -> tuple[str, ...]:
        ref = client.playlist(playlist_id)
        return make_room(
            client, ref, present, adding, when_full="continue", continuation=continuation, limit=210, min_moved=150, sleep=spotify.sleep
        )

    assert move(spotify.held(playlist_id), 10) == ()
    # The first move dies between the additions to the continuation and the removals here.
    spotify.server.faults.add(service="spotify", method="DELETE", count=None, **FAULTS[2])
    with pytest.raises(UpstreamDown):
        move(spotify.held(playlist_id), 11)
    spotify.server.faults.clear()
    assert move(spotify.held(playlist_id), 11) == ids(*range(50, 200))
    second = spotify.state.person.find("House (2)").playlist_id
    assert spotify.held(second) == list(ids(*range(50, 200))), "tracks are duplicated or out of order in the continuation"
    assert spotify.held(playlist_id) == list(ids(*range(50)))
    apply_update(client, playlist_id, Plan(add=ids(*range(200, 361))), sleep=spotify.sleep)
    assert len(move(spotify.held(playlist_id), 150)) == 151
    assert spotify.held(spotify.state.person.find("House (3)").playlist_id) == list(ids(*range(260, 361), *range(50)))
    assert spotify.held(playlist_id) == list(ids(*range(200, 260)))


def test_tracks_left_in_a_full_continuation_by_an_interrupted_move_are_not_moved_again(spotify: SpotifySandbox) -> None:
    client, playlist_id = spotify.client(), spotify.playlist(holds=range(40, 200))
    spotify.playlist("House (2)", holds=[*range(50, 200), *range(300, 305)])
    spotify.playlist("House (3)")

    def continuation(number: int) -> Any:
        return client.playlist(spotify.state.person.find(continuation_name("House", number)).playlist_id)

    ref, present = client.playlist(playlist_id), spotify.held(playlist_id)
    make_room(client, ref, present, 160, when_full="continue", continuation=continuation, limit=160, min_moved=100, sleep=spotify.sleep)
    assert spotify.state.person.track_ids("House (3)") == list(ids(*range(40, 50)))
    assert spotify.held(playlist_id) == []


def test_a_full_playlist_is_an_error_when_chosen_or_when_nothing_can_move(spotify: SpotifySandbox) -> None:
    playlist_id, client = spotify.playlist(holds=(1, 1, 2, 2)), spotify.client()
    ref, present = client.playlist(playlist_id), spotify.held(playlist_id)

    def never(number: int) -> Any:
        raise AssertionError("a continuation was asked for")

    with pytest.raises(PlaylistFull, match="BEATPORTER_PLAYLIST_WHEN_FULL"):
        make_room(client, ref, present, 1, when_full="fail", continuation=never, limit=4)
    with pytest.raises(PlaylistFull, match="can move"):
        make_room(client, ref, present, 1, when_full="continue", continuation=never, limit=4)
    assert spotify.held(playlist_id) == present


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_an_addition_at_the_end_happens_once_whatever_happens_to_its_answer(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist(holds=tuple(range(150)))
    plan = plan_collect(ids(300, 2, 301, 302), spotify.held(playlist_id), position=150, at_end=True)
    spotify.server.faults.add(service="spotify", method="POST", **fault)
    added: list[str] = []
    apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep, on_added=added.extend)
    assert spotify.held(playlist_id) == list(ids(*range(150), 300, 301, 302))
    assert tuple(added) == plan.add


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("fault", [FAULTS[2], FAULTS[3], FAULTS[9], FAULTS[12]], ids=name_of)
def test_order_holds_over_many_batches_at_the_end(spotify: SpotifySandbox, fault: dict[str, Any], nth: int) -> None:
    playlist_id = spotify.playlist(holds=(1, 2))
    spotify.server.faults.add(service="spotify", method="POST", nth=nth, **fault)
    apply_update(spotify.client(), playlist_id, Plan(add=ids(*range(100, 350)), position=2, at_end=True), sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(1, 2, *range(100, 350)))


def test_an_addition_at_the_end_succeeds_after_the_person_removed_something(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=(1, 2, 3))
    plan = Plan(add=ids(10, 11), position=3, at_end=True)
    spotify.state.person.remove_track(playlist_id, ids(2)[0])
    apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(1, 3, 10, 11))


@pytest.mark.parametrize("holds", [(), (1, 2)])
def test_the_rest_of_interrupted_writes_to_the_end_keeps_the_charts_order(spotify: SpotifySandbox, holds: tuple[int, ...]) -> None:
    """A write of several requests fails after its first, and again after that: what is missing follows what is there."""
    playlist_id, chart = spotify.playlist(holds=holds), ids(*range(100, 400))
    for _ in range(2):
        plan = plan_collect(chart, spotify.held(playlist_id), position=len(spotify.held(playlist_id)), at_end=True)
        spotify.server.faults.add(service="spotify", method="POST", kind="playlist-items", fault="server_error", status=403, nth=2)
        with pytest.raises(RequestRefused):
            apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(*holds) + chart[:200])
    plan = plan_collect(chart, spotify.held(playlist_id), position=len(spotify.held(playlist_id)), at_end=True)
    apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep)
    assert spotify.held(playlist_id) == list(ids(*holds) + chart)


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("fault", [FAULTS[2], FAULTS[3], FAULTS[9], FAULTS[12]], ids=name_of)
def test_a_long_mirror_reports_what_is_new_once_and_never_drops_what_it_put_in(
    spotify: SpotifySandbox, fault: dict[str, Any], method: str
) -> None:
    playlist_id, chart = spotify.playlist(holds=(399, 250)), ids(*range(100, 350))
    spotify.server.faults.add(service="spotify", method=method, nth=1, **fault)
    added: list[str] = []
    plan = plan_mirror(chart, spotify.held(playlist_id))
    apply_update(spotify.client(), playlist_id, plan, sleep=spotify.sleep, on_added=added.extend)
    assert spotify.held(playlist_id) == list(chart)
    assert sorted(added) == sorted(set(chart) - set(ids(250)))
    assert spotify.sent(method="PUT") <= 2, "what was put in is not replaced because of a later answer"
