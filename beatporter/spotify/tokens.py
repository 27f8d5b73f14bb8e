"""Access tokens: obtained with the person's sign-in from Spotify's accounts service, renewed in time, kept in memory only.

Nothing here prompts. A dead refresh token is `SignInExpired`, an accounts service that is down is `UpstreamDown`. The service's
answer (`invalid_grant`) decides between the two, not the mere failure of the call.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeGuard

from pydantic import SecretStr

from beatporter.errors import BeatporterError, RateLimited, SettingsError, SignInExpired, UpstreamDown
from beatporter.http.http_result import BadAddress, Down, Good, HttpResult, Refused, Wait
from beatporter.http.retry_policy import OnWait, send_with_retries
from beatporter.http.session import HttpSession
from beatporter.settings import Settings
from beatporter.settings_sources import PREFIX
from beatporter.spotify.call import result_of, retry_policy
from beatporter.spotify.sign_in import SIGN_IN_AGAIN, SignIn, require_client

logger = logging.getLogger(__name__)

RENEW_BEFORE_END = timedelta(seconds=60)
"""An access token is renewed this long before it ends."""
USUAL_LIFETIME_S = 3600.0
"""What Spotify gives; assumed when it does not say."""
MAX_LIFETIME_S = 86_400.0
"""A token with a longer lifetime is renewed after a day anyway."""


class Tokens:
    """Access tokens for the session, renewed when they end or are rejected; thread-safe.

    Args:
        settings: the app's id and secret, and the accounts service's address.
        sign_in: the source of the refresh token.
        now: the clock, aware UTC.
        sleep: for pauses between tries.
        on_wait: called before pauses.
    """

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        on_wait: OnWait | None = None,
    ) -> None:
        self._client = require_client(settings)
        self._settings, self._sign_in, self._now, self._sleep, self._on_wait = settings, sign_in, now, sleep, on_wait
        self._lock = threading.Lock()
        self._access: SecretStr | None = None
        self._ends_at = now()

    def current(self) -> SecretStr:
        """An access token that should still be valid.

        Raises:
            SignInExpired: the refresh token is dead.
            SettingsError: the app's id or secret is rejected.
            UpstreamDown, RateLimited: the accounts service did not answer.
        """
        with self._lock:
            if self._access is None or self._now() >= self._ends_at:
                self._access = self._renew()
            return self._access

    def drop(self, refused: SecretStr) -> None:
        """Forget a token that Spotify rejected, unless another thread has already renewed it."""
        with self._lock:
            if self._access == refused:
                self._access = None

    def redact(self, text: str) -> str:
        """The text without any secret that this object knows."""
        for secret in (self._access, self._sign_in.refresh_token, self._client[1]):
            if secret is not None and secret.get_secret_value():
                text = text.replace(secret.get_secret_value(), "(secret)")
        return text

    def _renew(self) -> SecretStr:
        form = {"grant_type": "refresh_token", "refresh_token": self._sign_in.refresh_token.get_secret_value()}
        answer = ask_for_token(self._settings, form, now=self._now, sleep=self._sleep, on_wait=self._on_wait)
        self._ends_at = self._now() + timedelta(seconds=answer.lifetime_s) - RENEW_BEFORE_END
        if answer.refresh_token is not None and answer.refresh_token != self._sign_in.refresh_token:
            self._sign_in = replace(self._sign_in, refresh_token=answer.refresh_token)
            self._keep()
        return answer.access_token

    def _keep(self) -> None:
        """Save the renewed sign-in where it came from."""
        if self._sign_in.store is not None:
            self._sign_in.store.save(self._sign_in)
        else:
            logger.warning("Spotify renewed the refresh token, and %sSPOTIFY_REFRESH_TOKEN holds the old one. %s", PREFIX, SIGN_IN_AGAIN)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the accounts service returns for a code or a refresh token."""

    access_token: SecretStr
    refresh_token: SecretStr | None
    lifetime_s: float
    scopes: tuple[str, ...]


def ask_for_token(
    settings: Settings,
    form: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    on_wait: OnWait | None = None,
) -> TokenAnswer:
    """Ask the accounts service for a token; tries again while the service is down.

    Args:
        settings: the app's id and secret, the service's address, time-out and longest wait.
        form: the grant, with the names of RFC 6749.

    Raises:
        SignInExpired: it answers invalid_grant.
        SettingsError: it rejects the app's id or secret.
        UpstreamDown, RateLimited: it did not answer, or asks for a longer wait than the settings allow.
    """
    client_id, secret = require_client(settings)
    with HttpSession(settings.http_timeout_s) as http:

        def attempt() -> HttpResult[object]:
            url = f"{settings.spotify_accounts_url}/api/token"
            return result_of(http.send("POST", url, data=dict(form), auth=(client_id, secret.get_secret_value())), now())

        # When the answer to a code's exchange is lost, sending the used code again does not help.
        is_read = form["grant_type"] == "refresh_token"
        result = send_with_retries(attempt, retry_policy(settings.spotify_max_wait_s), is_read=is_read, sleep=sleep, on_wait=on_wait)
    answer = _read_answer(result.value) if isinstance(result, Good) else None
    if answer is None:
        raise _failure(result)
    return answer


def _read_answer(answer: object) -> TokenAnswer | None:
    """The token in an answer; None when it holds no usable one."""
    if not isinstance(answer, Mapping) or not _is_token(access := answer.get("access_token")):
        return None
    refresh, lifetime, scope = answer.get("refresh_token"), answer.get("expires_in"), answer.get("scope")
    lifetime_s = USUAL_LIFETIME_S if not isinstance(lifetime, int | float) or isinstance(lifetime, bool) else lifetime
    if not 0 < lifetime_s < math.inf:  # NaN is not either
        return None
    return TokenAnswer(
        access_token=SecretStr(access),
        refresh_token=SecretStr(refresh) if _is_token(refresh) else None,
        lifetime_s=float(min(lifetime_s, MAX_LIFETIME_S)),
        scopes=tuple(scope.split()) if isinstance(scope, str) else (),
    )


def _is_token(value: object) -> TypeGuard[str]:
    """Whether a value can be sent in a header."""
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()


def _failure(result: HttpResult[object]) -> BeatporterError:
    """The error for an exchange that gave no token; only the error code of Spotify's answer is used."""
    if isinstance(result, Refused) and result.message == "invalid_grant":
        return SignInExpired("Spotify no longer accepts the sign-in (invalid_grant); a sign-in ends after six months.", SIGN_IN_AGAIN)
    if isinstance(result, Refused):
        return SettingsError(
            "Spotify's accounts service rejects the app's id or secret.",
            f"Compare {PREFIX}SPOTIFY_CLIENT_ID and {PREFIX}SPOTIFY_CLIENT_SECRET with https://developer.spotify.com/dashboard.",
        )
    if isinstance(result, BadAddress):
        return SettingsError(f"Spotify's accounts service cannot be reached: {result.why}.", f"Check {PREFIX}SPOTIFY_ACCOUNTS_URL.")
    if isinstance(result, Wait):
        wait = "" if result.seconds is None else f" of {result.seconds:.0f} s"
        return RateLimited(f"Spotify's accounts service asks for a wait{wait}.", "The next run tries again.", retry_after_s=result.seconds)
    why = result.why if isinstance(result, Down) else "its answer holds no usable token"
    return UpstreamDown(
        f"Spotify's accounts service is down: {why}.", "The sign-in is not at fault; try again later.", outcome_unknown=False
    )
