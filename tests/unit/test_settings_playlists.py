"""Settings of playlists: defaults, other choices for one list, and errors that name the key, the value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from beatporter.errors import SettingsError
from beatporter.names import playlist_name
from beatporter.playlist_kinds import KINDS, PlaylistOptions, playlist_number
from beatporter.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings_of(text: str) -> Settings:
    Path("beatporter.toml").write_text(text)
    return load_settings()


def names_of(settings: Settings, text: str) -> list[str]:
    genre = settings.find_list(text)
    return [playlist_name(settings.playlist_options(genre), genre, kind) for kind in KINDS]


def test_without_choices_each_list_has_its_collecting_playlist() -> None:
    settings = settings_of("")
    assert settings.playlist_options(settings.find_list("house")) == PlaylistOptions()
    assert names_of(settings, "house") == ["Beatport: House - Top 100", "Beatport: House - Daily Top", "Beatport: House - Top 100 today"]


def test_a_lists_own_choices_win_and_the_others_stay() -> None:
    settings = settings_of(
        'playlist_kinds = ["mirror", "collect"]\ndaily_size = 20\nplaylist_digging = "off"\n'
        '[playlists.house]\nkinds = ["daily"]\ndigging = "all"\nadd_at = "end"\ndaily_name = "For today"\npublic = true\n'
    )
    house, techno = (settings.playlist_options(settings.find_list(slug)) for slug in ("house", "hard-techno"))
    assert (house.kinds, house.digging, house.add_at, house.daily_size, house.public) == (("daily",), "all", "end", 20, True)
    assert (techno.kinds, techno.digging, techno.add_at, techno.public) == (("collect", "mirror"), "off", "top", False)
    assert names_of(settings, "house")[1] == "For today"


def test_the_playlists_of_a_chart_are_named_after_its_collecting_one() -> None:
    settings = settings_of('[charts]\nhype = "hype:house"\n[charts.mine]\nchart = "overall"\nplaylist = "All of it"\n')
    assert names_of(settings, "hype") == [
        "Beatport: hype - Hype 100",
        "Beatport: hype - Hype 100 - Daily Top",
        "Beatport: hype - Hype 100 today",
    ]
    assert names_of(settings, "mine") == ["All of it", "All of it - Daily Top", "All of it today"]
    renamed = settings_of('[charts]\nhype = "hype:house"\n[playlists.hype]\nname = "Hot {genre}"\nmirror_name = "Hot now"\n')
    assert names_of(renamed, "hype") == ["Hot hype", "Hot hype - Daily Top", "Hot now"]


def test_each_kind_has_a_number_of_its_own() -> None:
    settings = settings_of("")
    lists = [*settings.all_genres().values(), settings.find_list("overall"), settings.find_list("label:8bit/3248")]
    numbers = {playlist_number(genre, kind) for genre in lists for kind in KINDS}
    assert len(numbers) == 3 * len(lists)


def test_the_environment_gives_kinds_as_words_and_the_tables_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_PLAYLIST_KINDS", "mirror, daily")
    monkeypatch.setenv("BEATPORTER_PLAYLISTS", '{"house": {"kinds": "collect", "daily_size": 3}}')
    settings = load_settings()
    assert settings.playlist_kinds == ("daily", "mirror"), "in the order of a run"
    assert settings.playlist_options(settings.find_list("house")).daily_size == 3
    assert settings.playlist_options(settings.find_list("house")).kinds == ("collect",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('playlist_kinds = ["colect"]', ["playlist_kinds", "'colect'", "'collect', 'daily' or 'mirror'"]),
        ("playlist_kinds = []", ["playlist_kinds", "one kind or several"]),
        ('playlist_kinds = ["daily", "daily"]', ["playlist_kinds", "each once"]),
        ('playlist_digging = "on"', ["playlist_digging", "'on'", "'off', 'playlist' or 'all'"]),
        ('playlist_add_at = "bottom"', ["playlist_add_at", "'bottom'", "'top' or 'end'"]),
        ("daily_size = 0", ["daily_size", "greater than or equal to 1", "got 0"]),
        ("daily_size = 101", ["daily_size", "less than or equal to 100", "got 101"]),
        ('daily_name = "Daily"', ["daily_name", "must contain {genre}", "'Daily'"]),
        ('mirror_name = "{genre} {date}"', ["mirror_name", "may contain {genre}, not {date}", "into the description"]),
        ('playlist_description = "{gener}"', ["playlist_description", "{genre} and {date} and {run}, not {gener}"]),
        ('playlist_description = "one\\ntwo"', ["playlist_description", "one line"]),
        (f'playlist_description = "{"x" * 301}"', ["playlist_description", "at most 300 characters"]),
        ('[playlists.hause]\nkinds = ["daily"]', ["[playlists] 'hause'", "did you mean house?"]),
        ('[playlists.house]\ndiging = "off"', ["[playlists.house]", "unknown key 'diging'", "did you mean 'digging'?"]),
        ('[playlists.house]\ndaily_size = "many"', ["playlists", "'house.daily_size'", "'many'"]),
        ('[playlists.house]\nname = " "', ["'house.name'", "needs a name"]),
        ('[playlists.house]\nname = "Beatport: Hard Techno - Top 100"', ["the genre house", "hard-techno", "another name"]),
        ('playlist_kinds = ["collect", "daily"]\ndaily_name = "Beatport: {genre} - Top 100"', ["(daily)", "another name"]),
    ],
)  # fmt: skip
def test_an_error_names_the_key_the_value_and_what_is_allowed(text: str, says: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(text)
    for words in says:
        assert words in str(caught.value)


def test_a_name_for_a_kind_that_is_not_kept_takes_nothing_from_the_others() -> None:
    settings_of('playlist_name = "Beatport: {genre} - Daily Top"')


def test_a_list_without_subscription_takes_no_others_choices() -> None:
    settings = settings_of('[charts]\nOverall = "hype"\n[playlists.Overall]\nname = "Hot"\nkinds = ["mirror"]\n')
    assert names_of(settings, "hype")[0] == "Hot"
    assert names_of(settings, "overall")[0] == "Beatport: Overall - Top 100", "its title is Overall too"
    assert settings.playlist_options(settings.find_list("overall")).kinds == ("collect",)
