"""Settings: where a value comes from, and how a wrong one is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_settings_are_made_again_only_when_a_source_has_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = load_settings()
    monkeypatch.setenv("UNRELATED", "1")
    assert load_settings() is first, "each step of a run asks for them, and making them takes as long as reading a chart"
    monkeypatch.setenv("BEATPORTER_SPOTIFY_RATE", "7")
    assert load_settings().spotify_rate == 7
    Path("beatporter.toml").write_text("spotify_daily_budget = 500")
    assert load_settings().spotify_daily_budget == 500
    Path("beatporter.toml").write_text("spotify_daily_budget = 600")
    assert load_settings().spotify_daily_budget == 600
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_settings().spotify_daily_budget == 800
    assert load_settings(spotify_rate=3).spotify_rate == 3
    Path("beatporter.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()


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
        ("BEATPORTER_CHART_SOURCE", "vinyl", "'website', 'api', 'inbox' or 'file'"),
        ("BEATPORTER_BEATPORT_URL", "beatport.com", "http://"),
        ("BEATPORTER_PLAYLIST_NAME", "Top 100", "{genre}"),
    ],
)
def test_a_wrong_value_is_reported_with_its_key_and_accepted_values(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, says: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert key in str(caught.value)
    assert says in str(caught.value)


def test_an_unknown_key_is_reported_with_a_suggestion() -> None:
    Path("beatporter.toml").write_text("spotify_rat = 3\n")
    with pytest.raises(SettingsError, match="did you mean 'spotify_rate'"):
        load_settings()


def test_an_invalid_toml_file_is_reported_with_its_line() -> None:
    Path("beatporter.toml").write_text("spotify_rate = \n")
    with pytest.raises(SettingsError, match=r"beatporter\.toml.*line 1"):
        load_settings()


def test_an_unknown_genre_is_reported_with_a_suggestion() -> None:
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


@pytest.mark.parametrize("slug", ["my_genre", "../../x", "My-Genre", "", "a b", "x" * 101, "h\u00f6use", "house\n"])
def test_a_slug_that_is_part_of_file_names_is_checked(slug: str) -> None:
    with pytest.raises(SettingsError, match="lower-case letters, digits and dashes") as caught:
        load_settings(genre_ids={slug: 123}, genres=())
    assert "GENRE_IDS" in str(caught.value)


@pytest.mark.parametrize("genre_id", [0, -1, 2**31, 10**30])
def test_a_genre_id_must_suit_beatport_and_the_ledger(genre_id: int) -> None:
    with pytest.raises(SettingsError, match="the id of gqom must be from 1"):
        load_settings(genre_ids={"gqom": genre_id})


@pytest.mark.parametrize("value", ["gqom=1", "[1]", '{"gqom": "x"}', "[" * 100_000, '{"gqom": ' + "9" * 5_000 + "}", '{"gqom": 1.5}'])
def test_unreadable_genre_ids_are_reported(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BEATPORTER_GENRE_IDS", value)
    with pytest.raises(SettingsError, match="BEATPORTER_GENRE_IDS") as caught:
        load_settings()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("BEATPORTER_SPOTIFY_RAT", "Did you mean BEATPORTER_SPOTIFY_RATE?"),
        ("BEATPORTER_GENRE", "Did you mean BEATPORTER_GENRES?"),
        ("beatporter_hom", "Did you mean BEATPORTER_HOME?"),
        ("BEATPORTER_QZX" + "Q" * 10_000, "Unset it"),
    ],
)
def test_an_unknown_variable_is_reported_with_a_suggestion(monkeypatch: pytest.MonkeyPatch, name: str, says: str) -> None:
    monkeypatch.setenv(name, "hush-hush")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert says in str(caught.value)
    assert "hush-hush" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'playlist_name = "\xff {genre}"\n', "not UTF-8"),
        (b"spotify_rate = " + b"9" * 5_000, "thousands of digits"),
        (b"genres = " + b"[" * 50_000, "nests too deep"),
    ],
)
def test_a_strange_settings_file_is_reported(content: bytes, says: str) -> None:
    Path("beatporter.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=says):
        load_settings()


def test_a_folder_in_place_of_the_file_is_reported() -> None:
    Path("beatporter.toml").mkdir()
    with pytest.raises(SettingsError, match=r"beatporter\.toml cannot be read"):
        load_settings()


def test_an_unreadable_file_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("beatporter.toml").write_text("spotify_rate = 3\n")
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "beatporter.toml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SettingsError, match=r"beatporter\.toml cannot be read: Permission denied"):
        load_settings()


@pytest.mark.parametrize(
    "key", ["SPOTIFY_RATE", "CHART_SOURCE", "PLAYLIST_NAME", "SPOTIFY_DAILY_BUDGET", "BEATPORT_URL", "VERSION_ORDER", "GENRES"]
)
def test_an_error_repeats_the_beginning_of_a_long_value(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(f"BEATPORTER_{key}", "9x" * 50_000)
    with pytest.raises((SettingsError, UnknownGenre)) as caught:
        load_settings()
    assert len(str(caught.value)) < 400


def test_a_number_with_thousands_of_digits_is_a_wrong_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_DAILY_BUDGET", "9" * 5_000)
    with pytest.raises(SettingsError, match="SPOTIFY_DAILY_BUDGET") as caught:
        load_settings()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("database", ["postgresql://dj:hush-hush@host/ledger"]),
        ("database", "mysql://dj:hush-hush@host/ledger"),
        ("database", "postgresql://dj:hush-hush@host:port/ledger"),
        ("beatport_url", "ftp://dj:hush-hush@host"),
        ("beatport_url", "http://dj:hush-hush@["),
        ("spotify_client_secret", ["hush-hush"]),
        ("beatport_token", {"token": "hush-hush"}),
    ],
)
def test_an_error_repeats_no_secret(key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=key) as caught:
        load_settings(**{key: value})
    assert "hush-hush" not in str(caught.value)


def test_playlists_to_back_up_are_a_text_or_a_table() -> None:
    Path("beatporter.toml").write_text(
        '[backups]\nfriday = "My Friday"\nweekly = { playlist = "spotify:playlist:x", into = "Kept", digging = "all" }\n'
    )
    backups = load_settings().backups
    assert (backups["friday"].playlist, backups["friday"].into, backups["friday"].digging) == ("My Friday", "", "playlist")
    assert (backups["weekly"].into, backups["weekly"].digging) == ("Kept", "all")


@pytest.mark.parametrize(
    ("backups", "says"),
    [
        ({"a": {"playlist": "One", "into": "one "}}, "another playlist"),
        ({"a": "One", "b": {"playlist": "Two", "into": "ONE"}}, "backed up itself"),
        ({"a": {"playlist": ""}}, "at least 1 character"),
        ({"a": {"playlist": "One", "diging": "all"}}, "did you mean 'digging'"),
        ({"a": {"playlist": "One", "digging": "deep"}}, "'off', 'playlist' or 'all'"),
    ],
)
def test_a_wrong_playlist_to_back_up_is_explained(backups: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_settings(backups=backups)
