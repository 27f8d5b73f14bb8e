"""Polite requests to Beatport: our own name, one at a time with a pause, a few retries, no way around a refusal.

Owns what an HTTP answer means (come again, refused, not found, challenge). What a good answer holds is read by the caller's
function, which runs within the retries so that an answer that is half there is fetched again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectionError,
    ContentDecodingError,
    InvalidSchema,
    InvalidURL,
    Timeout,
    TooManyRedirects,
)

from beatporter.beatport.challenge import challenge_shown, is_challenge
from beatporter.beatport.pace import Pace
from beatporter.beatport.parser import CutOff
from beatporter.clock import Clock
from beatporter.errors import (
    BeatporterError,
    ChartUnavailable,
    PageShapeChanged,
    RateLimited,
    RequestRefused,
    SettingsError,
    TransientError,
    UpstreamDown,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")

PAUSES_S = (2.0, 8.0)
"""Before the second and the third attempt; there is no fourth, Prefect's own retry comes later."""
LONGEST_WAIT_S = 60.0
"""A longer Retry-After is not sat out."""
LARGEST_BODY = 32 * 1024 * 1024
"""Bytes, decompressed; a real Top 100 page has 0.3 MB."""
_CHUNK = 64 * 1024
_CHALLENGE_LOOKS_AT = 200_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 or 304 with its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str
    """The address for messages: without user, password and query."""


class PoliteSession:
    """Requests to one service of Beatport.

    Args:
        session: carries the requests; closed by whoever made it.
        pace: the pause between requests.
        timeout_s: longest silence of the service; a whole body may take four times as long.
        auth: signs each request; never repeated to another host.
    """

    def __init__(
        self,
        session: requests.Session,
        pace: Pace,
        *,
        timeout_s: float,
        now: Clock,
        sleep: Callable[[float], None] = time.sleep,
        auth: AuthBase | None = None,
    ) -> None:
        self._session = session
        self._pace = pace
        self._timeout_s = timeout_s
        self._now = now
        self._sleep = sleep
        self._auth = auth

    def fetch(self, url: str, read: Callable[[Answer], T], headers: Mapping[str, str] | None = None) -> T:
        """What `read` makes of the answer.

        Args:
            read: raises `CutOff` or a `TransientError` for an answer that is worth fetching again.

        Raises:
            UpstreamDown, RateLimited: after three attempts, or when asked to wait longer than a minute.
            ChallengeShown, ChartUnavailable, RequestRefused, PageShapeChanged: at once.
        """
        for pause_s in (*PAUSES_S, None):
            try:
                return read(self._get(url, headers or {}))
            except (TransientError, CutOff) as error:
                asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
                if pause_s is None or (asked_s or 0) > LONGEST_WAIT_S:
                    raise _final(error, place_of(url)) from None
                wait_s = max(pause_s, asked_s or 0)
                logger.info("%s Trying again in %.0f s.", error.what, wait_s)
                self._sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        place = place_of(url)
        self._pace.wait()
        try:
            with self._session.get(
                url, headers={"User-Agent": user_agent(), **headers}, timeout=self._timeout_s, stream=True, auth=self._auth
            ) as response:
                answer = Answer(response.status_code, response.headers, self._body(response, place), place)
        except requests.RequestException as error:
            # The error's own text may quote headers, and with them a token: only its kind is told.
            raise _unanswered(error, place, self._timeout_s) from None
        _judge(answer, self._now())
        return answer

    def _body(self, response: requests.Response, place: str) -> bytes:
        body = bytearray()
        until = time.monotonic() + 4 * self._timeout_s
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise PageShapeChanged(f"{place} answered with more than {LARGEST_BODY:,} bytes, which no chart has.")
            if time.monotonic() > until:
                raise Timeout
        return bytes(body)


def user_agent() -> str:
    """Who we say we are: the project and its version."""
    try:
        return f"beatporter/{version('beatporter')}"
    except PackageNotFoundError:
        return "beatporter"


def place_of(url: str) -> str:
    """The address as messages may show it: host and path only.

    Raises:
        SettingsError: it cannot be an address.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _no_address("An address of Beatport") from None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _judge(answer: Answer, now: datetime) -> None:
    """Raise what an answer other than 200 and 304 means; a challenge comes with any status."""
    status, place = answer.status, answer.place
    if is_challenge(status, answer.headers, answer.body[:_CHALLENGE_LOOKS_AT].decode("utf-8", "replace")):
        raise challenge_shown(place)
    if status in (200, 304):
        return
    asked_s = _retry_after_s(answer.headers, now)
    if status == 429 or (status == 503 and asked_s is not None):
        raise RateLimited(f"Beatport asked to wait at {place}.", "The next run tries again.", retry_after_s=asked_s)
    if status >= 500 or status == 408:
        raise UpstreamDown(f"Beatport answered with status {status} at {place}.", "The next run tries again.", outcome_unknown=False)
    if status in (404, 410):
        raise ChartUnavailable(
            f"Beatport has no chart at {place} (status {status}).",
            "Beatport may have renamed or dropped the genre: check its id on the website and set it in genre_ids of beatporter.toml.",
        )
    raise RequestRefused(f"Beatport refused the request for {place} with status {status}.", "Trying again will not help.", status=status)


def _unanswered(error: requests.RequestException, place: str, timeout_s: float) -> BeatporterError:
    if isinstance(error, TooManyRedirects):
        status = error.response.status_code if error.response is not None else 302
        return RequestRefused(f"{place} redirects in a circle or too often.", "Check BEATPORTER_BEATPORT_URL.", status=status)
    if isinstance(error, InvalidURL | InvalidSchema):
        return _no_address(place)
    if isinstance(error, Timeout):
        why = f"did not answer within {timeout_s:g} s"
    elif isinstance(error, ChunkedEncodingError | ContentDecodingError):
        why = "broke off in the middle of its answer"
    elif isinstance(error, ConnectionError):
        why = "could not be reached, or closed the connection without an answer"
    else:
        why = f"gave no usable answer ({type(error).__name__})"
    return UpstreamDown(f"{place} {why}.", "Check the network; the next run tries again.", outcome_unknown=False)


def _no_address(place: str) -> SettingsError:
    return SettingsError(f"{place} cannot be asked: it is no address.", "Check BEATPORTER_BEATPORT_URL and BEATPORTER_BEATPORT_API_URL.")


def _final(error: TransientError | CutOff, place: str) -> BeatporterError:
    if isinstance(error, CutOff):
        return PageShapeChanged(f"{place}: {error.what}", f"It was so {len(PAUSES_S) + 1} times in a row; the next run tries again.")
    return error


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a Retry-After, given as seconds or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
