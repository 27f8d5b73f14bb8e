"""Maps addresses to handlers and kinds, and makes the server that answers there.

    with spotify_server(state) as server:
        api_url, accounts_url = f"{server.url}/v1", server.url

Kinds for fault rules and the log (service "spotify"): search, track, tracks, me, my-playlists, create-playlist, playlist,
playlist-details, playlist-cover, playlist-items, library, removed, unknown. Of the service "accounts": authorize, token.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from sandbox.faults import Rule
from sandbox.http import Hook, Route, Server
from sandbox.messages import Request, Response, json_response
from sandbox.spotify.accounts_api import AccountsApi
from sandbox.spotify.exceptions import SpotifyRefusal, quota_exceeded, rate_limited
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.web_api import WebApi, refuse

READ: Final = "playlist-read-private"
WRITE: Final = "playlist-modify-private"
"""The sandbox requires only the private scope; the real service wants the public one for public playlists."""
COVER: Final = "ugc-image-upload"


def spotify_routes(state: SpotifyState) -> list[Route]:
    """The Web API under /v1 and the accounts service beside it."""
    api, accounts = WebApi(state), AccountsApi(state)

    def route(method: str, path: str, kind: str, handler: Callable[[Request], Response], scope: str = "", *, person: bool = True) -> Route:
        return Route(method, f"/v1{path}", kind, api.guard(handler, scope, person=person))

    one, items, old_items = "/playlists/{playlist_id}", "/playlists/{playlist_id}/items", "/playlists/{playlist_id}/tracks"
    verbs = (("GET", api.items, READ), ("POST", api.add_items, WRITE), ("PUT", api.put_items, WRITE), ("DELETE", api.remove_items, WRITE))
    return [
        route("GET", "/search", "search", api.search, person=False),
        route("GET", "/tracks/{track_id}", "track", api.track, person=False),
        route("GET", "/me", "me", api.me),
        route("GET", "/me/playlists", "my-playlists", api.my_playlists, READ),
        route("POST", "/me/playlists", "create-playlist", api.create_playlist, WRITE),
        route("PUT", "/me/library", "library", api.save_to_library, WRITE),
        route("DELETE", "/me/library", "library", api.remove_from_library, WRITE),
        route("GET", one, "playlist", api.playlist),
        route("PUT", one, "playlist-details", api.change_details, WRITE),
        route("PUT", f"{one}/images", "playlist-cover", api.set_cover, COVER),
        *(route(method, items, "playlist-items", handler, scope) for method, handler, scope in verbs),
        # From here on: routes that only the older cohort still has.
        *(route(method, old_items, "playlist-items", api.only_old(handler), scope) for method, handler, scope in verbs),
        route("GET", "/tracks", "tracks", api.tracks, person=False),
        route("POST", "/users/{user_id}/playlists", "create-playlist", api.create_playlist_for_user, WRITE),
        route("DELETE", "/playlists/{playlist_id}/followers", "library", api.unfollow, WRITE),
        *(route("GET", path, "removed", api.removed) for path in ("/users/{user_id}", "/users/{user_id}/playlists", "/browse/{what}")),
        route("PUT", "/playlists/{playlist_id}/followers", "removed", api.removed),
        Route("GET", "/authorize", "authorize", accounts.authorize, service="accounts"),
        Route("POST", "/api/token", "token", accounts.token, service="accounts"),
    ]


def spotify_error(request: Request, status: int, reason: str | None) -> Response:
    """The error for a fault rule or a missing route, in the format of the called service."""
    if request.service == "accounts":
        error = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
        return json_response({"error": error, "error_description": HTTPStatus(status).phrase}, status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return refuse(quota_exceeded(50_000) if reason == "QUOTA_EXCEEDED" else rate_limited(1))
    messages = {401: "The access token expired", 404: "Service not found", 500: "Server error.", 502: "Bad gateway."}
    return refuse(SpotifyRefusal(status, messages.get(status, HTTPStatus(status).phrase)))


def spotify_server(state: SpotifyState, **options: Any) -> Server:
    """A server for the state; options are those of `sandbox.http.Server` (port, clock, faults, log, latency_s)."""
    usual = {"clock": state.clock, "vendor_error": spotify_error, "hooks": HOOKS}
    return Server("spotify", spotify_routes(state), **{**usual, **options})


def _no_results_hook(request: Request, rule: Rule, response: Response) -> Response:
    """A search that finds nothing, of every query or of those by ISRC. Other requests have no query and are answered as always."""
    query = request.first("q") or ""
    if not query or (rule.fault == "no_isrc_results" and not query.startswith("isrc:")):
        return response
    found = json.loads(response.body)
    for page in found.values():
        page |= {"items": [], "total": 0, "next": None}
    return replace(response, body=json.dumps(found).encode())


HOOKS: Final[dict[str, Hook]] = {"no_results": _no_results_hook, "no_isrc_results": _no_results_hook}
