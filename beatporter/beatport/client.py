"""Polite requests to Beatport: one at a time with a pause, a few retries, and no way around a refusal.

Owns the meaning of Beatport's HTTP answers (retry, refused, not found, challenge). The caller's function reads a good answer;
it runs within the retries, so that an incomplete answer is fetched again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from beatporter.beatport.challenge import challenge_shown, is_challenge
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
from beatporter.http.http_result import Answer, BadAddress, Down, Good, HttpResult, Refused, TooLarge, Wait, classify
from beatporter.http.pacing import Pacer
from beatporter.http.retry_after import retry_after_s
from beatporter.http.retry_policy import RetryPolicy, send_with_retries
from beatporter.http.session import BearerToken, HttpSession

logger = logging.getLogger(__name__)
T = TypeVar("T")

RETRIES = RetryPolicy("Beatport", pauses_s=(2.0, 8.0), max_wait_s=60.0)
"""Three attempts, since Prefect's own retry comes later; no wait of more than a minute."""
_CHALLENGE_LOOKS_AT = 200_000
_NEXT_RUN = "The next run tries again."
_CHECK = "Check BEATPORTER_BEATPORT_URL and BEATPORTER_BEATPORT_API_URL."


@dataclass(frozen=True, slots=True)
class _Unreadable(Down):
    """An answer that the caller cannot read; fetching it again may help."""

    error: TransientError | CutOff


class BeatportClient:
    """Requests to one service of Beatport.

    Args:
        http: sends the requests.
        pacer: pauses between requests.
    """

    def __init__(
        self,
        http: HttpSession,
        pacer: Pacer,
        *,
        now: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http, self._pacer, self._now, self._sleep = http, pacer, now, sleep

    def fetch(
        self, url: str, read: Callable[[Answer], T], headers: Mapping[str, str] | None = None, *, token: SecretStr | None = None
    ) -> T:
        """Fetch an address and return the answer as `read` returns it.

        Args:
            read: reads a 200 or 304; raises `CutOff` or a `TransientError` if the answer should be fetched again.
            token: for the request; never sent to another host.

        Raises:
            UpstreamDown, RateLimited: after three attempts, or if Beatport asks for a wait of more than a minute.
            ChallengeShown, ChartUnavailable, RequestRefused, PageShapeChanged, SettingsError: without a retry.
        """
        place, auth = place_of(url), BearerToken(token) if token is not None else None

        def attempt() -> HttpResult[T]:
            self._pacer.wait_turn()
            result = self._result_of(self._http.send("GET", url, auth=auth, headers=headers), place)
            if not isinstance(result, Good):
                return result
            try:
                return Good(read(result.value))
            except (TransientError, CutOff) as error:
                return _Unreadable(error.what, unknown=False, error=error)

        result = send_with_retries(attempt, RETRIES, is_read=True, sleep=self._sleep, on_wait=_tell_wait)
        if isinstance(result, Good):
            return result.value
        raise _error(result, place)

    def _result_of(self, sent: Answer | Down, place: str) -> HttpResult[Answer]:
        """The result of a request; a challenge may have any status, and a 503 may ask for a wait."""
        if isinstance(sent, Down):
            return sent
        if is_challenge(sent.status, sent.headers, sent.body[:_CHALLENGE_LOOKS_AT].decode("utf-8", "replace")):
            raise challenge_shown(place)
        asked_s = retry_after_s(sent.headers.get("Retry-After"), self._now())
        if sent.status == 503 and asked_s is not None:
            return Wait(asked_s)
        if sent.status == 408:
            return Down("it answered 408", unknown=False)
        if sent.status in (200, 304):
            return Good(sent)
        if sent.status < 400:
            raise RequestRefused(
                f"{place} answered with status {sent.status} instead of a chart.",
                f"It may redirect too often or to nowhere. {_CHECK}",
                status=sent.status,
            )
        return classify(sent, self._now())


def place_of(url: str) -> str:
    """The address for messages: host and path only.

    Raises:
        SettingsError: it is not an address.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _bad_address("An address of Beatport") from None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _error(result: HttpResult[T], place: str) -> BeatporterError:
    if isinstance(result, _Unreadable):
        if not isinstance(result.error, CutOff):
            return result.error
        return PageShapeChanged(
            f"{place}: {result.why}", f"This happened {len(RETRIES.pauses_s) + 1} times in a row; the next run tries again."
        )
    if isinstance(result, TooLarge):
        return PageShapeChanged(f"{place} cannot be read: {result.why}, more than any chart has.")
    if isinstance(result, BadAddress):
        return _bad_address(place)
    if isinstance(result, Wait):
        return RateLimited(f"Beatport asked to wait at {place}.", _NEXT_RUN, retry_after_s=result.seconds)
    if isinstance(result, Down):
        return UpstreamDown(
            f"Beatport did not answer {place}: {result.why}.", "Check the network; the next run tries again.", outcome_unknown=False
        )
    status = result.status if isinstance(result, Refused) else 0
    if status in (404, 410):
        return ChartUnavailable(
            f"Beatport has no chart at {place} (status {status}).",
            "Beatport may have renamed or dropped it: check its id on the website; a genre's is set in genre_ids of beatporter.toml.",
        )
    return RequestRefused(f"Beatport refused the request for {place} with status {status}.", "Trying again will not help.", status=status)


def _bad_address(place: str) -> SettingsError:
    return SettingsError(f"{place} is not a valid address.", _CHECK)


def _tell_wait(pause_s: float, why: str) -> None:
    logger.info("%s. Trying again in %.0f s.", why, pause_s)
