"""Compares the Spotify stand-in's answers with the OpenAPI description and with recorded answers of the real service.

The description is the community's of May 2026. Where it still requires what the rules of 2026 removed, or forbids a null that
the service is known to send, `DEPARTURES` says so and why; every other difference is a failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError

from beatporter.records.track import SpotifyTrack
from sandbox.clock import SandboxClock
from sandbox.http import Server
from sandbox.spotify.limits import CallLimits
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.routes import spotify_server
from tests.timeouts import TIMEOUT_S

REAL = Path(__file__).parents[2] / ".." / "shared" / "real"
DESCRIPTION = REAL / "spotify-openapi-2026-05.yml"
SEARCHES = REAL / "spotify-search-responses.json"
ITEMS = REAL / "spotify-playlist-items-2026.json"
LIMITED = REAL / "spotify-429-responses.json"

DEPARTURES = (
    # The description still requires what the development rules of 2026-02-11 removed.
    (r"'available_markets' is a required property", r"/album$", "removed for new apps in 2026"),
    # It allows no null for entries whose track has left the catalogue, although the service sends them.
    (r"None is not valid under any of the given schemas", r"/(item|track)$", "null entries occur in real playlists"),
    # It describes only catalogue tracks; a local file has neither id nor link, and hardly any album.
    (r"is not valid under any of the given schemas", r"/local/(item|track)$", "local files have no catalogue data"),
)

needs_description = pytest.mark.skipif(not DESCRIPTION.exists(), reason="the shared OpenAPI description is not here")

TRACKS = [
    SpotifyTrack(
        base62_id("track", str(number)),
        f"Song {number}",
        ("Somebody", f"Guest {number % 7}"),
        album=f"Album {number // 3}" if number % 2 else None,
        album_type=("single", "album", "compilation", None)[number % 4],
        isrc=f"GBAAA26{number:05}" if number % 3 else None,
        duration_ms=None if number == 4 else 180_000 + number,
        is_playable=(None, True, False)[number % 3],
        release_date=(None, "2026", "2026-05", "2026-05-01")[number % 4],
    )
    for number in range(120)
]
URIS = [f"spotify:track:{track.track_id}" for track in TRACKS]


@cache
def description() -> dict[str, Any]:
    """The description as JSON schema: OpenAPI 3.0's nullable becomes a null type, discriminators are removed."""
    parsed: dict[str, Any] = yaml.load(DESCRIPTION.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    translated: dict[str, Any] = _translate(parsed)
    return translated


def _translate(node: Any) -> Any:
    if isinstance(node, list):
        return [_translate(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    done = {key: _translate(value) for key, value in node.items() if key not in ("nullable", "discriminator")}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        done["type"] = [node["type"], "null"]
    return done


def schema_for(method: str, path: str, status: int) -> dict[str, Any] | None:
    """The schema of an operation's answer; None where the description has no body for it."""
    operation = description()["paths"][path][method.lower()]
    answer = operation["responses"].get(str(status))
    if answer is None:
        # 400 and 404 are described once, for all operations, under components.
        named = {400: "BadRequest", 404: "NotFound", 403: "Forbidden"}[status]
        answer = description()["components"]["responses"][named]
    if "$ref" in answer:
        answer = description()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content")
    return content["application/json"]["schema"] if content else None


def complaints(schema: dict[str, Any], body: Any) -> list[str]:
    """What the description does not allow, except for the departures explained above."""
    whole = {**schema, "components": description()["components"]}
    found = (error for top in Draft4Validator(whole).iter_errors(body) for error in _innermost(top))
    lines = {f"{_place(error, body)}: {error.message[:160]}" for error in found if not _explained(error, body)}
    return sorted(lines)


def _innermost(error: ValidationError) -> Iterator[ValidationError]:
    """oneOf hides its reasons; look into the branch for the object's own type."""
    if error.validator == "oneOf" and isinstance(error.instance, dict) and not error.instance.get("is_local"):
        branch = {"track": 0, "episode": 1}[error.instance["type"]]
        for inner in error.context or ():
            if inner.schema_path[0] == branch:
                yield from _innermost(inner)
    else:
        yield error


def _place(error: ValidationError, body: Any) -> str:
    path = "".join(f"/{part}" for part in error.absolute_path)
    if isinstance(error.instance, dict) and error.instance.get("is_local"):
        return re.sub(r"/(item|track)$", r"/local/\1", path)
    return path


def _explained(error: ValidationError, body: Any) -> bool:
    return any(re.search(message, error.message) and re.search(place, _place(error, body)) for message, place, _ in DEPARTURES)


class Caller:
    """A signed-in client that records every answer under the description's path."""

    def __init__(self, state: SpotifyState, server: Server) -> None:
        self._state = state
        self._url = f"{server.url}/v1"
        token = state.accounts.refresh(state.accounts.sign_in())["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, status: int, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        """Send a request; the answer must have the status and satisfy the description. Braces in path are filled from `at`."""
        at: dict[str, str] = options.pop("at", {})
        sent = self._headers if headers is None else headers
        response = requests.request(method, self._url + path.format(**at), headers=sent, timeout=TIMEOUT_S, **options)
        assert response.status_code == status, f"{method} {path} answered {response.status_code}: {response.text[:200]}"
        schema = schema_for(method, path, status)
        if schema is None:
            assert response.content == b"", f"{method} {path} sent a body where none is described"
            return None
        body = response.json()
        assert complaints(schema, body) == [], f"{method} {path} ({status}) departs from the description"
        return body


@pytest.fixture(params=["development", "extended"])
def state(request: pytest.FixtureRequest) -> SpotifyState:
    return SpotifyState(TRACKS, clock=SandboxClock(), rules=request.param)


@pytest.fixture
def call(state: SpotifyState) -> Iterator[Caller]:
    with spotify_server(state) as server:
        yield Caller(state, server)


def fill(state: SpotifyState) -> str:
    """Create a playlist with every kind of entry; returns its id."""
    mine = state.create_playlist("Mixed", description="All kinds")
    state.add_items(mine.playlist_id, URIS[:12])
    state.person.add_episode("Mixed", base62_id("episode"), 2)
    state.person.add_local_file("Mixed", "A Band", "A Demo", 3)
    state.person.lose_track("Mixed", TRACKS[5].track_id)
    return mine.playlist_id


@needs_description
def test_answers_about_tracks_and_the_account_are_as_described(call: Caller) -> None:
    assert call("GET", "/search", 200, params={"q": "song", "type": "track", "limit": 10})["tracks"]["items"]
    assert call("GET", "/search", 200, params={"q": "nothing at all", "type": "track"})["tracks"]["items"] == []
    assert set(call("GET", "/search", 200, params={"q": "song", "type": "track,album,playlist"})) == {"tracks", "albums", "playlists"}
    for track in TRACKS[:12]:
        call("GET", "/tracks/{id}", 200, at={"id": track.track_id})
    call("GET", "/me", 200)


@needs_description
def test_answers_about_playlists_are_as_described(call: Caller, state: SpotifyState) -> None:
    made = call("POST", "/me/playlists", 201, json={"name": "Made", "public": False, "description": "by a test"})
    at = {"playlist_id": made["id"]}
    call("PUT", "/playlists/{playlist_id}", 200, at=at, json={"name": "Renamed"})
    call("POST", "/playlists/{playlist_id}/items", 201, at=at, json={"uris": URIS[:100]})
    call("POST", "/playlists/{playlist_id}/items", 201, at=at, json={"uris": URIS[100:105], "position": 0})
    call("PUT", "/playlists/{playlist_id}/items", 200, at=at, json={"range_start": 0, "insert_before": 3, "range_length": 2})
    key = "items" if state.rules == "development" else "tracks"
    call("DELETE", "/playlists/{playlist_id}/items", 200, at=at, json={key: [{"uri": URIS[0]}]})
    call("PUT", "/playlists/{playlist_id}/items", 200, at=at, json={"uris": URIS[:3]})
    call("DELETE", "/me/library", 200, params={"uris": f"spotify:playlist:{made['id']}"})
    call("PUT", "/me/library", 200, params={"uris": f"spotify:playlist:{made['id']}"})
    state.add_foreign_playlist("Theirs", URIS[:2])
    assert call("GET", "/me/playlists", 200, params={"limit": 1})["next"]
    assert len(call("GET", "/me/playlists", 200)["items"]) == 2


@needs_description
def test_every_kind_of_entry_is_as_described(call: Caller, state: SpotifyState) -> None:
    at = {"playlist_id": fill(state)}
    key = "item" if state.rules == "development" else "track"
    page = call("GET", "/playlists/{playlist_id}/items", 200, at=at)
    kinds = [entry[key] and entry[key]["type"] for entry in page["items"]]
    assert kinds == ["track", "track", "episode", "track", "track", "track", "track", None, *["track"] * 6]
    assert [entry["is_local"] for entry in page["items"]].index(True) == 3
    call("GET", "/playlists/{playlist_id}", 200, at=at)


@needs_description
def test_refusals_are_as_described(call: Caller, state: SpotifyState) -> None:
    at = {"playlist_id": fill(state)}
    theirs = {"playlist_id": state.add_foreign_playlist("Theirs", URIS[:2]).playlist_id}
    weekly = {"playlist_id": state.add_foreign_playlist("Weekly", algorithmic=True).playlist_id}
    items = "/playlists/{playlist_id}/items"
    call("GET", "/me", 401, headers={})
    call("GET", "/me", 401, headers={"Authorization": "Bearer nonsense"})
    assert call("GET", "/search", 400, params={"q": "song", "type": "track", "limit": 51})["error"]["message"] == "Invalid limit"
    call("GET", "/search", 400, params={"q": "song", "type": "track", "offset": 1001})
    call("GET", "/search", 400, params={"type": "track"})
    call("GET", items, 400, at=at, params={"limit": 101})
    call("POST", items, 400, at=at, json={"uris": URIS[:101]})
    call("POST", items, 403, at=at, json={"uris": URIS[:1], "position": 99})
    call("POST", items, 403, at=theirs, json={"uris": URIS[:1]})
    call("GET", "/playlists/{playlist_id}", 404, at=weekly)
    call("GET", "/tracks/{id}", 404, at={"id": base62_id("unknown")})
    state.limits.per_day = 0
    refused = call("GET", "/me", 429)
    assert refused == {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}


@needs_description
def test_the_description_would_notice_a_wrong_answer(state: SpotifyState) -> None:
    schema = schema_for("GET", "/tracks/{id}", 200)
    assert schema is not None
    with spotify_server(state) as server:
        good = Caller(state, server)("GET", "/tracks/{id}", 200, at={"id": TRACKS[1].track_id})
    assert complaints(schema, {**good, "duration_ms": "long"}) == ["/duration_ms: 'long' is not of type 'integer'"]
    assert complaints(schema, {**good, "artists": [{"id": 5}]}) == ["/artists/0/id: 5 is not of type 'string'"]


def shape(value: Any) -> Any:
    """The keys of nested objects, merging the shapes of all elements of a list."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        joined: Any = None
        for entry in value:
            found = shape(entry)
            joined = {**joined, **found} if isinstance(joined, dict) and isinstance(found, dict) else found
        return [joined]
    return None


def missing_from(ours: Any, real: Any, at: str = "") -> list[str]:
    """Paths in the real answer that ours lacks."""
    if isinstance(real, list) and isinstance(ours, list):
        return missing_from(ours[0], real[0], f"{at}[]")
    if not isinstance(real, dict) or not isinstance(ours, dict):
        return []
    lacking = [f"{at}.{key}" for key in real if key not in ours]
    return lacking + [path for key in real if key in ours for path in missing_from(ours[key], real[key], f"{at}.{key}")]


@pytest.mark.skipif(not SEARCHES.exists(), reason="the recorded searches are not here")
def test_a_search_of_the_old_shape_lacks_nothing_that_a_recorded_one_has(call: Caller, state: SpotifyState) -> None:
    recorded = [answer["body"] for answer in json.loads(SEARCHES.read_text(encoding="utf-8")) if "tracks" in answer["body"]]
    real = shape([body for body in recorded if body["tracks"]["items"]])[0]
    ours = shape(call("GET", "/search", 200, params={"q": "song", "type": "track", "limit": 10}))
    gone = {".tracks.items[].popularity", ".tracks.items[].available_markets", ".tracks.items[].album.available_markets"}
    assert set(missing_from(ours, real)) == (gone if state.rules == "development" else set())


@pytest.mark.skipif(not ITEMS.exists(), reason="the recorded playlist items are not here")
def test_items_lack_nothing_that_the_fixture_of_2026_has(call: Caller, state: SpotifyState) -> None:
    real = shape(json.loads(ITEMS.read_text(encoding="utf-8")))
    for key in ("item", "track"):
        real["items"][0][key].pop("episode")  # a flag of the entry, undocumented
        real["items"][0][key].pop("track")
    mine = state.create_playlist("Mine")
    state.add_items(mine.playlist_id, URIS[:6])
    ours = shape(call("GET", "/playlists/{playlist_id}/items", 200, at={"playlist_id": mine.playlist_id}))
    key, other = ("item", "track") if state.rules == "development" else ("track", "item")
    gone = {f".items[].{other}"}  # the fixture has both, each of our cohorts only one
    if state.rules == "development":
        gone |= {f".items[].{key}{path}" for path in (".popularity", ".available_markets", ".album.available_markets")}
    assert set(missing_from(ours, real)) == gone


@pytest.mark.skipif(not LIMITED.exists(), reason="the recorded refusals are not here")
def test_the_rate_limit_is_refused_as_recorded(call: Caller, state: SpotifyState) -> None:
    state.limits = CallLimits(per_30_s=1)
    call("GET", "/me", 200)
    for answer in json.loads(LIMITED.read_text(encoding="utf-8")):
        assert call("GET", "/me", 429) == json.loads(answer["body"])
