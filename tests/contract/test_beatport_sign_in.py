"""The sign-in to Beatport: what is pasted, how it is kept and renewed, by one worker or two at once; and the command."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from beatporter.beatport.sign_in import AccountFile, BeatportSignIn, account_path, account_warning, read_pasted
from beatporter.beatport.tokens import EARLY, AccountTokens, check_sign_in
from beatporter.errors import ChallengeShown, SettingsError, SignInExpired, UpstreamDown
from beatporter.settings import Settings, load_settings
from orchestration.blocks import AccountBlock, open_account_store
from orchestration.redaction import without_secrets
from sandbox.beatport.account import CLIENT_ID, LIFE
from sandbox.world import Options, Sandbox
from tests import commands
from tests.contract.conftest import shown_by_prefect

NOW = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, beatport_api_url=sandbox.beatport_api_url, beatport_interval_s=0)


class Clock:
    def __init__(self, sandbox: Sandbox) -> None:
        self.now = sandbox.clock().replace(microsecond=0)
        self._sandbox = sandbox

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step
        self._sandbox.clock.advance(step)


@pytest.fixture
def clock(sandbox: Sandbox) -> Clock:
    return Clock(sandbox)


def sign_in(sandbox: Sandbox, settings: Settings, now: datetime, **changes: Any) -> BeatportSignIn:
    made = read_pasted(json.dumps({**sandbox.beatport.account.sign_in(), **changes}), CLIENT_ID, now)
    AccountFile(account_path(settings)).save(made)
    return made


def kept(settings: Settings) -> BeatportSignIn:
    found = AccountFile(account_path(settings)).load()
    assert found is not None
    return found


def tokens(settings: Settings, clock: Clock) -> AccountTokens:
    return AccountTokens(settings, None, now=clock, sleep=lambda _: None)


def test_it_is_renewed_before_it_ends_and_the_new_refresh_token_is_kept(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    first = sign_in(sandbox, settings, clock())
    source = tokens(settings, clock)
    assert source.current() == first.access_token
    clock.advance(LIFE - EARLY - timedelta(seconds=1))
    assert source.current() == first.access_token
    assert sandbox.beatport.account.refreshes == 0
    clock.advance(timedelta(seconds=1))
    renewed = source.current()
    assert renewed != first.access_token
    now = kept(settings)
    assert (now.access_token, now.renewed_at, now.client_id) == (renewed, clock(), CLIENT_ID)
    assert now.refresh_token != first.refresh_token
    for _ in range(3):
        clock.advance(timedelta(days=1))
        source.current()
    assert sandbox.beatport.account.refreshes == 4
    assert stat.S_IMODE(account_path(settings).stat().st_mode) == 0o600


def test_without_rotation_the_refresh_token_stays(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    sandbox.beatport.account.rotates = False
    first = sign_in(sandbox, settings, clock())
    clock.advance(LIFE)
    tokens(settings, clock).current()
    assert kept(settings).refresh_token == first.refresh_token


def test_of_two_workers_at_once_one_renews(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    sign_in(sandbox, settings, clock())
    clock.advance(LIFE)
    sandbox.set_latency(100)
    workers, got = [tokens(settings, clock) for _ in range(6)], []
    threads = [threading.Thread(target=lambda worker=worker: got.append(worker.current())) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.beatport.account.refreshes == 1
    assert len(got) == 6
    assert len({token.get_secret_value() for token in got}) == 1


def test_the_new_refresh_token_is_kept_before_it_is_used(
    sandbox: Sandbox, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(sandbox, settings, clock())
    clock.advance(LIFE)

    def full(*_: object) -> str:
        raise SettingsError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(AccountFile, "save", full)
        with pytest.raises(SettingsError, match="disk is full"):
            tokens(settings, clock).current()
    assert kept(settings).renewed_at is None, "the old one is still there, whole"


def test_a_token_that_the_api_refuses_is_renewed_and_another_workers_is_taken(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    sign_in(sandbox, settings, clock())
    one, other = tokens(settings, clock), tokens(settings, clock)
    old = one.current()
    assert other.current() == old
    sandbox.beatport.account.end_access()
    assert one.drop(old)
    new = one.current()
    assert new != old
    assert other.drop(old)
    assert other.current() == new
    assert sandbox.beatport.account.refreshes == 1


def test_a_refused_refresh_is_told_and_a_new_login_repairs_it(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    sign_in(sandbox, settings, clock())
    clock.advance(LIFE)
    sandbox.beatport.account.refuses = True
    source = tokens(settings, clock)
    for worker in (source, source, tokens(settings, clock)):
        with pytest.raises(SignInExpired, match="beatporter login beatport"):
            worker.current()
    assert sandbox.requests.count(kind="api-token") == 1, "nobody asks again before the person signs in"
    assert "refused to renew" in (account_warning(kept(settings), clock()) or "")
    sign_in(sandbox, settings, clock())
    assert source.current() == kept(settings).access_token


def test_a_challenge_in_place_of_a_token_is_no_refusal(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    sign_in(sandbox, settings, clock())
    clock.advance(LIFE)
    sandbox.beatport.account.rotates = False  # the stand-in shows the challenge after it has issued the tokens
    sandbox.faults.add(kind="api-token", fault="challenge", count=1)
    source = tokens(settings, clock)
    with pytest.raises(ChallengeShown):
        source.current()
    assert source.current() == kept(settings).access_token, "the sign-in is as good as before"


def test_while_beatport_is_down_the_present_token_is_used_to_its_end(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    first = sign_in(sandbox, settings, clock())
    sandbox.faults.add(kind="api-token", fault="server_error", status=503, count=None)
    clock.advance(LIFE - EARLY)
    assert tokens(settings, clock).current() == first.access_token
    clock.advance(EARLY)
    with pytest.raises(UpstreamDown):
        tokens(settings, clock).current()


def test_it_cannot_be_renewed_without_refresh_token_and_that_is_said_before_and_after(
    sandbox: Sandbox, settings: Settings, clock: Clock
) -> None:
    made = sign_in(sandbox, settings, clock(), refresh_token=None)
    assert "cannot be renewed" in (account_warning(made, clock()) or "")
    assert tokens(settings, clock).current() == made.access_token
    clock.advance(LIFE)
    assert "ended at" in (account_warning(made, clock()) or "")
    with pytest.raises(SignInExpired, match="no refresh token"):
        tokens(settings, clock).current()


def test_one_that_renews_itself_is_warned_of_only_after_weeks_without_a_run(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    made = sign_in(sandbox, settings, clock())
    assert account_warning(made, clock() + timedelta(days=13)) is None
    assert "not renewed for 15 days" in (account_warning(made, clock() + timedelta(days=15)) or "")


def test_another_client_id_is_told_at_once(sandbox: Sandbox, settings: Settings, clock: Clock) -> None:
    pasted = read_pasted(json.dumps(sandbox.beatport.account.sign_in()), "anotherclient", clock())
    with pytest.raises(SignInExpired, match="another client id"):
        check_sign_in(settings, pasted, now=clock, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Nothing was pasted"),
        ("hello there", "not a JSON object"),
        ("abcdef0123456789", "a bare token"),
        ("Bearer abcdef0123456789", "a bare token"),
        ("[1, 2]", "not a JSON object"),
        ('{"access_token": "abcdefgh01", ', "not a JSON object"),
        ("{}", "no access_token"),
        ('{"access_token": 7}', "no access_token"),
        ('{"access_token": "abcdefgh01", "refresh_token": 7}', "refresh_token in what was pasted is not valid"),
        ('{"access_token": "abcdefgh01", "refresh_token": "x2345678", "expires_in": 600}', "10 minutes"),
        ('{"user": {}, "token": {"accessToken": "abcdefgh01"}, "expires": "2026-12-01"}', "session of Beatport's website"),
        ('{"accessToken": "abcdefgh01", "refreshToken": "b"}', "session of Beatport's website"),
        (
            '{"access_token": "BQabcdefgh01", "refresh_token": "AQ345678", "scope": "playlist-modify-public", "expires_in": 3600}',
            "another service",
        ),
        ('{"access_token": "abcdefgh01", "token_type": "mac", "expires_in": 36000}', "another service"),
        ('{"access_token": "abcdefgh01", "expires_at": 1700000000, "expires_in": 36000}', "ended at 2023-11-14"),
        ("{" * 5_000, "not a JSON object"),
    ],
)
def test_what_is_no_sign_in_is_told_what_it_is_and_never_repeated(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_pasted(text, CLIENT_ID, NOW)
    assert says in str(refused.value)
    assert "docs/beatport-sign-in.md" in str(refused.value)
    assert "abcdef" not in str(refused.value)


@pytest.mark.parametrize("client_id", ["", "two words", "x" * 300, "bad\x07"])
def test_a_client_id_that_is_none_is_told(client_id: str) -> None:
    with pytest.raises(SettingsError, match="client id"):
        read_pasted('{"access_token": "abcdefgh01", "refresh_token": "x2345678", "expires_in": 36000}', client_id, NOW)


def test_a_file_that_is_no_sign_in_is_told(settings: Settings) -> None:
    for text in ("{", "{}", '{"access_token": "abcdefgh01", "ends_at": "never", "signed_in_at": "never"}'):
        account_path(settings).write_text(text)
        with pytest.raises(SettingsError, match="beatporter login beatport"):
            AccountFile(account_path(settings)).load()


@pytest.mark.usefixtures("prefect")
def test_a_block_keeps_it_masked_and_renews_it_there(sandbox: Sandbox, tmp_path: Path, clock: Clock) -> None:
    settings = load_settings(home=tmp_path, beatport_api_url=sandbox.beatport_api_url, beatport_token=SecretStr("beatport-account/mine"))
    store = open_account_store(settings)
    assert isinstance(store, AccountBlock)
    assert store.load() is None
    pasted = sandbox.beatport.account.sign_in()
    store.save(read_pasted(json.dumps(pasted), CLIENT_ID, clock()))
    shown = shown_by_prefect()
    assert CLIENT_ID in shown, "the block is not there"
    assert pasted["access_token"] not in shown
    assert pasted["refresh_token"] not in shown
    clock.advance(LIFE)
    renewed = AccountTokens(settings, store, now=clock, sleep=lambda _: None).current().get_secret_value()
    found = store.load()
    assert found is not None
    assert found.access_token.get_secret_value() == renewed != pasted["access_token"]
    assert renewed not in without_secrets(f"it was {renewed}")


# --- the command -----------------------------------------------------------------------------------------------------


def run(settings: Settings, cwd: Path, *arguments: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    own = {"BEATPORTER_HOME": str(settings.home), "BEATPORTER_BEATPORT_API_URL": settings.beatport_api_url, "NO_COLOR": "1"}
    return commands.run_command(arguments, {**inherited, **own, **more}, cwd, given=given)


def test_the_command_keeps_what_was_pasted_once_beatport_renewed_it(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> None:
    pasted = json.dumps(sandbox.beatport.account.sign_in(), indent=2)
    done = run(settings, tmp_path, "login", "beatport", "--token-file", "-", "--client-id", CLIENT_ID, given=pasted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Beatport renewed it, so runs can too." in done.stdout
    assert sandbox.beatport.account.refreshes == 1
    found = kept(settings)
    assert found.can_be_renewed
    for secret in (found.access_token, found.refresh_token):
        assert secret is not None
        assert secret.get_secret_value() not in done.stdout + done.stderr
    status = run(settings, tmp_path, "status")
    assert "Charts from api: signed in" in status.stdout
    assert "Charts from website: ready." in status.stdout

    file = tmp_path / "token.json"
    file.write_text(json.dumps(sandbox.beatport.account.sign_in()))
    again = run(settings, tmp_path, "login", "beatport", "--token-file", str(file), "--client-id", CLIENT_ID)
    assert again.returncode == 0, again.stdout + again.stderr
    assert kept(settings).access_token != found.access_token


def test_a_sign_in_that_is_refused_leaves_the_old_one(sandbox: Sandbox, settings: Settings, clock: Clock, tmp_path: Path) -> None:
    before = sign_in(sandbox, settings, clock())
    for given, client_id, says in (
        ("no such thing", CLIENT_ID, "not a JSON object"),
        (json.dumps(sandbox.beatport.account.session()), CLIENT_ID, "10 minutes"),
        (json.dumps(sandbox.beatport.account.sign_in()), "anotherclient", "another client id"),
    ):
        done = run(settings, tmp_path, "login", "beatport", "--token-file", "-", "--client-id", client_id, given=given)
        assert done.returncode != 0
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert kept(settings).access_token == before.access_token
    missing = run(settings, tmp_path, "login", "beatport", "--token-file", "nowhere.json", "--client-id", CLIENT_ID)
    assert "nowhere.json cannot be read" in missing.stderr
