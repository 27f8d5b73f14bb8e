"""spotipy, the client library that the product uses, against the Spotify stand-in: what works and what the rules of 2026 refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOAuth

from beatporter.records.track import SpotifyTrack
from sandbox.clock import SandboxClock
from sandbox.http import Server
from sandbox.spotify.accounts import CLIENT_ID, CLIENT_SECRET, SCOPES
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.routes import spotify_server
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy", "ignore:You're using 'as_dict:DeprecationWarning")

TRACKS = [
    SpotifyTrack(base62_id("track", str(number)), f"Song {number}", ("Somebody",), isrc=f"GBAAA26{number:05}", duration_ms=200_000)
    for number in range(150)
]
IDS = [track.track_id for track in TRACKS]


@pytest.fixture
def state() -> SpotifyState:
    return SpotifyState(TRACKS, clock=SandboxClock())


@pytest.fixture
def server(state: SpotifyState) -> Iterator[Server]:
    with spotify_server(state) as running:
        yield running


@pytest.fixture
def client(state: SpotifyState, server: Server) -> Iterator[spotipy.Spotify]:
    with requests.Session() as session:
        token = state.accounts.refresh(state.accounts.sign_in())["access_token"]
        made = spotipy.Spotify(auth=token, requests_session=session, requests_timeout=TIMEOUT_S)
        made.prefix = f"{server.url}/v1/"
        yield made


def test_search_finds_by_isrc_and_by_fields(client: spotipy.Spotify) -> None:
    found = client.search("isrc:GBAAA2600007", limit=10)["tracks"]["items"]
    assert [(track["id"], track["external_ids"]["isrc"]) for track in found] == [(IDS[7], "GBAAA2600007")]
    assert IDS[7] in [track["id"] for track in client.search('track:"Song 7" artist:"Somebody"', limit=10)["tracks"]["items"]]


def test_a_playlist_from_making_to_deleting(client: spotipy.Spotify, state: SpotifyState) -> None:
    made = client.current_user_playlist_create("Mine", public=False)["id"]
    client.playlist_add_items(made, IDS[100:110])
    client.playlist_add_items(made, IDS[:100], position=0)
    page = client.playlist_items(made, limit=50, fields="items(added_at,item(id)),next,total")
    seen = [entry["item"]["id"] for entry in page["items"]]
    while page["next"]:
        page = client.next(page)
        seen += [entry["item"]["id"] for entry in page["items"]]
    assert seen == IDS[:110]
    client.playlist_replace_items(made, IDS[:5])
    client.playlist_reorder_items(made, range_start=0, insert_before=5, range_length=2)
    client.playlist_remove_all_occurrences_of_items(made, [IDS[3]])
    client.playlist_change_details(made, name="Ours")
    assert state.person.track_ids("Ours") == [IDS[2], IDS[4], IDS[0], IDS[1]]
    listed = client.current_user_playlists()["items"]
    assert [(entry["id"], entry["items"]["total"], entry["snapshot_id"]) for entry in listed] == [
        (made, 4, state.playlists[made].snapshot_id)
    ]
    assert client.playlist(made)["items"]["total"] == 4


@pytest.mark.parametrize(
    ("call", "status", "message"),
    [
        (lambda client, _: client.search("song", limit=11), 400, "Invalid limit"),
        (lambda client, playlist: client.playlist_items(playlist, limit=100), 400, "Invalid limit"),
        (lambda client, _: client.tracks(IDS[:2]), 403, "Forbidden"),
        (lambda client, _: client.user_playlist_create("sandbox-listener", "Mine"), 403, "Forbidden"),
        (lambda client, _: client.user_playlists("sandbox-listener"), 403, "Forbidden"),
        (lambda client, playlist: client.current_user_unfollow_playlist(playlist), 403, "Forbidden"),
        (lambda client, _: client.playlist(base62_id("unknown")), 404, "Resource not found"),
        (lambda client, playlist: client.playlist_add_items(playlist, [base62_id("unknown")]), 400, "Payload contains a non-existing ID"),
    ],
)
def test_the_development_rules_refuse_these_calls(
    client: spotipy.Spotify, state: SpotifyState, call: Callable[[spotipy.Spotify, str], object], status: int, message: str
) -> None:
    mine = state.create_playlist("Mine")
    with pytest.raises(spotipy.SpotifyException, match=message) as refused:
        call(client, mine.playlist_id)
    assert refused.value.http_status == status


def test_a_spent_quota_reaches_the_caller_with_reason_and_wait(client: spotipy.Spotify, state: SpotifyState) -> None:
    state.limits.per_day, state.limits.retry_after_s = 1, 48_925
    client.me()
    with pytest.raises(spotipy.SpotifyException) as refused:
        client.me()
    assert (refused.value.http_status, refused.value.reason, refused.value.headers["Retry-After"]) == (429, "QUOTA_EXCEEDED", "48925")


def test_sign_in_by_code_refresh_and_death_of_the_refresh_token() -> None:
    clock = SandboxClock(manual=True)
    state = SpotifyState(TRACKS, clock=clock)
    redirect = "http://127.0.0.1:9/callback"
    with spotify_server(state) as own, requests.Session() as session:
        oauth = SpotifyOAuth(
            CLIENT_ID,
            CLIENT_SECRET,
            redirect,
            scope=" ".join(SCOPES),
            state="a-state",
            requests_session=session,
            cache_handler=MemoryCacheHandler(),
        )
        oauth.OAUTH_AUTHORIZE_URL, oauth.OAUTH_TOKEN_URL = f"{own.url}/authorize", f"{own.url}/api/token"
        sent_to = session.get(oauth.get_authorize_url(), allow_redirects=False).headers["Location"]
        assert sent_to.startswith(f"{redirect}?code=")
        assert sent_to.endswith("&state=a-state")
        tokens = oauth.get_access_token(oauth.parse_response_code(sent_to), as_dict=True, check_cache=False)
        assert oauth.refresh_access_token(tokens["refresh_token"])["access_token"] != tokens["access_token"]
        clock.advance(timedelta(days=183))
        with pytest.raises(spotipy.SpotifyOauthError) as refused:
            oauth.refresh_access_token(tokens["refresh_token"])
        assert refused.value.error == "invalid_grant"


def test_the_older_cohort_keeps_its_limits_keys_and_routes(client: spotipy.Spotify, state: SpotifyState, server: Server) -> None:
    state.rules = "extended"
    made = client.user_playlist_create("sandbox-listener", "Mine")
    assert "tracks" in made
    assert "items" not in made
    client.playlist_add_items(made["id"], IDS[:60])
    page = client.playlist_items(made["id"], limit=100)
    assert [entry["track"]["id"] for entry in page["items"]] == IDS[:60]
    old_route = requests.get(f"{server.url}/v1/playlists/{made['id']}/tracks", headers=client._auth_headers(), timeout=TIMEOUT_S)
    assert old_route.json()["total"] == 60
    assert len(client.search("song", limit=50)["tracks"]["items"]) == 50
    track = client.tracks(IDS[:1])["tracks"][0]
    assert {"popularity", "available_markets"} <= set(track)
    assert client.current_user_playlists()["items"][0]["tracks"]["total"] == 60
    client.current_user_unfollow_playlist(made["id"])
    assert client.current_user_playlists()["items"] == []
