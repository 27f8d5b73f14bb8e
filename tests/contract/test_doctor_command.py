"""`beatporter doctor` says how each source of charts stands; Beatport is not asked."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from beatporter.beatport.sign_in import AccountFile, BeatportSignIn, account_path
from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import COVER_SCOPE, SCOPES, FileStore, SignIn, sign_in_path
from tests.commands import run_command

LOGIN = "Run `beatporter login beatport`."
NOW = datetime.now(UTC).replace(microsecond=0)


def doctor(home: Path, *arguments: str) -> dict[str, dict[str, str]]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    done = run_command(("doctor", *arguments), {**inherited, "BEATPORTER_HOME": str(home)})
    assert done.returncode == 1, f"nobody is signed in to Spotify:\n{done.stdout}{done.stderr}"
    return {one["check"]: one for one in json.loads(done.stdout)}


def sign_in(home: Path, ends_at: datetime, refresh: str | None) -> None:
    secret = SecretStr(refresh) if refresh else None
    found = BeatportSignIn(SecretStr("access-token"), secret, "client", ends_at, signed_in_at=NOW - timedelta(days=3))
    AccountFile(account_path(load_settings(home=home))).save(found)


def test_nobody_signed_in_and_a_challenge_are_named_with_what_to_do(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "beatporter.db") as ledger:
        until = ledger.challenges.note_challenge("website", NOW)
    found = doctor(tmp_path, "--offline", "--json")
    assert found["Charts from website"]["verdict"] == "note"
    assert f"left alone until {until:%Y-%m-%d %H:%M} UTC" in found["Charts from website"]["found"]
    assert "other sources" in found["Charts from website"]["remedy"]
    assert found["Charts from api"]["verdict"] == "note"
    assert "nobody is signed in" in found["Charts from api"]["found"]
    assert found["Charts from api"]["remedy"] == LOGIN
    assert found["Charts from inbox"]["verdict"] == "good"
    assert "Charts" not in found, "offline reads no chart"


@pytest.mark.parametrize(
    ("ends_at", "refresh", "verdict"),
    [
        (NOW + timedelta(hours=1), "refresh-token", "good"),
        (NOW - timedelta(hours=1), None, "note"),
        (NOW + timedelta(hours=1), None, "note"),
    ],
)
def test_a_sign_in_to_beatport_that_ends_is_named(ends_at: datetime, refresh: str | None, verdict: str, tmp_path: Path) -> None:
    sign_in(tmp_path, ends_at, refresh)
    found = doctor(tmp_path, "--offline", "--json")["Charts from api"]
    assert found["verdict"] == verdict
    assert found["remedy"] == ("" if verdict == "good" else LOGIN)


def test_sandbox_without_up_says_so(tmp_path: Path) -> None:
    done = run_command(("doctor", "--sandbox"), os.environ, tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "`beatporter up --sandbox` is not at work in .beatporter/sandbox" in " ".join(done.stderr.split())


@pytest.mark.parametrize(("scopes", "verdict"), [(SCOPES, "bad"), ((*SCOPES, COVER_SCOPE), "good")])
def test_covers_that_the_sign_in_does_not_allow_are_named(
    scopes: tuple[str, ...], verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home=tmp_path)
    FileStore(sign_in_path(settings)).save(SignIn(SecretStr("refresh-token"), NOW, scopes))
    (tmp_path / "beatporter.toml").write_text('spotify_client_id = "id"\nspotify_client_secret = "secret"\nplaylist_cover = true\n')
    monkeypatch.chdir(tmp_path)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    done = run_command(("doctor", "--offline", "--json"), {**inherited, "BEATPORTER_HOME": str(tmp_path)})
    found = {one["check"]: one for one in json.loads(done.stdout)}["Covers"]
    assert found["verdict"] == verdict
    assert found["remedy"] == ("" if verdict == "good" else "Run `beatporter login` once more.")
