"""The addresses of the Beatport sandbox: pages at the root, API v4 under /v4, on one server.

Route kinds, for the log and for fault rules: `genre-top-100`, `top-100`, `dj-chart`, `label-tracks` (service "beatport");
`hype-100` as well; `api-genre-top-100`, `api-top-100`, `api-dj-chart`, `api-charts`, `api-top-of`, `api-tracks`, `api-genres`,
`api-token` (service "beatport-api").

Faults of its own: `challenge` (403 with `cf-mitigated`, or with status 200 only the page), `malformed` (the JSON inside is
broken), `half_page` (the answer ends in the middle). An empty or a short chart is a state: `BeatportState.empty_charts`,
`.short_charts`.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from sandbox.beatport import pages, responses
from sandbox.beatport.exceptions import BeatportRefusal, not_found
from sandbox.beatport.models import BeatportState, Listing
from sandbox.faults import Rule
from sandbox.http import Hook, Route
from sandbox.messages import Request, Response, html_response, json_response

API: Final = "beatport-api"
_KEPT_PAGES: Final = 64
_DEFAULT_ROWS: Final = 10
_MOST_ROWS: Final = 150
"""Rows per page of API v4 and of a label, and the maximum that a request may ask for."""

Handler = Callable[[Request], Response]


class BeatportRoutes:
    """Handlers over one state; pass `routes()` and `HOOKS` to a `sandbox.http.Server`."""

    def __init__(self, state: BeatportState) -> None:
        self._state = state
        self._made: OrderedDict[tuple[object, ...], tuple[bytes, str]] = OrderedDict()
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        found = [
            Route("GET", "/genre/{slug}/{genre_id}/top-100", "genre-top-100", self._page(self._genre_top_100)),
            Route("GET", "/top-100", "top-100", self._page(lambda request: responses.overall_page(self._state))),
            Route("GET", "/hype-100", "hype-100", self._page(lambda request: responses.hype_page(self._state, None))),
            Route("GET", "/genre/{slug}/{genre_id}/hype-100", "hype-100", self._page(self._genre_hype_100)),
            Route("GET", "/chart/{slug}/{chart_id}", "dj-chart", self._page(self._dj_chart)),
            Route("GET", "/label/{slug}/{label_id}/tracks", "label-tracks", self._page(self._label_tracks)),
        ]
        api = {
            "/v4/catalog/genres/{genre_id}/top/100/": ("api-genre-top-100", self._api_genre_top_100),
            "/v4/catalog/tracks/top/100/": ("api-top-100", self._api_top_100),
            "/v4/catalog/charts/{chart_id}/tracks/": ("api-dj-chart", self._api_dj_chart),
            "/v4/catalog/charts/": ("api-charts", self._api_charts),
            "/v4/catalog/{kind}/{number}/top/100/": ("api-top-of", self._api_top_of),
            "/v4/catalog/tracks/": ("api-tracks", self._api_tracks),
            "/v4/catalog/genres/": ("api-genres", lambda request: json_response(responses.api_genres(self._state))),
        }
        found += [Route("GET", pattern, kind, self._api(handler), API) for pattern, (kind, handler) in api.items()]
        found.append(Route("POST", "/v4/auth/o/token/", "api-token", self._token, API))
        return found

    # --- pages ---------------------------------------------------------------------------------------------------

    def _page(self, make: Callable[[Request], str]) -> Handler:
        """A handler for a page: rate limit, refusals, ETag and If-None-Match."""

        def handle(request: Request) -> Response:
            if self._state.loses_patience():
                return challenge()
            try:
                body, etag = self._make_once(request, make)
            except BeatportRefusal as refusal:
                return html_response(pages.error_page(refusal.status), refusal.status)
            headers = (("ETag", etag), ("Cache-Control", "private, no-cache, max-age=0, must-revalidate"))
            if etag in request.headers.get("if-none-match", ""):
                return Response(HTTPStatus.NOT_MODIFIED, b"", headers)
            return html_response(body, headers=dict(headers))

        return handle

    def _make_once(self, request: Request, make: Callable[[Request], str]) -> tuple[bytes, str]:
        """Body and ETag; a page is made only once until its content changes."""
        state = self._state
        short = tuple(sorted(state.short_charts.items()))
        changed = (repr(state.dripped), frozenset(state.left_out), repr(state.label_extra))
        key = (request.path, request.raw_query, state.day, frozenset(state.empty_charts), short, changed)
        with self._lock:
            if key not in self._made:
                body = make(request).encode()
                self._made[key] = (body, f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"')
                if len(self._made) > _KEPT_PAGES:
                    self._made.popitem(last=False)
            return self._made[key]

    def _genre_top_100(self, request: Request) -> str:
        genre = self._state.genre(_number(request.params["genre_id"]))
        return responses.top_100_page(self._state, genre, request.params["slug"])

    def _genre_hype_100(self, request: Request) -> str:
        return responses.hype_page(self._state, self._state.genre(_number(request.params["genre_id"])))

    def _dj_chart(self, request: Request) -> str:
        return responses.dj_chart_page(self._state, *self._state.dj_chart(_number(request.params["chart_id"])))

    def _label_tracks(self, request: Request) -> str:
        label_id = _number(request.params["label_id"])
        return responses.label_page(self._state, *self._state.label_tracks(label_id, *_paging(request)))

    # --- API v4 --------------------------------------------------------------------------------------------------

    def _api(self, make: Handler) -> Handler:
        """A handler for an API call: bearer token and refusals."""

        def handle(request: Request) -> Response:
            try:
                self._state.check_token(request.headers.get("authorization"))
                return make(request)
            except BeatportRefusal as refusal:
                return json_response({"detail": refusal.detail}, refusal.status)

        return handle

    def _api_genre_top_100(self, request: Request) -> Response:
        genre_id = _number(request.params["genre_id"])
        hype = request.first("hype") == "true"
        return self._api_chart(request, self._state.hype_100(genre_id) if hype else self._state.top_100(genre_id))

    def _api_top_100(self, request: Request) -> Response:
        hype = request.first("hype") == "true"
        return self._api_chart(request, self._state.hype_100() if hype else self._state.overall_top_100())

    def _api_top_of(self, request: Request) -> Response:
        if request.params["kind"] not in ("labels", "artists"):
            raise not_found()
        return self._api_chart(request, self._state.top_of(request.params["kind"], _number(request.params["number"])))

    def _api_charts(self, request: Request) -> Response:
        artist = request.first("artist_id")
        return json_response(responses.api_charts(self._state.charts_like(request.first("name"), _number(artist) if artist else None)))

    def _token(self, request: Request) -> Response:
        status, body = self._state.account.refresh(request.form())
        return json_response(body, status)

    def _api_dj_chart(self, request: Request) -> Response:
        return self._api_chart(request, self._state.dj_chart(_number(request.params["chart_id"]))[1])

    def _api_tracks(self, request: Request) -> Response:
        label_id = request.first("label_id")
        if label_id is None:
            raise not_found("The sandbox lists tracks by label_id only.")
        page, per_page = _paging(request)
        _, listing = self._state.label_tracks(_number(label_id), page, per_page)
        query = {"label_id": label_id, "per_page": str(per_page)}
        return json_response(responses.api_tracks(self._state, listing, _host(request), request.path, query, counts_pages=True))

    def _api_chart(self, request: Request, whole: Listing) -> Response:
        page, per_page = _paging(request)
        listing = replace(whole, tracks=whole.tracks[(page - 1) * per_page : page * per_page], page=page, per_page=per_page)
        if not 1 <= page <= listing.pages:
            raise not_found("Invalid page.")
        query = {"per_page": str(per_page), "hype": request.first("hype") or "false"}
        return json_response(responses.api_tracks(self._state, listing, _host(request), request.path, query))


def challenge(status: int = HTTPStatus.FORBIDDEN) -> Response:
    """The challenge: 403 has its header, 200 has only the page."""
    headers = {"cf-mitigated": "challenge", "Server": "cloudflare"} if status == HTTPStatus.FORBIDDEN else {}
    return html_response(pages.challenge_page(), status, headers)


def vendor_error(request: Request, status: int, reason: str | None) -> Response:
    """An error in the form of the requested part of Beatport."""
    if request.path.startswith("/v4/"):
        return json_response({"detail": reason or HTTPStatus(status).phrase}, status)
    return html_response(pages.error_page(status), status)


def _challenge_hook(request: Request, rule: Rule, response: Response) -> Response:
    return challenge(rule.status or HTTPStatus.FORBIDDEN)


def _malformed_hook(request: Request, rule: Rule, response: Response) -> Response:
    """Break the JSON with the rows; the rest of the page stays complete."""
    start = response.body.find(b'"results":')
    return replace(response, body=response.body[: start + 11] + response.body[start + 12 :]) if start >= 0 else response


def _half_page_hook(request: Request, rule: Rule, response: Response) -> Response:
    return replace(response, body=response.body[: len(response.body) // 2])


HOOKS: Final[dict[str, Hook]] = {"challenge": _challenge_hook, "malformed": _malformed_hook, "half_page": _half_page_hook}


def _number(text: str) -> int:
    """Read an id from an address.

    Raises:
        BeatportRefusal: 404 if it is not a number.
    """
    if not (text.isascii() and text.isdigit()):
        raise not_found()
    return int(text)


def _paging(request: Request) -> tuple[int, int]:
    """The requested (page, rows per page)."""
    return _number(request.first("page") or "1"), max(1, min(_MOST_ROWS, _number(request.first("per_page") or str(_DEFAULT_ROWS))))


def _host(request: Request) -> str:
    return request.base_url.removeprefix("http://")
