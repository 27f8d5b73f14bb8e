"""The client against the stand-in over real HTTP: both shapes, paging, every fault of reads and writes, and no secret anywhere."""

from __future__ import annotations

import logging
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, SettingsError, SignInExpired, UpstreamDown
from beatporter.spotify.client import SpotifyClient
from sandbox.spotify.models import base62_id
from tests.timeouts import TIMEOUT_S

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox

UNKNOWN: list[dict[str, Any]] = [
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
]
NOT_CARRIED_OUT: list[dict[str, Any]] = [{"fault": "rate_limited", "retry_after_s": 3}, {"fault": "token_expired"}]


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for key, value in fault.items() if key != "seconds")


def ids_of(client: SpotifyClient, playlist_id: str) -> list[str | None]:
    return [item.track.track_id if item.track else None for item in client.playlist_items(playlist_id)]


def track_id(number: int) -> str:
    return base62_id("track", str(number))


@pytest.mark.parametrize("rules", ["new", "old"])
def test_everything_is_read_in_both_shapes(spotify: SpotifySandbox, rules: str) -> None:
    client, playlist_id = spotify.client(), spotify.playlist(holds=range(120))
    person = spotify.state.person
    person.add_local_file(playlist_id, "Somebody", "A file", 0)
    person.add_episode(playlist_id, base62_id("episode", "1"), 51)
    person.lose_track(playlist_id, track_id(7))
    items = list(client.playlist_items(playlist_id))
    assert [item.position for item in items] == list(range(122))
    expected: list[str | None] = [track_id(number) if number != 7 else None for number in range(120)]
    assert [item.track.track_id if item.track else None for item in items] == [None, *expected[:50], None, *expected[50:]]
    first = items[1].track
    assert first is not None
    assert (first.isrc, first.duration_ms, first.artists, first.album_type) == ("XXABC2600000", 300_000, ("Ada Vale 0",), "single")
    assert items[1].added_at == spotify.clock()
    ref = client.playlist(playlist_id)
    assert (ref.name, ref.total, ref.owner_id) == ("House", 122, client.me().account_id)
    assert client.playlists() == [ref]
    assert client.track(track_id(3)).name == "Night Bus 3"
    assert any(found.track_id == track_id(3) for found in client.search("isrc:XXABC2600003"))
    assert spotify.sent() == 3 + 1 + 1 + 1 + 1 + 1
    assert client.calls == {"search": 1, "list": 1, "read": 4, "write": 0, "other": 2}


@pytest.mark.parametrize("rules", ["new", "old"])
def test_everything_is_written_in_both_shapes(spotify: SpotifySandbox, rules: str) -> None:
    client = spotify.client()
    made = client.create_playlist("House", public=False, description="Charts")
    assert (made.name, made.total, spotify.state.playlists[made.playlist_id].public) == ("House", 0, False)
    snapshots = [
        client.add_items(made.playlist_id, [track_id(1), track_id(2)]),
        client.add_items(made.playlist_id, [track_id(3)], position=1),
        client.remove_items(made.playlist_id, [track_id(2)]),
        client.remove_items(made.playlist_id, [track_id(9), track_id(1)]),
        client.replace_items(made.playlist_id, [track_id(4), track_id(5), track_id(6)]),
    ]
    assert spotify.held(made.playlist_id) == [track_id(4), track_id(5), track_id(6)]
    assert len(set(snapshots)) == len(snapshots)
    assert client.playlist(made.playlist_id).snapshot_id == snapshots[-1]


def test_a_listing_is_complete_or_an_exception(spotify: SpotifySandbox) -> None:
    names = [f"List {number}" for number in range(120)]
    for name in names:
        spotify.playlist(name)
    assert sorted(found.name for found in spotify.client().playlists()) == sorted(names)
    assert spotify.sent(kind="my-playlists") == 3
    spotify.server.faults.add(kind="my-playlists", nth=3, count=None, fault="server_error", status=503)
    with pytest.raises(UpstreamDown):
        spotify.client().playlists()


