"""The HTTP session under spotipy: signs, meters, paces, waits and repeats each request, and raises our errors.

spotipy builds the addresses and bodies; every request it makes goes through `SpotifySession.request`. spotipy is given
no token at all, since it writes the headers it knows into its debug log. Retrying is ours because spotipy's own session
sends POSTs again after a 502 that was applied, and sleeps through a 429 without a word.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from beatporter.errors import BeatporterError, RateLimited, RequestRefused, UpstreamDown
from beatporter.quota.budget import Meter
from beatporter.quota.window import in_words, quota_spent
from beatporter.spotify.exchange import Down, Good, Outcome, Refused, Stale, Wait, kind_of, send_once
from beatporter.spotify.patience import Effort, OnWait
from beatporter.spotify.rate import RateLimiter
from beatporter.spotify.sign_in import AGAIN
from beatporter.spotify.tokens import Tokens

KINDS = ("search", "list", "read", "write", "other")
MAX_RENEWALS = 2
"""Times that one call gets a new access token."""
QUOTA_WITHOUT_END = timedelta(hours=24)
"""The quota counts a rolling 24 hours, so that is the longest it can last when Spotify names no end."""


class SpotifySession(requests.Session):
    """A `requests.Session` whose requests end in a JSON answer or one of our errors; thread-safe.

    Args:
        tokens: where access tokens come from.
        meter: asked before every request that is sent, repeated ones too.
        limiter: paces requests.
        max_wait_s: longest total wait for one call's 429s.
        now: the clock, aware UTC.
        sleep: called with seconds.
        on_wait: told seconds and reason before each pause.
    """

    def __init__(
        self,
        tokens: Tokens,
        meter: Meter,
        limiter: RateLimiter,
        *,
        max_wait_s: float,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        on_wait: OnWait | None,
    ) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._tokens, self._meter, self._limiter = tokens, meter, limiter
        self._now = now
        self._new_effort = partial(Effort, max_wait_s, sleep, on_wait)
        self._calls = Counter(dict.fromkeys(KINDS, 0))
        self._calls_lock = threading.Lock()

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far by kind: search, list, read, write, other."""
        with self._calls_lock:
            return MappingProxyType(dict(self._calls))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one call until it is answered, refused or given up.

        Returns:
            A 2xx response whose body is JSON.

        Raises:
            QuotaExceeded, RateLimited, UpstreamDown, SignInExpired, RequestRefused: as `beatporter.errors` has them. An
                UpstreamDown of a write has outcome_unknown=True when it may have been carried out.
        """
        verb, path = str(method), urlsplit(str(url)).path
        is_read, effort, renewals = verb == "GET", self._new_effort(), 0
        while True:
            self._count(kind_of(verb, path))
            token = self._tokens.current()  # only now: a spent quota needs none, and the budget may have made the call wait
            outcome = send_once(partial(self._send, token, verb, url, *args, **kwargs), self._now)
            if isinstance(outcome, Good):
                return outcome.response
            if isinstance(outcome, Wait) and outcome.quota:
                self._end_quota(outcome)
            if isinstance(outcome, Stale) and renewals < MAX_RENEWALS:
                renewals += 1
                self._tokens.drop(token)
            elif not effort.another(outcome, is_read=is_read, hold=self._limiter.hold):
                raise self._error(verb, path, outcome)

    def _send(self, token: SecretStr, verb: str, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
            return request

        return super().request(verb, url, *args, **{**kwargs, "auth": sign, "allow_redirects": False})

    def _count(self, kind: str) -> None:
        """Wait for a turn, then meter: a process killed while it waits has not spent a call."""
        self._limiter.wait_turn()
        self._meter.take(kind)
        with self._calls_lock:
            self._calls[kind] += 1

    def _end_quota(self, outcome: Wait) -> None:
        lasts = QUOTA_WITHOUT_END if outcome.seconds is None else timedelta(seconds=outcome.seconds)
        until = (self._now() + lasts).replace(microsecond=0) + timedelta(seconds=1)
        self._meter.note_quota(until)
        raise quota_spent(until)

    def _error(self, verb: str, path: str, outcome: Outcome) -> BeatporterError:
        call = f"{verb} {path}"
        if isinstance(outcome, Wait):
            wait = "a wait"
            if outcome.seconds is not None:
                wait = f"a wait of {outcome.seconds:.0f} s, until {in_words(self._now() + timedelta(seconds=outcome.seconds))},"
            return RateLimited(
                f"Spotify asks for {wait} before {call}, more than BEATPORTER_SPOTIFY_MAX_WAIT_S allows.",
                "The next run goes on where this one stopped.",
                retry_after_s=outcome.seconds,
            )
        if isinstance(outcome, Stale):
            # The sign-in itself was just taken, so this is not for the person to mend; a dead one is told by `tokens`.
            return UpstreamDown(f"Spotify refuses fresh access tokens for {call} (401).", "Try again later.", outcome_unknown=False)
        if isinstance(outcome, Refused):
            return _refusal(verb, path, outcome.status, self._tokens.redact(outcome.message))
        why = outcome.why if isinstance(outcome, Down) else "no answer"
        unknown = isinstance(outcome, Down) and outcome.unknown and verb != "GET"
        remedy = "It may have been carried out; the playlist is read before anything is sent again." if unknown else "Try again later."
        return UpstreamDown(f"Spotify did not answer {call}: {why}.", remedy, outcome_unknown=unknown)


def _refusal(verb: str, path: str, status: int, message: str) -> RequestRefused:
    """A 4xx in words that say what to do about it."""
    said = f' It said "{message}".' if message else ""
    what = f"Spotify refused {verb} {path} ({status}).{said}"
    on_playlist = "/playlists/" in path
    if status == 403 and "scope" in message.lower():
        remedy = f"The sign-in lacks a permission. {AGAIN}"
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
        remedy = "There is no such thing any more, or BEATPORTER_SPOTIFY_API_URL is wrong."
    else:
        remedy = "This is not going to change by itself; please report it with this message."
    return RequestRefused(what, remedy, status=status)
