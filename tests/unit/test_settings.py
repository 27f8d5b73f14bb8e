"""Settings: where a value comes from, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from beatporter.errors import SettingsError, UnknownGenre
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import load_sign_in


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for key in list(__import__("os").environ):
        if key.startswith("BEATPORTER_"):
            monkeypatch.delenv(key)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("beatporter.toml").write_text('spotify_daily_budget = 500\nspotify_rate = 3\ngenres = ["house"]\n')
    monkeypatch.setenv("BEATPORTER_SPOTIFY_RATE", "7")
    settings = load_settings()
    assert (settings.spotify_rate, settings.spotify_daily_budget, settings.genres) == (7, 500, ("house",))
    assert settings.beatport_interval_s == 2


def test_lists_in_the_environment_are_words_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_GENRES", "house, afro-house")
    monkeypatch.setenv("BEATPORTER_VERSION_ORDER", "original,own")
    settings = load_settings()
    assert settings.enabled_genres() == ("house", "afro-house")
    assert settings.version_order == ("original", "own")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("BEATPORTER_SPOTIFY_RATE", "fast", "got 'fast'"),
        ("BEATPORTER_SPOTIFY_RATE", "0", "greater than 0"),
        ("BEATPORTER_CHART_SOURCE", "vinyl", "'website', 'api' or 'file'"),
        ("BEATPORTER_BEATPORT_URL", "beatport.com", "http://"),
        ("BEATPORTER_PLAYLIST_NAME", "Top 100", "{genre}"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_it_takes(monkeypatch: pytest.MonkeyPatch, key: str, value: str, says: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert key in str(caught.value)
    assert says in str(caught.value)


def test_an_unknown_key_of_the_file_is_told_with_the_nearest() -> None:
    Path("beatporter.toml").write_text("spotify_rat = 3\n")
    with pytest.raises(SettingsError, match="did you mean 'spotify_rate'"):
        load_settings()


def test_a_file_that_is_no_toml_is_told_with_its_line() -> None:
    Path("beatporter.toml").write_text("spotify_rate = \n")
    with pytest.raises(SettingsError, match=r"beatporter\.toml.*line 1"):
        load_settings()


def test_an_unknown_genre_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownGenre, match="afro-house"):
        load_settings(genres=("afro-hous",))


def test_a_persons_own_genre_can_be_named() -> None:
    settings = load_settings(genre_ids={"gqom": 123, "house": 5000}, genres=("gqom",))
    genres = settings.all_genres()
    assert (genres["gqom"].genre_id, genres["gqom"].name) == (123, "Gqom")
    assert (genres["house"].genre_id, genres["house"].name) == (5000, "House")


def test_missing_credentials_are_all_named_with_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_ID", "an-id")
    with pytest.raises(SettingsError) as caught:
        load_sign_in(load_settings())
    message = str(caught.value)
    assert "BEATPORTER_SPOTIFY_CLIENT_SECRET, BEATPORTER_SPOTIFY_REFRESH_TOKEN" in message
    assert "BEATPORTER_SPOTIFY_CLIENT_ID" not in message
    assert "developer.spotify.com" in message


def test_no_secret_shows_in_the_settings_or_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", "hush-hush")
    monkeypatch.setenv("BEATPORTER_BEATPORT_TOKEN", "hush-hush")
    assert "hush-hush" not in repr(load_settings())
    with pytest.raises(SettingsError) as caught:
        load_settings(spotify_refresh_token=["hush-hush"])
    assert "hush-hush" not in str(caught.value)
