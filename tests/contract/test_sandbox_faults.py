"""Faults over real sockets: what a client sees for each of them, and whether the write behind it was applied."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from beatporter.records.track import SpotifyTrack
from sandbox.clock import SandboxClock
from sandbox.faults import FAULTS, Rule
from sandbox.http import Request, Response, Route, Server, json_response
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.playlist import Playlist
from sandbox.spotify.routes import spotify_server
from tests.timeouts import TIMEOUT_S

TRACK = SpotifyTrack(base62_id("track"), "Song", ("Somebody",))
URI = f"spotify:track:{TRACK.track_id}"

Send = Callable[[], requests.Response]


@pytest.fixture
def state() -> SpotifyState:
    return SpotifyState([TRACK], clock=SandboxClock())


@pytest.fixture
def mine(state: SpotifyState) -> Playlist:
    return state.create_playlist("Mine")


@pytest.fixture
def server(state: SpotifyState) -> Iterator[Server]:
    with spotify_server(state) as running:
        yield running


@pytest.fixture
def add(state: SpotifyState, mine: Playlist, server: Server) -> Iterator[Send]:
    """Add the track to the playlist: a write that shows whether it was applied."""
    token = state.accounts.refresh(state.accounts.sign_in())["access_token"]
    url = f"{server.url}/v1/playlists/{mine.playlist_id}/items"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield lambda: session.post(url, json={"uris": [URI]}, timeout=TIMEOUT_S)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_comes_before_or_after_the_write(add: Send, server: Server, mine: Playlist, status: int, when: str) -> None:
    server.faults.add(fault="server_error", status=status, when=when, method="POST", kind="playlist-items")
    response = add()
    assert (response.status_code, response.json()["error"]["status"]) == (status, status)
    assert len(mine.items) == (when == "after"), f"the write was {'not ' if when == 'after' else ''}applied"
    assert add().status_code == 201


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", ["drop", "hang"])
def test_a_broken_connection_comes_before_or_after_the_write(add: Send, server: Server, mine: Playlist, fault: str, when: str) -> None:
    server.faults.add(fault=fault, when=when, seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        add()
    assert len(mine.items) == (when == "after")
    assert add().status_code == 201


def test_a_hang_outlasts_the_clients_time_out_and_ends_with_the_server(state: SpotifyState) -> None:
    before = set(threading.enumerate())
    with spotify_server(state) as server:
        server.faults.add(fault="hang", seconds=10 * TIMEOUT_S, kind="me")
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{server.url}/v1/me", timeout=(TIMEOUT_S, 0.2))
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=TIMEOUT_S)
        assert not thread.is_alive(), f"{thread.name} outlived its server"


@pytest.mark.parametrize(("fault", "reason", "wait"), [("rate_limited", None, "1"), ("quota_exceeded", "QUOTA_EXCEEDED", "50000")])
def test_a_429_names_its_wait(add: Send, server: Server, mine: Playlist, fault: str, reason: str | None, wait: str) -> None:
    server.faults.add(fault=fault)
    server.faults.add(fault=fault, retry_after_s=7)
    first, second = add(), add()
    assert [response.status_code for response in (first, second)] == [429, 429]
    assert first.json()["error"].get("reason") == reason
    assert [response.headers["Retry-After"] for response in (first, second)] == [wait, "7"]
    assert mine.items == []


def test_a_truncated_body_has_an_honest_length_and_a_cut_off_one_has_not(add: Send, server: Server, mine: Playlist) -> None:
    server.faults.add(fault="truncated")
    server.faults.add(fault="cut_off")
    response = add()
    assert response.status_code == 201
    assert int(response.headers["Content-Length"]) == len(response.content)
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        add()
    assert len(mine.items) == 2, "a spoilt answer follows an applied write"
    assert add().status_code == 201


@pytest.mark.parametrize(("status", "when"), [(None, "before"), (502, "before"), (None, "after")])
def test_html_comes_where_json_is_expected(add: Send, server: Server, mine: Playlist, status: int | None, when: str) -> None:
    server.faults.add(fault="html", status=status, when=when)
    response = add()
    assert (response.status_code, response.headers["Content-Type"]) == (status or 200, "text/html; charset=utf-8")
    assert response.text.startswith("<!DOCTYPE html>")
    assert len(mine.items) == (when == "after")


def test_an_empty_body_keeps_the_status(add: Send, server: Server) -> None:
    server.faults.add(fault="empty")
    response = add()
    assert (response.status_code, response.content) == (201, b"")


def test_an_expired_token_is_reported_in_spotifys_words(add: Send, server: Server) -> None:
    server.faults.add(fault="token_expired")
    assert add().json() == {"error": {"status": 401, "message": "The access token expired"}}


def test_the_accounts_service_fails_in_its_own_shape(server: Server) -> None:
    server.faults.add(fault="server_error", status=503, service="accounts")
    response = requests.post(f"{server.url}/api/token", timeout=TIMEOUT_S)
    assert (response.status_code, response.json()["error"]) == (503, "server_error")


def test_the_log_shows_requests_faults_and_handlers(add: Send, server: Server) -> None:
    server.faults.load([{"method": "POST", "nth": 2, "fault": "server_error", "status": 502, "when": "after"}, {"nth": 3, "fault": "drop"}])
    add()
    mark = server.log.last_number
    add()
    with pytest.raises(requests.ConnectionError):
        add()
    told = [(entry.kind, entry.status, entry.fault, entry.handled) for entry in server.log.entries(service="spotify")]
    assert told == [
        ("playlist-items", 201, None, True),
        ("playlist-items", 502, "server_error:502:after", True),
        ("playlist-items", 0, "drop:before", False),
    ]
    assert server.log.count(after=mark, method="POST") == 2
    assert server.log.entries()[-1].to_json()["fault"] == "drop:before"


def test_a_services_own_faults_go_through_its_hook() -> None:
    def challenge(request: Request, rule: Rule, response: Response) -> Response:
        return Response(rule.status or 403, b"prove it", (("cf-mitigated", "challenge"),))

    routes = [Route("GET", "/chart", "chart", lambda _: json_response({"chart": []}))]
    with Server("beatport", routes, hooks={"challenge": challenge}) as server:
        server.faults.add(fault="challenge")
        response = requests.get(f"{server.url}/chart", timeout=TIMEOUT_S)
        assert (response.status_code, response.headers["cf-mitigated"]) == (403, "challenge")
        assert requests.get(f"{server.url}/chart", timeout=TIMEOUT_S).json() == {"chart": []}


def test_every_fault_of_spotify_leaves_a_server_that_works(add: Send, server: Server) -> None:
    for fault in sorted(FAULTS - {"challenge", "malformed", "half_page"}):
        server.faults.add(fault=fault, seconds=0.01)
        try:
            add()
        except requests.RequestException:
            continue
    server.faults.clear()
    assert add().status_code == 201


def test_a_server_comes_back_at_its_address(state: SpotifyState) -> None:
    server = spotify_server(state).start()
    address = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/v1/me", timeout=TIMEOUT_S)
    server.start()
    try:
        assert server.url == address
        assert requests.get(f"{address}/v1/me", timeout=TIMEOUT_S).status_code == 401
    finally:
        server.stop()


def test_a_broken_handler_fails_the_test_that_called_it() -> None:
    def broken(_: Request) -> Response:
        raise ZeroDivisionError("a bug in the sandbox")

    server = Server("broken", [Route("GET", "/", "root", broken)])
    with pytest.raises(ExceptionGroup, match="handlers of the broken server failed"), server, pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/", timeout=TIMEOUT_S)


def test_unknown_addresses_and_methods_are_refused(server: Server) -> None:
    assert requests.get(f"{server.url}/v1/nowhere", timeout=TIMEOUT_S).status_code == 404
    assert requests.put(f"{server.url}/v1/search", timeout=TIMEOUT_S).status_code == 405
    assert [entry.kind for entry in server.log.entries()] == ["unknown", "unknown"]
