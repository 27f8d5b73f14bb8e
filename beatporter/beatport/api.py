"""Charts and labels from Beatport's API v4, with the person's own token or sign-in. No client id is embedded or fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from pydantic import SecretStr

from beatporter.beatport.client import BeatportClient
from beatporter.beatport.found import BadCopies, FoundChart, GenreNames, LabelPage
from beatporter.beatport.parser import CutOff, RowList, api_rows, parse_api
from beatporter.beatport.website import counted
from beatporter.clock import Clock
from beatporter.errors import ChartNotYet, ChartUnavailable, PageShapeChanged, RequestRefused, SettingsError, SignInExpired, UpstreamDown
from beatporter.genres import Genre
from beatporter.http.content import clean_text, decode_json
from beatporter.http.http_result import Answer
from beatporter.settings import Settings
from beatporter.subscriptions import Subscription

T = TypeVar("T")

NAME = "api"
_HEADERS = {"Accept": "application/json"}
_PER_PAGE = 100
_MOST_PAGES = 5
_LATER = "The next run tries again; if the problem stays, check BEATPORTER_BEATPORT_API_URL."
_REMEDY = (
    "Sign in with `beatporter login beatport`, or set BEATPORTER_BEATPORT_TOKEN to a fresh token (Beatport's last about ten hours), "
    "or name other sources in BEATPORTER_CHART_SOURCE."
)


class AccessTokens(Protocol):
    """A source of access tokens for the API."""

    def current(self) -> SecretStr:
        """A token that should be valid.

        Raises:
            SignInExpired, UpstreamDown, RateLimited, SettingsError: no token is available.
        """

    def drop(self, refused: SecretStr) -> bool:
        """Forget a refused token; returns whether another one is available."""


class FixedToken:
    """The token in the settings, which cannot be renewed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def current(self) -> SecretStr:
        return self._token

    def drop(self, refused: SecretStr) -> bool:
        return False


def fixed_token(settings: Settings) -> FixedToken:
    """The settings' token.

    Raises:
        SettingsError: it is missing or invalid.
    """
    token = settings.beatport_token.get_secret_value().strip() if settings.beatport_token else ""
    if not token:
        raise SettingsError("Nobody is signed in to Beatport, and BEATPORTER_BEATPORT_TOKEN (beatport_token) is not set.", _REMEDY)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("BEATPORTER_BEATPORT_TOKEN (beatport_token) has characters that a token cannot have, such as blanks.", _REMEDY)
    return FixedToken(SecretStr(token))


