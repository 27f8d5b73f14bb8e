"""The chart from Beatport's API v4, with a token of the person's own. Nothing is embedded; no token is ever fetched."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from beatporter.beatport.client import BeatportClient
from beatporter.beatport.parser import parse_api
from beatporter.errors import RequestRefused, SettingsError, SignInExpired, UpstreamDown
from beatporter.genres import Genre
from beatporter.http.content import decode_json
from beatporter.http.http_result import Answer
from beatporter.http.session import BearerToken
from beatporter.records.chart import ChartEntry
from beatporter.settings import Settings

_HEADERS = {"Accept": "application/json"}
_PER_PAGE = 100
_MOST_PAGES = 5
_LATER = "The next run tries again; when it stays so, check BEATPORTER_BEATPORT_API_URL."
_REMEDY = "Set BEATPORTER_BEATPORT_TOKEN to a fresh one (Beatport's last about ten hours), or use BEATPORTER_CHART_SOURCE=website or file."


def bearer_token(settings: Settings) -> BearerToken:
    """The person's token, ready to sign with.

    Raises:
        SettingsError: there is none, or it cannot be one.
    """
    token = settings.beatport_token.get_secret_value().strip() if settings.beatport_token else ""
    if not token:
        raise SettingsError("BEATPORTER_CHART_SOURCE is api, but BEATPORTER_BEATPORT_TOKEN (beatport_token) is not set.", _REMEDY)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("BEATPORTER_BEATPORT_TOKEN (beatport_token) has characters that no token has, such as blanks.", _REMEDY)
    return BearerToken(SecretStr(token))


class Api:
    """`/catalog/genres/{id}/top/100/`.

    Args:
        client: asks politely, with the token.
        address: of the API with its version, without a slash at the end.
    """

    def __init__(self, client: BeatportClient, address: str) -> None:
        self._client = client
        self._address = address

    def fetch_chart(self, genre: Genre) -> tuple[ChartEntry, ...]:
        """The genre's Top 100; further pages are asked for only while rows are missing.

        `next` is no reason to go on: the API names one although all rows were there.

        Raises:
            BeatporterError: as `BeatportClient.fetch`, and SignInExpired when the token is not taken.
        """
        url = f"{self._address}/catalog/genres/{genre.genre_id}/top/100/?per_page={_PER_PAGE}"
        try:
            first = self._client.fetch(url, _read_page, _HEADERS)
            rows = list(first["results"])
            for page in range(2, _MOST_PAGES + 1):
                if len(rows) >= _count(first):
                    break
                rows += self._client.fetch(f"{url}&page={page}", _read_page, _HEADERS)["results"]
        except RequestRefused as error:
            if error.status != 401:
                raise
            raise SignInExpired("Beatport's API does not take BEATPORTER_BEATPORT_TOKEN: it is wrong or has expired.", _REMEDY) from None
        return tuple(parse_api({"results": rows, "count": _count(first)}))


def _read_page(answer: Answer) -> dict[str, Any]:
    """The document of one page, its rows counted and looked at while it can still be fetched again."""
    try:
        document = decode_json(answer.body)
    except ValueError:
        raise UpstreamDown("Beatport's API answered with something that is no JSON.", _LATER, outcome_unknown=False) from None
    parse_api(document)
    return document if isinstance(document, dict) else {"results": document}


def _count(document: dict[str, Any]) -> int:
    count = document.get("count")
    return count if isinstance(count, int) else 0
