"""Access tokens of the person's Beatport sign-in, renewed before they end.

If two workers need a token, one renews and the other uses the result. The new refresh token is stored before the old one is dropped, so
a process that dies in between leaves the new one. A refusal is final only if no other process has renewed the sign-in since.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from beatporter.beatport.challenge import challenge_shown, is_challenge
from beatporter.beatport.client import RETRIES, place_of
from beatporter.beatport.sign_in import SHORTEST_LIFE_S, SIGN_IN_AGAIN, USUAL_LIFE_S, AccountStore, BeatportSignIn, open_account
from beatporter.clock import Clock
from beatporter.errors import BeatporterError, RateLimited, SettingsError, SignInExpired, TransientError, UpstreamDown
from beatporter.http.content import decode_json
from beatporter.http.http_result import Answer, BadAddress, Down, Good, HttpResult, Refused, Wait, classify
from beatporter.http.retry_policy import send_with_retries
from beatporter.http.session import HttpSession
from beatporter.settings import Settings

logger = logging.getLogger(__name__)

EARLY = timedelta(minutes=10)
"""Renew a token this long before its end: a run's requests to Beatport take only minutes."""
_MOST_LIFE_S = 7 * 86_400


class AccountTokens:
    """Tokens of a sign-in; thread-safe.

    Args:
        settings: the API's address and the time-out.
        store: the block that the settings name; None for the file.
        now: the clock, aware UTC.
        sleep: for pauses between tries.
    """

    def __init__(self, settings: Settings, store: AccountStore | None, *, now: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._store, self._now, self._sleep = settings, store, now, sleep
        self._lock = threading.Lock()
        self._sign_in: BeatportSignIn | None = None
        self._refused: SecretStr | None = None

    def current(self) -> SecretStr:
        """A valid access token, renewed if its end is near.

        Raises:
            SettingsError: nobody is signed in, or the sign-in cannot be read or written.
            SignInExpired: it has ended and cannot be renewed, or Beatport refuses to.
            UpstreamDown, RateLimited: Beatport did not answer.
        """
        with self._lock:
            sign_in = self._sign_in or self._load()
            if self._is_due(sign_in):
                try:
                    sign_in = self._renewed()
                except TransientError as error:
                    if self._now() >= sign_in.ends_at or sign_in.access_token == self._refused:
                        raise
                    logger.warning("%s The current token is valid for some more minutes.", error.what)
            self._sign_in = sign_in
            return sign_in.access_token

    def drop(self, refused: SecretStr) -> bool:
        """Forget a token that the API refused; returns whether another one is available."""
        with self._lock:
            self._refused = refused
            known = self._sign_in
            self._sign_in = None
            return known is not None and known.can_be_renewed

    def _load(self) -> BeatportSignIn:
        sign_in = open_account(self._settings, self._store)
        if sign_in is None:
            raise SettingsError("Nobody is signed in to Beatport.", "Sign in with `beatporter login beatport`, or name other sources.")
        return sign_in

    def _is_due(self, sign_in: BeatportSignIn) -> bool:
        if sign_in.access_token == self._refused:
            return True
        return self._now() >= sign_in.ends_at - (EARLY if sign_in.can_be_renewed else timedelta())

    def _renewed(self) -> BeatportSignIn:
        sign_in = self._load()
        store = sign_in.store
        if store is None:
            raise SettingsError("There is no place to store a renewed Beatport sign-in.")
        with store.alone():
            sign_in = self._load()  # another process may have renewed it during the wait
            if not self._is_due(sign_in):
                return sign_in
            if not sign_in.can_be_renewed:
                raise SignInExpired(
                    "The Beatport sign-in has ended, and it has no refresh token or client id to renew it with.", SIGN_IN_AGAIN
                )
            if sign_in.refused_at is not None:
                raise _refused(sign_in.refused_at)
            try:
                return _renew(self._settings, sign_in, self._now, self._sleep)
            except SignInExpired:  # stored, so that the morning's other lists do not ask again
                store.save(replace(sign_in, refused_at=self._now()))
                raise


def _refused(at: datetime) -> SignInExpired:
    return SignInExpired(f"Beatport refused to renew the sign-in at {at:%Y-%m-%d %H:%M} UTC.", SIGN_IN_AGAIN)


def _renew(settings: Settings, sign_in: BeatportSignIn, now: Clock, sleep: Callable[[float], None]) -> BeatportSignIn:
    """Request new tokens and store them; the caller holds the store's lock."""
    refresh = sign_in.refresh_token
    form = {"grant_type": "refresh_token", "refresh_token": refresh.get_secret_value() if refresh else "", "client_id": sign_in.client_id}
    # Do not retry after an unknown outcome: if Beatport carried out the first request, it may have dropped the old token already.
    result = _ask(settings, form, now, sleep)
    answer = result.value if isinstance(result, Good) else None
    access = answer.get("access_token") if answer is not None else None
    if answer is None or not isinstance(access, str) or not access:
        raise _failure(result)
    new_refresh, life = answer.get("refresh_token"), answer.get("expires_in")
    life_s = life if isinstance(life, int | float) and not isinstance(life, bool) and 0 < life <= _MOST_LIFE_S else USUAL_LIFE_S
    if life_s <= SHORTEST_LIFE_S:
        logger.warning("Beatport renewed the sign-in for only %.0f minutes.", life_s / 60)
    renewed = replace(
        sign_in,
        access_token=SecretStr(access),
        refresh_token=SecretStr(new_refresh) if isinstance(new_refresh, str) and new_refresh else sign_in.refresh_token,
        ends_at=now() + timedelta(seconds=life_s),
        renewed_at=now(),
    )
    if sign_in.store is not None:
        sign_in.store.save(renewed)
    logger.info("The Beatport sign-in was renewed until %s.", f"{renewed.ends_at:%Y-%m-%d %H:%M} UTC")
    return renewed


def _ask(settings: Settings, form: Mapping[str, str], now: Clock, sleep: Callable[[float], None]) -> HttpResult[Mapping[str, object]]:
    url = f"{settings.beatport_api_url}/auth/o/token/"
    with HttpSession(settings.http_timeout_s) as http:

        def attempt() -> HttpResult[Mapping[str, object]]:
            sent = http.send("POST", url, data=dict(form), headers={"Accept": "application/json"})
            if isinstance(sent, Answer) and is_challenge(sent.status, sent.headers, sent.body.decode("utf-8", "replace")):
                raise challenge_shown(place_of(url))
            result: HttpResult[Answer] = sent if isinstance(sent, Down) else classify(sent, now())
            if not isinstance(result, Good):
                return result
            try:
                document = decode_json(result.value.body)
            except ValueError:
                document = None
            return Good(document) if isinstance(document, Mapping) else Down("its answer is not a JSON object", unknown=True)

        return send_with_retries(attempt, RETRIES, is_read=False, sleep=sleep)


def _failure(result: HttpResult[Mapping[str, object]]) -> BeatporterError:
    if isinstance(result, Refused) and result.status in (400, 401):
        return SignInExpired(
            f"Beatport does not renew the sign-in any more ({result.status}): it has ended, or was given to another client id.",
            SIGN_IN_AGAIN,
        )
    if isinstance(result, Wait):
        return RateLimited(
            "Beatport asked to wait before it renews the sign-in.", "The next run tries again.", retry_after_s=result.seconds
        )
    if isinstance(result, BadAddress):
        return SettingsError("The Beatport sign-in cannot be renewed: the address is not valid.", "Check BEATPORTER_BEATPORT_API_URL.")
    why = result.why if isinstance(result, Down) else f"it answered {result.status}" if isinstance(result, Refused) else "it gave no token"
    return UpstreamDown(f"Beatport did not renew the sign-in: {why}.", "The next run tries again.", outcome_unknown=False)


def check_sign_in(
    settings: Settings, sign_in: BeatportSignIn, *, now: Clock, sleep: Callable[[float], None] = time.sleep
) -> BeatportSignIn:
    """Renew the sign-in once, if possible, to check that unattended runs can. Stores nothing.

    Raises:
        SignInExpired: Beatport does not renew it.
        UpstreamDown, RateLimited, SettingsError: Beatport could not be asked.
    """
    if not sign_in.can_be_renewed:
        return sign_in
    return _renew(settings, replace(sign_in, store=None), now, sleep)
