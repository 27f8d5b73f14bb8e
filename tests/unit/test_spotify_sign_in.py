"""Where the sign-in is kept, how old it is, and the messages for missing credentials."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.settings import Settings, load_settings
from beatporter.spotify.sign_in import (
    SCOPES,
    FileStore,
    SignIn,
    block_name,
    document_of,
    load_sign_in,
    read_document,
    sign_in_age,
    sign_in_path,
    sign_in_warning,
)

AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", spotify_client_id="id", spotify_client_secret=SecretStr("secret"))


def save_sign_in(settings: Settings, sign_in: SignIn) -> Path:
    return Path(FileStore(sign_in_path(settings)).save(sign_in))


def test_the_stored_sign_in_is_loaded_and_private(settings: Settings) -> None:
    kept = SignIn(SecretStr("refresh-1"), AT, SCOPES)
    for _ in range(2):
        path = save_sign_in(settings, kept)
    assert load_sign_in(settings) == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "a draft was left behind"


def test_no_link_is_followed(settings: Settings, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("theirs")
    settings.home.mkdir()
    sign_in_path(settings).symlink_to(foreign)
    (settings.home / "spotify.new").symlink_to(foreign)
    path = save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))
    assert foreign.read_text() == "theirs"
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_is_private_from_its_first_moment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []
    opened = os.open

    def watched(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        if str(path).endswith(".new"):
            made.append((flags, mode))
        return opened(path, flags, mode, **options)

    monkeypatch.setattr(os, "open", watched)
    save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))
    assert [(flags & (os.O_CREAT | os.O_EXCL), mode) for flags, mode in made] == [(os.O_CREAT | os.O_EXCL, 0o600)]


def test_a_new_home_is_private_and_an_existing_one_unchanged(settings: Settings) -> None:
    save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    settings.home.chmod(0o750)
    save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o750


def test_the_settings_token_wins_but_keeps_the_files_date_when_it_is_the_same(settings: Settings) -> None:
    save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))
    other = settings.model_copy(update={"spotify_refresh_token": SecretStr("refresh-2")})
    assert load_sign_in(other) == SignIn(SecretStr("refresh-2"), None)
    same = settings.model_copy(update={"spotify_refresh_token": SecretStr("refresh-1")})
    assert load_sign_in(same).signed_in_at == AT
    assert load_sign_in(same).store is not None, "a renewed token can be kept in the file"
    assert load_sign_in(other).store is None, "a renewed token cannot be written into the environment"


class Drawer:
    """A store in memory."""

    def __init__(self, sign_in: SignIn | None = None) -> None:
        self.sign_in = sign_in

    def load(self) -> SignIn | None:
        return self.sign_in

    def save(self, sign_in: SignIn) -> str:
        self.sign_in = sign_in
        return "a drawer"


def test_a_setting_that_names_a_block_uses_only_its_sign_in(settings: Settings) -> None:
    save_sign_in(settings, SignIn(SecretStr("of-the-file"), AT))
    named = settings.model_copy(update={"spotify_refresh_token": SecretStr("secret/spotify")})
    assert block_name(named) == "spotify"
    assert block_name(settings) is None
    kept = SignIn(SecretStr("of-the-block"), AT)
    assert load_sign_in(named, Drawer(kept)) == kept
    with pytest.raises(SettingsError, match=r"block spotify holds no sign-in.*beatporter login --block spotify"):
        load_sign_in(named, Drawer())
    with pytest.raises(SettingsError, match="is not available here"):
        load_sign_in(named)


def test_only_documents_of_a_store_can_be_read() -> None:
    store = Drawer()
    assert read_document(document_of(SignIn(SecretStr("refresh-1"), AT, ("a",))), store) == SignIn(SecretStr("refresh-1"), AT, ("a",))
    assert read_document({"refresh_token": "refresh-1"}, store) == SignIn(SecretStr("refresh-1"), None)
    for wrong in (None, "refresh-1", {}, {"refresh_token": 7}, {"refresh_token": "x", "signed_in_at": "soon"}, {"refresh_token": ""}):
        with pytest.raises(ValueError, match="not a sign-in"):
            read_document(wrong, store)


def test_all_missing_credentials_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_sign_in(load_settings(home=tmp_path))
    for name in (
        "BEATPORTER_SPOTIFY_CLIENT_ID",
        "BEATPORTER_SPOTIFY_CLIENT_SECRET",
        "BEATPORTER_SPOTIFY_REFRESH_TOKEN",
        "beatporter login",
    ):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"signed_in_at": "soon", "refresh_token": "secret-token"}', '{"refresh_token": "secret-token"']
)
def test_a_damaged_file_is_named_without_its_content(settings: Settings, text: str) -> None:
    path = sign_in_path(settings)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_sign_in(settings)
    assert str(path) in str(caught.value)
    assert "secret-token" not in str(caught.value)
    assert caught.value.__context__ is None


def test_an_unwritable_home_is_reported(settings: Settings) -> None:
    settings.home.write_text("a file where a folder should be")
    with pytest.raises(SettingsError, match="could not be written"):
        save_sign_in(settings, SignIn(SecretStr("refresh-1"), AT))


def test_warnings_start_on_day_150_with_the_date_of_the_end() -> None:
    sign_in = SignIn(SecretStr("refresh-1"), AT)
    assert sign_in_age(sign_in, AT + timedelta(days=3)) == timedelta(days=3)
    assert sign_in_warning(sign_in, AT + timedelta(days=149, hours=23)) is None
    said = sign_in_warning(sign_in, AT + timedelta(days=150))
    assert said is not None
    assert "150 days" in said
    assert "2027-05-01" in said
    assert "beatporter login" in said


def test_without_a_date_there_is_no_age_and_no_warning() -> None:
    sign_in = SignIn(SecretStr("refresh-1"), None)
    assert sign_in_age(sign_in, AT) is None
    assert sign_in_warning(sign_in, AT) is None


def test_no_secret_shows_when_a_sign_in_is_printed(settings: Settings) -> None:
    sign_in = SignIn(SecretStr("refresh-1"), AT)
    assert "refresh-1" not in f"{sign_in!r}{sign_in}"
    assert json.loads(save_sign_in(settings, sign_in).read_text())["refresh_token"] == "refresh-1"
