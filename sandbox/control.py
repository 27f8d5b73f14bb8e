"""The control address for tests and people in another process: move the day, inject faults, act as the listener.

    GET    /state                                   day, date, clock, counts, addresses
    POST   /next-day            {"days": 1}         move to a later morning
    POST   /clock/advance       {"seconds": 3600}   move the clock
    GET    /requests?after=N&service=…&kind=…       the request log         DELETE /requests  forget it
    GET    /faults              POST /faults [rule, …] replaces the script  DELETE /faults    remove all
    POST   /beatport            {"empty_charts": [5], "short_charts": {"5": 40}, "max_per_second": 2, "challenge_s": 30,
                                                     "challenges": true, "dripped": {"mood": "dark"}, "left_out": ["isrc"], "refuses": true}
    POST   /beatport/sign-in                        the JSON that the API's documentation page receives; /beatport/session: the website's
    POST   /spotify             {"daily_quota": 800, "rate_per_30s": 50}; only the given keys are set; null: no limit
    POST   /spotify/expire-tokens, POST /spotify/revoke
    POST   /latency             {"ms": 50}          before each answer of both services
    GET    /playlists                               {name: [track id, …]}, the newest of each name
    PUT    /playlists/{name or id}  {"name": "…", "description": "…"}       DELETE: the person deletes it
    POST   /playlists/{name or id}/items/{track}  {"position": 0}           DELETE: the person removes the track
    GET    /truth/{beatport_id}                     {"same": […], "substitutes": […], "unplayable": […]}

Wrong input answers 400, an unknown playlist or track 404, both as {"error": "…"}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.http import Route
from sandbox.messages import Request, Response, json_response

if TYPE_CHECKING:
    from sandbox.world import Sandbox


def control_routes(sandbox: Sandbox) -> list[Route]:
    """Routes for one sandbox; each call that may change something is saved before it is answered."""
    control = _Control(sandbox)
    one, item = "/playlists/{playlist}", "/playlists/{playlist}/items/{track_id}"
    table: list[tuple[str, str, Callable[[Request], Any]]] = [
        ("GET", "/state", lambda request: sandbox.describe()),
        ("POST", "/next-day", control.next_day),
        ("POST", "/clock/advance", control.advance_clock),
        ("GET", "/requests", control.requests),
        ("DELETE", "/requests", lambda request: sandbox.requests.clear()),
        ("GET", "/faults", lambda request: sandbox.faults.to_json()),
        ("POST", "/faults", control.load_faults),
        ("DELETE", "/faults", lambda request: sandbox.faults.clear()),
        ("POST", "/beatport", control.set_beatport),
        ("POST", "/beatport/sign-in", lambda request: sandbox.beatport.account.sign_in()),
        ("POST", "/beatport/session", lambda request: sandbox.beatport.account.session()),
        ("POST", "/spotify", control.set_spotify),
        ("POST", "/spotify/expire-tokens", lambda request: sandbox.spotify.accounts.expire_access()),
        ("POST", "/spotify/revoke", lambda request: sandbox.spotify.accounts.revoke()),
        ("POST", "/latency", control.set_latency),
        ("GET", "/playlists", control.playlists),
        ("PUT", one, control.change_playlist),
        ("DELETE", one, lambda request: sandbox.spotify.person.delete(request.params["playlist"])),
        ("POST", item, control.add_item),
        ("DELETE", item, control.remove_item),
        ("GET", "/truth/{beatport_id}", control.truth),
    ]
    return [Route(method, path, "control", control.guard(handler, saves=method != "GET")) for method, path, handler in table]


class _Control:
    """The calls that need more than one line."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def guard(self, handler: Callable[[Request], Any], *, saves: bool) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            try:
                answer = handler(request)
            except KeyError as error:
                return json_response({"error": f"not found: {error.args[0] if error.args else request.path}"}, 404)
            except (ValueError, TypeError) as error:
                return json_response({"error": str(error)}, 400)
            if saves:
                self._sandbox.save()
            return json_response({"done": True} if answer is None else answer)

        return handle

    def next_day(self, request: Request) -> dict[str, Any]:
        self._sandbox.next_day(int(_body(request).get("days", 1)))
        return self._sandbox.describe()

    def advance_clock(self, request: Request) -> dict[str, Any]:
        return {"clock": self._sandbox.clock.advance(float(_body(request).get("seconds", 0))).isoformat()}

    def requests(self, request: Request) -> list[dict[str, Any]]:
        wanted = {name: value for name in ("service", "kind", "method") if (value := request.first(name)) is not None}
        after = int(request.first("after") or 0)
        return [entry.to_json() for entry in self._sandbox.requests.entries(after=after, **wanted)]

    def load_faults(self, request: Request) -> list[dict[str, Any]]:
        self._sandbox.faults.load(request.json() or [])
        return self._sandbox.faults.to_json()

    def set_beatport(self, request: Request) -> dict[str, Any]:
        body, state = _body(request), self._sandbox.beatport
        if "empty_charts" in body:
            state.empty_charts = set(body["empty_charts"])
        if "short_charts" in body:
            state.short_charts = {int(genre_id): int(rows) for genre_id, rows in body["short_charts"].items()}
        if "max_per_second" in body:
            state.max_per_second = body["max_per_second"]
        state.challenge_s = float(body.get("challenge_s", state.challenge_s))
        state.challenges = bool(body.get("challenges", state.challenges))
        state.dripped = dict(body.get("dripped", state.dripped))
        state.left_out = set(body.get("left_out", state.left_out))
        state.account.refuses = bool(body.get("refuses", state.account.refuses))
        return body

    def set_spotify(self, request: Request) -> dict[str, Any]:
        body, limits = _body(request), self._sandbox.spotify.limits
        limits.per_day = body.get("daily_quota", limits.per_day)
        limits.per_30_s = body.get("rate_per_30s", limits.per_30_s)
        return {"daily_quota": limits.per_day, "rate_per_30s": limits.per_30_s}

    def set_latency(self, request: Request) -> None:
        self._sandbox.set_latency(float(_body(request).get("ms", 0)))

    def playlists(self, request: Request) -> dict[str, list[str]]:
        spotify = self._sandbox.spotify
        with spotify.lock:
            return {playlist.name: spotify.person.track_ids(playlist.playlist_id) for playlist in reversed(spotify.library())}

    def change_playlist(self, request: Request) -> None:
        body, person, playlist = _body(request), self._sandbox.spotify.person, request.params["playlist"]
        if "description" in body:
            person.describe(playlist, str(body["description"]))
        if "name" in body:
            person.rename(playlist, str(body["name"]))

    def add_item(self, request: Request) -> None:
        if request.params["track_id"] not in self._sandbox.spotify.tracks:
            raise KeyError(request.params["track_id"])
        self._sandbox.spotify.person.add_track(request.params["playlist"], request.params["track_id"], _body(request).get("position", 0))

    def remove_item(self, request: Request) -> None:
        self._sandbox.spotify.person.remove_track(request.params["playlist"], request.params["track_id"])

    def truth(self, request: Request) -> dict[str, list[str]]:
        truth = self._sandbox.world.truth(int(request.params["beatport_id"]))
        return {"same": sorted(truth.same), "substitutes": sorted(truth.substitutes), "unplayable": sorted(truth.unplayable)}


def _body(request: Request) -> dict[str, Any]:
    """The JSON object in the request; empty when there is none.

    Raises:
        ValueError: the body is something else.
    """
    body = request.json() or {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body
