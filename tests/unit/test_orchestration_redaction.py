"""Messages about foreign errors contain no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from beatporter.spotify.sign_in import FileStore, SignIn
from orchestration.redaction import HIDDEN, without_secrets


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", "client-s3cret")
    monkeypatch.setenv("BEATPORTER_SPOTIFY_REFRESH_TOKEN", "refresh-t0ken")
    monkeypatch.setenv("BEATPORTER_BEATPORT_TOKEN", "beatport-t0ken")
    monkeypatch.setenv("BEATPORTER_DATABASE", "postgresql://dj:passw0rd-of-db@host/ledger")
    return tmp_path


@pytest.mark.parametrize("secret", ["client-s3cret", "refresh-t0ken", "beatport-t0ken", "passw0rd-of-db"])
def test_a_setting_that_is_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    assert without_secrets(f"before ({secret}) after") == f"before ({HIDDEN}) after"


def test_the_sign_in_of_the_file_is_hidden(home: Path) -> None:
    FileStore(home / "spotify.json").save(SignIn(SecretStr("token-in-the-file"), None))
    assert "token-in-the-file" not in without_secrets("invalid_grant: token-in-the-file")


@pytest.mark.parametrize(
    "text",
    [
        "could not connect to postgresql://SECRET@other/db",
        "header Authorization: Bearer SECRET was refused",
        "header Authorization: Basic SECRET was refused",
        "GET https://host/path?a=1&access_token=SECRET&b=2 failed",
        "client_secret=SECRET refused",
        "PASSWORD=SECRET",
        "GET https://host/callback?code=SECRET&state=1",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert without_secrets(text) == text.replace("SECRET", HIDDEN)


@pytest.mark.parametrize(
    "text", ["KeyError: 'genre'", "https://api.spotify.com/v1/search?q=a&type=track", "status_code=500", "a@b.example"]
)
def test_any_other_text_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_user_and_password_of_an_address_are_hidden() -> None:
    assert without_secrets("no answer from postgresql://me:pass@other/db") == f"no answer from postgresql://{HIDDEN}@other/db"


def test_settings_that_cannot_be_read_hide_what_has_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_RATE", "fast")
    assert without_secrets("Bearer abcdef") == f"Bearer {HIDDEN}"


def test_a_short_value_hides_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_BEATPORT_TOKEN", "a")
    assert without_secrets("a message") == "a message"