def test_a_listing_that_changes_while_it_is_read_is_read_again(spotify: SpotifySandbox) -> None:
    for number in range(60):
        spotify.playlist(f"List {number}")
    spotify.server.faults.add(kind="my-playlists", nth=2, fault="server_error")
    spotify.before_pause = lambda: spotify.state.person.delete("List 3") if len(spotify.slept) == 1 else None
    assert len(spotify.client().playlists()) == 59
    spotify.server.faults.clear()
    for nth in (2, 5):
        spotify.server.faults.add(kind="my-playlists", nth=nth, fault="server_error")
    removed = iter(range(10, 60))
    spotify.before_pause = lambda: spotify.state.person.delete(f"List {next(removed)}")
    with pytest.raises(UpstreamDown, match="changed while it was read"):
        spotify.client().playlists()


def test_a_playlist_that_changes_while_it_is_read_raises_an_error(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist(holds=range(60))
    items = spotify.client().playlist_items(playlist_id)
    next(items)
    spotify.state.person.remove_track(playlist_id, track_id(0))
    with pytest.raises(UpstreamDown, match="changed while it was read"):
        list(items)


@pytest.mark.parametrize("fault", [*UNKNOWN, *NOT_CARRIED_OUT], ids=name_of)
def test_a_read_survives_each_fault(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist(holds=range(60))
    spotify.server.faults.add(service="spotify", kind="playlist-items", nth=2, **fault)
    budget = spotify.budget()
    with budget:
        client = spotify.client(budget)
        assert ids_of(client, playlist_id) == [track_id(number) for number in range(60)]
    assert client.calls["read"] == spotify.sent() == 3, "a repeated read was not counted"
    assert spotify.ledger.calls.by_kind(spotify.clock() - timedelta(hours=1)) == {"read": 3}
    if fault["fault"] != "token_expired":
        assert [seconds for seconds, _ in spotify.told] == pytest.approx(spotify.slept)
        assert len(spotify.slept) == 1


@pytest.mark.parametrize("fault", UNKNOWN, ids=name_of)
def test_a_write_of_unknown_outcome_is_sent_once(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist()
    spotify.server.faults.add(service="spotify", method="POST", **fault)
    with pytest.raises(UpstreamDown) as caught:
        spotify.client().add_items(playlist_id, [track_id(1)])
    assert caught.value.outcome_unknown
    assert spotify.sent(method="POST") == 1, "the write was sent again"
    assert spotify.slept == []


@pytest.mark.parametrize("fault", NOT_CARRIED_OUT, ids=name_of)
def test_a_rejected_write_is_sent_again(spotify: SpotifySandbox, fault: dict[str, Any]) -> None:
    playlist_id = spotify.playlist()
    spotify.server.faults.add(service="spotify", method="POST", **fault)
    spotify.client().add_items(playlist_id, [track_id(1)])
    assert spotify.held(playlist_id) == [track_id(1)]
    assert spotify.sent(method="POST") == 2


def test_a_write_to_a_server_that_is_not_there_is_repeated_without_doubt(spotify: SpotifySandbox) -> None:
    playlist_id, client = spotify.playlist(), spotify.client()
    client.me()
    spotify.server.stop()
    with pytest.raises(UpstreamDown) as caught:
        client.add_items(playlist_id, [track_id(1)])
    assert not caught.value.outcome_unknown
    assert len(spotify.slept) == 3

    def come_back() -> None:
        spotify.server.start()

    spotify.before_pause = come_back
    client.add_items(playlist_id, [track_id(1)])
    assert spotify.held(playlist_id) == [track_id(1)]


def test_a_read_that_never_gets_an_answer_gives_up_and_says_what(spotify: SpotifySandbox) -> None:
    playlist_id = spotify.playlist()
    spotify.server.faults.add(kind="playlist-items", count=None, fault="server_error", status=503)
    with pytest.raises(UpstreamDown) as caught:
        ids_of(spotify.client(), playlist_id)
    assert f"GET /v1/playlists/{playlist_id}/items: it answered 503" in caught.value.what
    assert not caught.value.outcome_unknown
    assert spotify.sent() == 4


def test_a_429_waits_as_asked_and_a_long_one_is_raised(spotify: SpotifySandbox) -> None:
    client = spotify.client(spotify_max_wait_s=30)
    spotify.server.faults.add(kind="search", count=2, fault="rate_limited", retry_after_s=12)
    client.search("isrc:XXABC2600003")
    assert spotify.slept == pytest.approx([12, 12])
    assert "429" in spotify.told[0][1]
    spotify.server.faults.add(kind="search", fault="rate_limited", retry_after_s=31)
    with pytest.raises(RateLimited) as caught:
        client.search("isrc:XXABC2600003")
    assert caught.value.retry_after_s == 31
    spotify.server.faults.add(kind="search", count=3, fault="rate_limited", retry_after_s=12)
    with pytest.raises(RateLimited):
        client.search("isrc:XXABC2600003")


def test_a_spent_quota_stops_every_run_until_it_is_back(spotify: SpotifySandbox) -> None:
    spotify.server.faults.add(kind="search", nth=2, fault="quota_exceeded", retry_after_s=50_000)
    client = spotify.client()
    client.search("isrc:XXABC2600003")
    with pytest.raises(QuotaExceeded) as caught:
        client.search("isrc:XXABC2600004")
    assert caught.value.until == spotify.clock() + timedelta(seconds=50_001)
    sent = spotify.sent()
    for other in (client, spotify.client(spotify.budget("another run"))):
        with pytest.raises(QuotaExceeded):
            other.search("isrc:XXABC2600004")
    assert spotify.sent() == sent, "a request was sent before the quota was back"
    assert spotify.slept == [], "the run waited for a spent quota"
    spotify.clock.advance(50_001)
    spotify.client(spotify.budget("next day")).search("isrc:XXABC2600004")


def test_our_own_budget_stops_calls_before_they_are_sent(spotify: SpotifySandbox) -> None:
    client = spotify.client(spotify.budget(daily=5))
    for _ in range(5):
        client.me()
    with pytest.raises(QuotaExceeded):
        client.me()
    assert spotify.sent() == 5


def test_expired_access_is_renewed_once_for_all_threads(spotify: SpotifySandbox) -> None:
    client = spotify.client()
    client.me()
    spotify.state.accounts.expire_access()
    start = threading.Barrier(8)

    def search(number: int) -> int:
        start.wait()
        return sum(len(client.search(f"isrc:XXABC26{number * 10 + place:05d}")) for place in range(10))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(search, range(8)))
    assert all(count >= 9 for count in found), found
    assert client.calls["search"] == spotify.sent(kind="search")
    assert 80 < client.calls["search"] <= 88
    assert spotify.server.log.count(service="accounts") == 2, "each thread renewed by itself"


def test_a_token_is_renewed_before_it_ends(spotify: SpotifySandbox) -> None:
    client = spotify.client()
    client.me()
    spotify.clock.advance(3541)
    client.me()
    assert spotify.server.log.count(service="accounts") == 2
    assert spotify.sent() == 2, "a call was wasted on a token that had ended"


def test_a_dead_sign_in_says_what_to_do_and_an_accounts_service_that_is_down_does_not(spotify: SpotifySandbox) -> None:
    spotify.server.faults.add(service="accounts", count=None, fault="server_error", status=503)
    with pytest.raises(UpstreamDown, match="sign-in is not at fault"):
        spotify.client().me()
    spotify.server.faults.clear()
    spotify.server.faults.add(service="accounts", count=2, fault="server_error", status=503)
    assert spotify.client().me().account_id == spotify.state.user_id
    spotify.state.accounts.revoke()
    with pytest.raises(SignInExpired, match="beatporter login"):
        spotify.client().me()
    with pytest.raises(SettingsError, match="BEATPORTER_SPOTIFY_CLIENT_SECRET"):
        spotify.client(spotify_client_secret="wrong").me()


def test_fresh_tokens_that_are_refused_are_not_tried_for_ever_nor_the_persons_fault(spotify: SpotifySandbox) -> None:
    spotify.server.faults.add(kind="me", count=None, fault="token_expired")
    with pytest.raises(UpstreamDown) as caught:
        spotify.client().me()
    assert not caught.value.outcome_unknown
    assert spotify.sent() == 3


def test_refusals_say_what_and_why(spotify: SpotifySandbox) -> None:
    client = spotify.client()
    foreign = spotify.state.add_foreign_playlist("Theirs", [f"spotify:track:{track_id(1)}"])
    made_by_spotify = spotify.state.add_foreign_playlist("Discover Weekly", algorithmic=True)
    assert client.playlist(foreign.playlist_id).total == 0
    cases: list[tuple[int, str, Any]] = [
        (403, "Only the owner and collaborators", lambda: ids_of(client, foreign.playlist_id)),
        (403, "Only the owner and collaborators", lambda: client.add_items(foreign.playlist_id, [track_id(1)])),
        (404, "algorithmic or editorial", lambda: ids_of(client, made_by_spotify.playlist_id)),
        (404, "It no longer exists", lambda: client.track(base62_id("nothing"))),
        (400, "Query exceeds maximum length", lambda: client.search("x" * 300)),
        (400, "is not a Spotify id", lambda: client.playlist("../me")),
        (400, "more than Spotify accepts in one request", lambda: client.add_items(foreign.playlist_id, [track_id(1)] * 101)),
    ]
    for status, words, call in cases:
        with pytest.raises(RequestRefused, match=words) as caught:
            call()
        assert caught.value.status == status
    narrow = spotify.state.accounts.sign_in(("playlist-read-private",))
    with pytest.raises(RequestRefused, match="lacks a permission"):
        spotify.client(spotify_refresh_token=narrow).create_playlist("X", public=False)
    spotify.state.accounts.allowed = False
    with pytest.raises(RequestRefused, match="Premium"):
        client.me()


def test_no_secret_is_in_an_error_its_causes_or_a_log(spotify: SpotifySandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, playlist_id = spotify.client(), spotify.playlist()
    errors: list[BaseException] = []
    for fault in [
        *UNKNOWN,
        {"fault": "token_expired", "count": 3},
        {"fault": "rate_limited", "retry_after_s": 900},
        {"fault": "quota_exceeded"},
    ]:
        spotify.server.faults.add(service="spotify", method="POST", **{"count": 1, **fault})
        with pytest.raises(BeatporterError) as caught:
            client.add_items(playlist_id, [track_id(1)])
        errors.append(caught.value)
        spotify.server.faults.clear()
    spotify.state.accounts.revoke()
    for setting in ({}, {"spotify_client_secret": "another-secret"}):
        with pytest.raises(BeatporterError) as caught:
            spotify.client(spotify.budget("x"), **setting).me()
        errors.append(caught.value)
    texts = [record.getMessage() for record in caplog.records]
    for error in errors:
        assert error.__cause__ is None
        assert error.__context__ is None, f"{error!r} carries {error.__context__!r}"
        texts += [str(error), repr(error), repr(error.__dict__), repr(pickle.dumps(error))]
    everything = "\n".join(texts)
    secrets = [*spotify.state.accounts._access, spotify.refresh_token, spotify.state.accounts.client_secret, "another-secret"]
    assert len(secrets) > 3
    for secret in secrets:
        assert secret not in everything, f"a secret shows: {secret[:18]}…"
    assert "Bearer" not in everything
