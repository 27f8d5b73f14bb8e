"""The stand-in's sign-in: lifetimes, one-time codes, refusals. No HTTP."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import SandboxClock
from sandbox.spotify.accounts import CLIENT_ID, CLIENT_SECRET, SCOPES, Accounts
from sandbox.spotify.exceptions import AccountsRefusal, SpotifyRefusal

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
REDIRECT = "http://127.0.0.1:8888/callback"


@pytest.fixture
def clock() -> SandboxClock:
    return SandboxClock(START, manual=True)


@pytest.fixture
def accounts(clock: SandboxClock) -> Accounts:
    return Accounts(clock)


def test_an_access_token_lives_an_hour(accounts: Accounts, clock: SandboxClock) -> None:
    tokens = accounts.refresh(accounts.sign_in())
    assert tokens["expires_in"] == 3600
    assert accounts.check_access(tokens["access_token"]).scopes == SCOPES
    clock.advance(timedelta(hours=1))
    with pytest.raises(SpotifyRefusal, match="The access token expired") as refused:
        accounts.check_access(tokens["access_token"])
    assert refused.value.status == 401


def test_refreshing_does_not_extend_the_six_months(accounts: Accounts, clock: SandboxClock) -> None:
    refresh_token = accounts.sign_in()
    for _ in range(6):
        clock.advance(timedelta(days=30))
        accounts.refresh(refresh_token)
    clock.advance(timedelta(days=3))
    with pytest.raises(AccountsRefusal) as refused:
        accounts.refresh(refresh_token)
    assert refused.value.error == "invalid_grant"


def test_revoking_ends_refresh_tokens_and_leaves_access_tokens(accounts: Accounts) -> None:
    refresh_token = accounts.sign_in()
    access = accounts.refresh(refresh_token)["access_token"]
    accounts.revoke()
    accounts.check_access(access)
    with pytest.raises(AccountsRefusal, match="invalid_grant"):
        accounts.refresh(refresh_token)


def test_a_code_works_once(accounts: Accounts) -> None:
    code = accounts.authorize(CLIENT_ID, REDIRECT, "code", " ".join(SCOPES))
    tokens = accounts.exchange(code, REDIRECT, "", CLIENT_SECRET)
    assert tokens["scope"].split() == list(SCOPES)
    assert accounts.refresh(tokens["refresh_token"])["access_token"] != tokens["access_token"]
    with pytest.raises(AccountsRefusal, match="invalid_grant"):
        accounts.exchange(code, REDIRECT, "", CLIENT_SECRET)


def test_a_code_wants_its_own_redirect_and_the_secret(accounts: Accounts) -> None:
    with pytest.raises(AccountsRefusal, match="invalid_grant"):
        accounts.exchange(accounts.authorize(CLIENT_ID, REDIRECT, "code", ""), REDIRECT + "x", "", CLIENT_SECRET)
    with pytest.raises(AccountsRefusal, match="invalid_client"):
        accounts.exchange(accounts.authorize(CLIENT_ID, REDIRECT, "code", ""), REDIRECT, "", "wrong")


def test_a_code_with_a_challenge_wants_the_verifier_instead(accounts: Accounts) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest()).rstrip(b"=").decode()
    code = accounts.authorize(CLIENT_ID, REDIRECT, "code", "", challenge)
    assert accounts.exchange(code, REDIRECT, "verifier", None)["access_token"]
    with pytest.raises(AccountsRefusal, match="invalid_grant"):
        accounts.exchange(accounts.authorize(CLIENT_ID, REDIRECT, "code", "", challenge), REDIRECT, "another", None)


@pytest.mark.parametrize("redirect", ["http://localhost:8888/callback", "http://example.com/callback", "myapp://callback"])
def test_redirects_that_spotify_stopped_taking_are_refused(accounts: Accounts, redirect: str) -> None:
    with pytest.raises(SpotifyRefusal, match="Insecure redirect"):
        accounts.authorize(CLIENT_ID, redirect, "code", "")


def test_the_implicit_grant_is_gone(accounts: Accounts) -> None:
    with pytest.raises(SpotifyRefusal):
        accounts.authorize(CLIENT_ID, REDIRECT, "token", "")


def test_a_person_who_declines_is_reported_to_the_redirect(accounts: Accounts) -> None:
    accounts.consents = False
    with pytest.raises(AccountsRefusal, match="access_denied"):
        accounts.authorize(CLIENT_ID, REDIRECT, "code", "")


def test_a_lapsed_premium_answers_403_to_everything(accounts: Accounts) -> None:
    access = accounts.refresh(accounts.sign_in())["access_token"]
    accounts.allowed = False
    with pytest.raises(SpotifyRefusal) as refused:
        accounts.check_access(access)
    assert refused.value.status == 403


def test_an_adopted_refresh_token_has_the_age_it_is_given(accounts: Accounts) -> None:
    accounts.adopt("known-beforehand", START - timedelta(days=150))
    accounts.adopt("too-old", START - timedelta(days=183))
    assert accounts.refresh("known-beforehand")["access_token"]
    with pytest.raises(AccountsRefusal, match="expired"):
        accounts.refresh("too-old")
