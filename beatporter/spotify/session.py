"""The session under spotipy: signs, meters, paces and repeats each request, and raises our errors.

spotipy builds the addresses and bodies; every request it makes goes through `SpotifySession.request`. spotipy never gets a token,
because it writes its headers into its debug log. Retries are ours because spotipy's own session sends POSTs again after a 502 that was
carried out, and sleeps through a 429 silently.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, SettingsError, UpstreamDown
from beatporter.http.http_result import BadAddress, Down, Good, HttpResult, Refused, Wait
from beatporter.http.pacing import Pacer
from beatporter.http.retry_policy import OnWait, send_with_retries
from beatporter.http.session import BearerToken, HttpSession
from beatporter.quota.budget import Meter
from beatporter.quota.window import in_words
from beatporter.spotify.call import CALL_KINDS, is_unauthorized, kind_of, result_of, retry_policy, says_nothing
from beatporter.spotify.sign_in import SIGN_IN_AGAIN
from beatporter.spotify.tokens import Tokens

MAX_RENEWALS = 2
"""How often one call may get a new access token."""
QUOTA_WITHOUT_END = timedelta(hours=24)
"""The quota covers a rolling 24 hours, so it can last no longer when Spotify names no end."""


class SpotifySession(requests.Session):
    """A `requests.Session` for spotipy whose requests end in a JSON document or one of our errors; thread-safe.

    Args:
        http: sends the requests.
        tokens: where access tokens come from.
        meter: called before every request that is sent, including repeats.
        pacer: paces requests.
        max_wait_s: longest total wait for one call's 429s.
        now: the clock, aware UTC.
        sleep: called with seconds.
        on_wait: called with seconds and reason before each pause.
    """

    def __init__(
        self,
        http: HttpSession,
        tokens: Tokens,
        meter: Meter,
        pacer: Pacer,
        *,
        max_wait_s: float,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        on_wait: OnWait | None,
    ) -> None:
        super().__init__()
        self._http, self._tokens, self._meter, self._pacer = http, tokens, meter, pacer
        self._policy, self._now, self._sleep, self._on_wait = retry_policy(max_wait_s), now, sleep, on_wait
        self._calls = Counter(dict.fromkeys(CALL_KINDS, 0))
        self._calls_lock = threading.Lock()

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far by kind: search, list, read, write, other."""
        with self._calls_lock:
            return MappingProxyType(dict(self._calls))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one call until it is answered, refused or given up.

        Returns:
            A response whose `json` is the document of a 2xx answer.

        Raises:
            QuotaExceeded, RateLimited, UpstreamDown, SignInExpired, RequestRefused: see `beatporter.errors`. An UpstreamDown
                of a write has outcome_unknown=True when it may have been carried out.
        """
        verb, path, renewals = str(method), urlsplit(str(url)).path, 0
        given = {key: kwargs.get(key) for key in ("headers", "params", "data")}

        def attempt() -> HttpResult[object]:
            nonlocal renewals
            while True:
                self._count(kind_of(verb, path))
                token = self._tokens.current()  # only now: not needed when the quota is spent, and the budget may have waited
                sent = self._http.send(verb, str(url), auth=BearerToken(token), **given)
                result = result_of(sent, self._now(), may_be_empty=says_nothing(verb, path))
                if not is_unauthorized(result) or renewals == MAX_RENEWALS:
                    return result
                renewals += 1
                self._tokens.drop(token)

        result = send_with_retries(
            attempt, self._policy, is_read=verb == "GET", sleep=self._sleep, on_wait=self._on_wait, hold=self._pacer.hold
        )
        if isinstance(result, Good):
            return _Read(result.value)
        if isinstance(result, Wait) and result.quota:
            raise self._quota_spent(kind_of(verb, path), result)
        raise self._error(verb, path, result)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        super().close()

    def _count(self, kind: str) -> None:
        """Wait for a turn, then meter: a process killed while it waits has not used a call."""
        self._pacer.wait_turn()
        self._meter.take(kind)
        with self._calls_lock:
            self._calls[kind] += 1

    def _quota_spent(self, kind: str, result: Wait) -> QuotaExceeded:
        lasts = QUOTA_WITHOUT_END if result.seconds is None else timedelta(seconds=result.seconds)
        return self._meter.refused(kind, (self._now() + lasts).replace(microsecond=0) + timedelta(seconds=1))

    def _error(self, verb: str, path: str, result: HttpResult[object]) -> BeatporterError:
        call = f"{verb} {path}"
        if isinstance(result, Wait):
            wait = "a wait"
            if result.seconds is not None:
                wait = f"a wait of {result.seconds:.0f} s, until {in_words(self._now() + timedelta(seconds=result.seconds))},"
            return RateLimited(
                f"Spotify asks for {wait} before {call}, more than BEATPORTER_SPOTIFY_MAX_WAIT_S allows.",
                "The next run continues where this one stopped.",
                retry_after_s=result.seconds,
            )
        if is_unauthorized(result):
            # The accounts service has just accepted the sign-in, so the person cannot fix this; `tokens` reports a dead sign-in.
            return UpstreamDown(f"Spotify rejects new access tokens for {call} (401).", "Try again later.", outcome_unknown=False)
        if isinstance(result, BadAddress):
            return SettingsError(f"Spotify cannot be reached for {call}: {result.why}.", "Check BEATPORTER_SPOTIFY_API_URL.")
        if isinstance(result, Refused):
            return _refusal(verb, path, result.status, self._tokens.redact(result.message))
        why = result.why if isinstance(result, Down) else "no answer"
        unknown = isinstance(result, Down) and result.unknown and verb != "GET"
        remedy = "It may have been carried out; the playlist is read before anything is sent again." if unknown else "Try again later."
        return UpstreamDown(f"Spotify did not answer {call}: {why}.", remedy, outcome_unknown=unknown)


def _refusal(verb: str, path: str, status: int, message: str) -> RequestRefused:
    """A 4xx, with what to do about it."""
    said = f' It said "{message}".' if message else ""
    what = f"Spotify refused {verb} {path} ({status}).{said}"
    on_playlist = "/playlists/" in path
    if status == 403 and "scope" in message.lower():
        remedy = f"The sign-in lacks a permission. {SIGN_IN_AGAIN}"
    elif status == 403 and on_playlist:
        remedy = (
            "Only the owner and collaborators may read or change a playlist's items. If it is your own: "
            "the app's owner needs Premium, and you must be on the app's list of users."
        )
    elif status == 403:
        remedy = "The app's owner needs Spotify Premium, and you must be on the app's list of users in the dashboard."
    elif status == 404 and on_playlist:
        remedy = (
            "It was deleted, or it is one of Spotify's own (algorithmic or editorial), which apps cannot read since "
            "November 2024; copy its tracks into a playlist of your own."
        )
    elif status == 404:
        remedy = "It no longer exists, or BEATPORTER_SPOTIFY_API_URL is wrong."
    else:
        remedy = "This will not go away by itself; please report it with this message."
    return RequestRefused(what, remedy, status=status)


class _Read(requests.Response):
    """A good answer as spotipy takes it; its document is already decoded."""

    def __init__(self, document: object) -> None:
        super().__init__()
        self.status_code = requests.codes.ok
        self._document = document

    def json(self, **_: Any) -> Any:
        return self._document
