"""The Web API's handlers: read the request, ask the state, answer in Spotify's shape. Limits and texts follow the real service."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from sandbox.messages import Request, Response, json_response
from sandbox.spotify.exceptions import SpotifyRefusal, bad_request, forbidden
from sandbox.spotify.fields import apply_fields
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.playlist import Playlist
from sandbox.spotify.responses import Shapes, page

_TYPES: Final = {
    "album": "albums",
    "artist": "artists",
    "audiobook": "audiobooks",
    "episode": "episodes",
    "playlist": "playlists",
    "show": "shows",
    "track": "tracks",
}
MAX_COVER_BYTES: Final = 256_000
"""Of the body, which is base64."""
_MAX_QUERY: Final = 250
_MAX_OFFSET: Final = 1000
_MAX_LIBRARY_URIS: Final = 40


def refuse(refusal: SpotifyRefusal) -> Response:
    """A refusal in the Web API's format."""
    error: dict[str, Any] = {"status": refusal.status, "message": refusal.message}
    if refusal.reason:
        error["reason"] = refusal.reason
    headers = {} if refusal.retry_after_s is None else {"Retry-After": str(math.ceil(refusal.retry_after_s))}
    return json_response({"error": error}, refusal.status, headers)


class WebApi:
    """Handlers for a state. Each is called through `guard`, which authenticates, counts and refuses."""

    def __init__(self, state: SpotifyState) -> None:
        self._state = state

    def guard(self, handler: Callable[[Request], Response], scope: str = "", *, person: bool = True) -> Callable[[Request], Response]:
        """A handler that first checks the token, then quota and rate, then the scope."""

        def answer(request: Request) -> Response:
            with self._state.lock:
                try:
                    kind, _, token = request.headers.get("authorization", "").partition(" ")
                    grant = self._state.accounts.check_access(token if kind.lower() == "bearer" and token else None)
                    self._state.limits.take(self._state.clock())
                    if person and grant.signed_in_at is None:
                        raise SpotifyRefusal(401, "Valid user authentication required")
                    if scope and scope not in grant.scopes:
                        raise forbidden("Insufficient client scope")
                    return handler(request)
                except SpotifyRefusal as refusal:
                    return refuse(refusal)

        return answer

    # -- search, tracks, account

    def search(self, request: Request) -> Response:
        query = request.first("q")
        if not query or not query.strip():
            raise bad_request("No search query")
        if len(query) > _MAX_QUERY:
            raise bad_request("Query exceeds maximum length of 250 characters")
        kinds = (request.first("type") or "").split(",")
        if kinds == [""]:
            raise bad_request("Missing parameter type")
        unknown = [kind for kind in kinds if kind not in _TYPES]
        if unknown:
            raise bad_request(f"Bad search type field {unknown[0]}")
        limit = self._number(request, "limit", *((20, 50) if self._old else (5, 10)))
        offset = self._number(request, "offset", 0, _MAX_OFFSET, least=0)
        return json_response({_TYPES[kind]: self._search_page(request, query, kind, limit, offset) for kind in kinds})

    def track(self, request: Request) -> Response:
        return json_response(self._shapes(request).track(self._state.track(request.params["track_id"])))

    def tracks(self, request: Request) -> Response:
        """The batch form, for the older cohort only."""
        self._only_old()
        found: list[Any] = []
        for track_id in (request.first("ids") or "").split(","):
            try:
                found.append(self._shapes(request).track(self._state.track(track_id)))
            except SpotifyRefusal:
                found.append(None)
        return json_response({"tracks": found})

    def me(self, request: Request) -> Response:
        return json_response(self._shapes(request).me())

    # -- playlists

    def my_playlists(self, request: Request) -> Response:
        limit = self._number(request, "limit", 20, 50)
        offset = self._number(request, "offset", 0, 100_000, least=0)
        shapes, library = self._shapes(request), self._state.library()
        shown = [shapes.listed_playlist(playlist) for playlist in library[offset : offset + limit]]
        return json_response(page(f"{request.base_url}{request.path}", shown, len(library), limit, offset))

    def create_playlist(self, request: Request) -> Response:
        body = _body(request)
        if not isinstance(body.get("name"), str) or not body["name"]:
            raise bad_request("Missing required field: name")
        collaborative = body.get("collaborative") is True
        public = body.get("public") is not False
        if collaborative and public:
            raise bad_request("Collaborative playlists can only be private")  # the text is ours
        description = body.get("description") or ""
        made = self._state.create_playlist(body["name"], description=description, public=public, collaborative=collaborative)
        return json_response(self._shapes(request).playlist(made), 201)

    def create_playlist_for_user(self, request: Request) -> Response:
        self._only_old()
        if request.params["user_id"] != self._state.user_id:
            raise forbidden("You cannot create a playlist for another user.")
        return self.create_playlist(request)

    def playlist(self, request: Request) -> Response:
        shown = self._shapes(request).playlist(self._playlist(request))
        return json_response(apply_fields(shown, request.first("fields")))

    def change_details(self, request: Request) -> Response:
        self._state.change_details(request.params["playlist_id"], _body(request))
        return Response(200)

    def set_cover(self, request: Request) -> Response:
        try:
            image = base64.b64decode(request.body, validate=True)
        except ValueError:
            raise bad_request("Invalid base64 content") from None  # the text is ours
        if len(request.body) > MAX_COVER_BYTES or not image.startswith(b"\xff\xd8\xff"):
            raise bad_request("The image must be a JPEG of at most 256 KB")  # the text is ours
        self._state.set_cover(request.params["playlist_id"], image)
        return Response(202)

    def items(self, request: Request) -> Response:
        playlist = self._playlist(request)
        if not self._state.may_read_items(playlist):
            raise forbidden()
        limit = self._number(request, "limit", *((100, 100) if self._old else (20, 50)))
        offset = self._number(request, "offset", 0, 100_000, least=0)
        shown = self._shapes(request).entries_page(playlist, limit, offset)
        return json_response(apply_fields(shown, request.first("fields")))

    def add_items(self, request: Request) -> Response:
        body = _json(request)
        uris = _uris(request, body)
        position = request.first("position") if request.first("position") is not None else isinstance(body, dict) and body.get("position")
        if position is False or position is None:
            place = None
        elif str(position).lstrip("-").isdecimal():
            place = int(position)
        else:
            raise bad_request("Invalid position")
        return _snapshot(self._state.add_items(request.params["playlist_id"], uris or [], place), 201)

    def put_items(self, request: Request) -> Response:
        """Replace all, or move a range: Spotify has one call for both and distinguishes them by `uris`."""
        playlist_id, body = request.params["playlist_id"], _json(request)
        uris = _uris(request, body)
        if uris is not None:
            return _snapshot(self._state.replace_items(playlist_id, uris))
        body = body if isinstance(body, dict) else {}
        numbers = [body.get("range_start"), body.get("insert_before"), body.get("range_length", 1)]
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            raise bad_request("Missing required field: uris or range_start and insert_before")  # the text is ours
        self._check_snapshot(playlist_id, body)
        return _snapshot(self._state.reorder_items(playlist_id, *numbers))

    def remove_items(self, request: Request) -> Response:
        body = _body(request)
        listed = body.get(self._shapes(request).entries_key)
        if not isinstance(listed, list) or not all(isinstance(entry, dict) and isinstance(entry.get("uri"), str) for entry in listed):
            raise bad_request(f"Missing required field: {self._shapes(request).entries_key}")
        self._check_snapshot(request.params["playlist_id"], body)
        return _snapshot(self._state.remove_items(request.params["playlist_id"], [entry["uri"] for entry in listed]))

    # -- library, removed routes

    def save_to_library(self, request: Request) -> Response:
        self._state.set_in_library(_library_uris(request), kept=True)
        return Response(200)

    def remove_from_library(self, request: Request) -> Response:
        self._state.set_in_library(_library_uris(request), kept=False)
        return Response(200)

    def unfollow(self, request: Request) -> Response:
        self._only_old()
        self._state.set_in_library([f"spotify:playlist:{request.params['playlist_id']}"], kept=False)
        return Response(200)

    def removed(self, request: Request) -> Response:
        """A route that apps made since 2026-02-11 do not have."""
        raise forbidden()

    def only_old(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """A handler for a route that only the older cohort has."""

        def answer(request: Request) -> Response:
            self._only_old()
            return handler(request)

        return answer

    # -- pieces

    @property
    def _old(self) -> bool:
        return self._state.rules == "extended"

    def _only_old(self) -> None:
        if not self._old:
            raise forbidden()

    def _shapes(self, request: Request) -> Shapes:
        return Shapes(self._state, f"{request.base_url}/v1")

    def _playlist(self, request: Request) -> Playlist:
        return self._state.playlist(request.params["playlist_id"])

    def _search_page(self, request: Request, query: str, kind: str, limit: int, offset: int) -> dict[str, Any]:
        href = f"{request.base_url}/v1/search?{urlencode({'query': query, 'type': kind})}"
        if kind != "track":
            return page(href, [], 0, limit, offset)  # the catalogue holds only tracks
        found = self._state.index.search(query, limit=limit, offset=offset, visible=self._state.visible)
        shapes = self._shapes(request)
        relinked = (self._state.tracks.get(self._state.relinks.get(track.track_id, ""), track) for track in found.tracks)
        return page(href, [shapes.track(track) for track in relinked], found.total, limit, offset)

    def _number(self, request: Request, name: str, default: int, most: int, *, least: int = 1) -> int:
        text = request.first(name)
        if text is None:
            return default
        if not text.lstrip("-").isdecimal() or not least <= int(text) <= most:
            raise bad_request(f"Invalid {name}")
        return int(text)

    def _check_snapshot(self, playlist_id: str, body: dict[str, Any]) -> None:
        snapshot = body.get("snapshot_id")
        if snapshot is not None and not self._state.playlist(playlist_id).knows_snapshot(snapshot):
            raise bad_request("Invalid snapshot id")  # the text is ours


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise bad_request("Error parsing JSON.") from None


def _body(request: Request) -> dict[str, Any]:
    body = _json(request)
    if not isinstance(body, dict):
        raise bad_request("Error parsing JSON.")
    return body


def _uris(request: Request, body: Any) -> list[str] | None:
    """URIs from the query, which takes precedence, or from the body: an object with `uris`, or the bare list that spotipy sends."""
    in_query = request.first("uris")
    if in_query is not None:
        return [uri for uri in in_query.split(",") if uri]
    uris = body.get("uris") if isinstance(body, dict) else body
    if uris is not None and not isinstance(uris, list):
        raise bad_request("Invalid uris")
    return uris


def _library_uris(request: Request) -> list[str]:
    uris = [uri for uri in (request.first("uris") or "").split(",") if uri]
    if not 1 <= len(uris) <= _MAX_LIBRARY_URIS:
        raise bad_request("Invalid uris")
    return uris


def _snapshot(snapshot_id: str, status: int = 200) -> Response:
    return json_response({"snapshot_id": snapshot_id}, status)