class Api:
    """`/catalog/…` of API v4.

    Args:
        client: sends polite requests.
        address: of the API with its version, without a slash at the end.
        tokens: for its requests.
        now: the day for names of charts with a date.
        copies: the folder for copies of unreadable answers.
    """

    def __init__(self, client: BeatportClient, address: str, tokens: AccessTokens, *, now: Clock, copies: Path | None = None) -> None:
        self._client, self._address, self._tokens, self._now = client, address, tokens, now
        self._copies = BadCopies(copies, NAME)

    def read_chart(self, chart: Genre) -> FoundChart:
        """The chart; requests further pages only while rows are missing.

        It ignores `next`, which the API sets even if all rows are there.

        Raises:
            BeatporterError: as `BeatportClient.fetch`; SignInExpired if the token is refused; ChartNotYet if a chart of this
                week or month is not out and there is no earlier one.
        """
        path, query, notes = self._place_of(chart)
        url = f"{self._address}{path}?{urlencode({'per_page': _PER_PAGE, **query})}"
        first = self._fetch(url, _read_page)
        rows = list(first["results"])
        for page in range(2, _MOST_PAGES + 1):
            if len(rows) >= _count(first):
                break
            rows += self._fetch(f"{url}&page={page}", _read_page)["results"]
        entries, unusual = self._read({"results": rows, "count": _count(first)}, chart)
        return FoundChart(entries, (*notes, *unusual))

    def read_label(self, label: Subscription, page: int) -> LabelPage:
        """One page of a label's tracks, counted from 1; a page after the last is empty.

        Raises:
            As `read_chart`.
        """
        query = {"label_id": label.beatport_id, "order_by": "-publish_date", "per_page": _PER_PAGE, "page": page}
        try:
            document = self._fetch(f"{self._address}/catalog/tracks/?{urlencode(query)}", _read_page)
        except ChartUnavailable:
            if page == 1:
                raise
            return LabelPage((), page, 0, _PER_PAGE)
        entries, notes = self._read(document, label)
        return LabelPage(entries, page, counted(api_rows(document)), _PER_PAGE, notes)

    def read_genres(self) -> GenreNames:
        """All genres that Beatport has.

        Raises:
            As `read_chart`.
        """
        document = self._fetch(f"{self._address}/catalog/genres/?per_page={_PER_PAGE}", _read_document)
        found = {
            row["id"]: clean_text(row["name"]) for row in _objects(document) if isinstance(row.get("name"), str) and _is_id(row.get("id"))
        }
        if not found:
            raise PageShapeChanged("The answer of Beatport's API has no genres.", "Look for a newer version of Beatporter.")
        return GenreNames(found, whole=True)

    def _place_of(self, chart: Genre) -> tuple[str, dict[str, str], tuple[str, ...]]:
        """Path and query of a chart's tracks, and a note about which chart it is."""
        if not isinstance(chart, Subscription):
            return f"/catalog/genres/{chart.genre_id}/top/100/", {}, ()
        number, hype = chart.beatport_id, {"hype": "true"} if chart.kind == "hype" else {}
        if chart.kind in ("hype", "overall", "genre"):
            return f"/catalog/genres/{number}/top/100/" if number else "/catalog/tracks/top/100/", hype, ()
        if chart.kind in ("top-label", "top-artist"):
            return f"/catalog/{chart.kind.removeprefix('top-')}s/{number}/top/100/", {}, ()
        notes: tuple[str, ...] = ()
        if chart.kind == "newest":
            number = self._newest_of(chart)
        elif number is None:
            number, notes = self._by_name(chart)
        return f"/catalog/charts/{number}/tracks/", {}, notes

    def _newest_of(self, chart: Subscription) -> int:
        """The latest chart of an artist or curator."""
        charts = self._charts({"artist_id": str(chart.beatport_id)})
        if not charts:
            raise ChartUnavailable(
                f"{chart.name} has published no chart on Beatport.", "Look at the artist's page, and at the id in its address."
            )
        newest: int = max(charts, key=lambda row: (str(row.get("publish_date") or ""), row["id"]))["id"]
        return newest

    def _by_name(self, chart: Subscription) -> tuple[int, tuple[str, ...]]:
        """The newest chart with a matching name, and a note if it is not today's."""
        names = chart.names_at(self._now().date())
        words = chart.path.partition("%")[0].strip("-").replace("-", " ")
        by_name: dict[str, int] = {}
        for row in self._charts({"name": words} if words else {}):
            by_name.setdefault(str(row.get("slug") or ""), row["id"])
        found = next((name for name in names if name in by_name), None)
        if found is None and chart.has_dates:
            raise ChartNotYet(
                f"There is no chart named {names[0]} on Beatport yet, and none of the weeks before.", "Beatporter waits for it."
            )
        if found is None:
            raise ChartUnavailable(
                f"There is no chart named {names[0]} on Beatport.", "Copy its address instead: the number at its end identifies it."
            )
        return by_name[found], (f"{names[0]} is not out yet; {found} is used instead.",) if found != names[0] else ()

    def _charts(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Published DJ charts, newest first."""
        asked = urlencode({**query, "order_by": "-publish_date", "per_page": _PER_PAGE})
        rows = _objects(self._fetch(f"{self._address}/catalog/charts/?{asked}", _read_document))
        return [row for row in rows if _is_id(row.get("id")) and row.get("is_published", True)]

    def _read(self, document: dict[str, Any], chart: Genre) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        return self._copies.read(RowList(document["results"], document, ""), chart)

    def _fetch(self, url: str, read: Callable[[Answer], T]) -> T:
        """The answer as `read` returns it; a refused token is renewed once, if possible."""
        for _ in range(2):
            token = self._tokens.current()
            try:
                return self._client.fetch(url, read, _HEADERS, token=token)
            except RequestRefused as error:
                if error.status != 401:
                    raise
            if not self._tokens.drop(token):
                break
        raise SignInExpired("Beatport's API refused the token: it is wrong or has expired.", _REMEDY)


def _read_document(answer: Answer) -> dict[str, Any]:
    """The document of an answer with a list of results."""
    try:
        document = decode_json(answer.body)
    except ValueError:
        raise UpstreamDown("Beatport's API did not answer with JSON.", _LATER, outcome_unknown=False) from None
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        document = {"results": api_rows(document).rows}
    return document


def _read_page(answer: Answer) -> dict[str, Any]:
    """The document of one page; its rows are counted and checked while it can still be fetched again."""
    document = _read_document(answer)
    try:
        parse_api(document)
    except CutOff:
        raise
    except PageShapeChanged:  # reported later with the contract, which also saves a copy
        pass
    return document


def _objects(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in document["results"] if isinstance(row, dict)]


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _count(document: dict[str, Any]) -> int:
    count = document.get("count")
    return count if isinstance(count, int) else 0
