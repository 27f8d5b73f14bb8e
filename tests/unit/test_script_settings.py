"""The old script's settings as ours: genres by id, charts, labels, backups, names of playlists."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from beatporter.genres import all_genres
from beatporter.old_script.config import ScriptConfig
from beatporter.old_script.settings import MovedLists, matches_dated, moved_lists, moved_values, undated, unusable_values
from beatporter.old_script.settings_file import settings_text
from beatporter.settings import load_settings
from beatporter.subscriptions import Subscription

PLAYLIST = "37i9dQZF1DX8tZsk68tuDw"


def moved(**settings: Any) -> tuple[MovedLists, dict[str, Any]]:
    """The lists and values of a config, whose playlists keep the names that the script gave them."""
    config = ScriptConfig(Path("config.py"), **settings)
    found = moved_lists(config, all_genres())
    names = {(one.key, kind): name for one in found.lists for kind, name in one.names.items()}
    names |= {(one.key, "collect"): one.genre.playlist for one in found.lists if isinstance(one.genre, Subscription)}
    return found, moved_values(config, found, names)


def test_a_genre_is_recognised_by_its_id(tmp_path: Path) -> None:
    found, values = moved(
        genres={"Trance": "trance/7", "Techno": "https://www.beatport.com/genre/techno/6/top-100", "House": "house/5"}, daily=True
    )
    assert values["genres"] == ["trance-main-floor", "techno-peak-time-driving", "house"]
    assert values["playlists"] == {
        "trance-main-floor": {"name": "Beatport: Trance - Top 100", "daily_name": "Beatport: Trance - Daily Top"},
        "techno-peak-time-driving": {"name": "Beatport: Techno - Top 100", "daily_name": "Beatport: Techno - Daily Top"},
    }, "House is still called House"
    assert found.left_out == []


def test_genres_that_beatport_retired_are_left_out_and_unknown_ones_are_added() -> None:
    found, values = moved(genres={"Big Room": "big-room/79", "Gqom": "gqom/4711", "Odd": "house/4712", "What": "house"})
    assert [(one.what, "retired 79" in one.why) for one in found.left_out] == [("genres: Big Room", True), ("genres: What", False)]
    assert values["genre_ids"] == {"gqom": 4711, "genre-4712": 4712}, "a known slug stays what it is"
    assert values["genres"] == ["gqom", "genre-4712"]


def test_two_names_for_one_genre_are_one_list() -> None:
    found, values = moved(genres={"Bass/Club": "bass-club/85", "Leftfield Bass": "leftfield-bass/85"})
    assert values["genres"] == ["bass-club"]
    assert [one.names["collect"] for one in found.lists] == ["Beatport: Bass/Club - Top 100", "Beatport: Leftfield Bass - Top 100"]


def test_all_genres_is_the_overall_top_100() -> None:
    _, values = moved(genres={"All Genres": ""}, daily=True)
    assert values["charts"] == {"All Genres": {"chart": "overall", "playlist": "Beatport: All Genres - Top 100"}}
    assert values["playlists"] == {"All Genres": {"daily_name": "Beatport: All Genres - Daily Top"}}
    assert values["genres"] == []


def test_charts_and_labels() -> None:
    found, values = moved(
        charts={"Kalambo Bontan": "kalambo", "By id": "peak/812345", "Picks %U (%Y)": "picks-%Y-week-%U", "Again": "kalambo"},
        labels={"8Bit": "8bit/3248", "No id": "drumcode"},
        overwrite_labels=True,
        shuffle_labels=True,
        daily=True,
    )
    assert values["charts"] == {
        "Kalambo Bontan": {"chart": "chart:kalambo", "playlist": "Beatport: Kalambo Bontan"},
        "By id": {"chart": "chart:peak/812345", "playlist": "Beatport: By id"},
        "Picks": {"chart": "chart:picks-%Y-week-%U", "playlist": "Beatport: Picks"},
    }
    assert values["labels"] == {"8Bit": {"label": "8bit/3248", "tracks": "all", "shuffle": True, "playlist": "Beatport: 8Bit"}}
    assert [one.what for one in found.left_out] == ["charts: Again", "labels: No id"]
    assert values["playlists"] == {name: {"kinds": ["collect"]} for name in ("Kalambo Bontan", "By id", "Picks", "8Bit")}
    assert [one.dated for one in found.lists] == [False, False, True, False]


def test_labels_that_stop_at_the_last_update() -> None:
    _, values = moved(labels={"8Bit": "8bit/3248"})
    assert values["labels"] == {"8Bit": {"label": "8bit/3248", "tracks": "new", "playlist": "Beatport: 8Bit"}}
    assert "playlists" not in values


@pytest.mark.parametrize(("mode", "ours"), [("", "off"), ("playlist", "playlist"), ("all", "all"), ("odd", "playlist")])
def test_digging(mode: str, ours: str) -> None:
    _, values = moved(digging=mode, backups={"BKP": PLAYLIST})
    assert values["playlist_digging"] == ours
    assert values["backups"] == {"BKP": {"playlist": PLAYLIST, "into": "BKP", "digging": ours}}


def test_other_choices() -> None:
    _, values = moved(prefix="BP ", description="Mine.", add_at_top=False, daily=True, daily_size=500)
    assert (values["playlist_name"], values["daily_name"]) == ("BP {genre} - Top 100", "BP {genre} - Daily Top")
    assert (values["playlist_kinds"], values["daily_size"], values["playlist_add_at"]) == (["collect", "daily"], 100, "end")
    assert values["playlist_description"] == "Mine. Updated on {date}."
    assert "playlist_description" not in moved()[1]
    assert moved()[1]["playlist_kinds"] == ["collect"]


def test_values_that_cannot_be_used_are_named() -> None:
    config = ScriptConfig(Path("config.py"), digging="odd", daily_size=0, backups={"BKP": "ORIGINAL_PLAYLIST_ID", "Fine": PLAYLIST})
    assert [one.what for one in unusable_values(config)] == ["spotify_bkp: BKP", "digging_mode", "daily_n_track"]


def test_the_settings_are_valid(tmp_path: Path) -> None:
    _, values = moved(
        genres={"All Genres": "", "Trance": "trance/7", "Gqom": "gqom/4711"},
        charts={"Picks %U (%Y)": "picks-%U", "Ünïcode “quoted”": "x/812345"},
        labels={"8Bit": "8bit/3248"},
        backups={"BKP": PLAYLIST},
        daily=True,
        description="Mine.",
    )
    text = settings_text(values, title="Made by us.")
    assert text.startswith("# Made by us.\n")
    settings = load_settings(**tomllib.loads(text))
    assert settings.enabled_genres() == ("trance-main-floor", "gqom")
    trance = settings.find_list("trance-main-floor")
    assert settings.playlist_options(trance).name == "Beatport: Trance - Top 100"
    assert settings.playlist_options(settings.find_list("8Bit")).kinds == ("collect",)
    assert settings.playlist_options(settings.find_list("All Genres")).daily_name == "Beatport: All Genres - Daily Top"


def test_names_without_their_dates() -> None:
    assert undated("Weekend Picks %U (%Y)") == "Weekend Picks"
    assert undated("%Y-%V") == "Chart"
    assert matches_dated("Beatport: Weekend Picks %U (%Y)", "Beatport: Weekend Picks 47 (2025)")
    assert not matches_dated("Beatport: Weekend Picks %U (%Y)", "Beatport: Weekend Picks")


def test_an_existing_file_keeps_its_comments_and_other_settings() -> None:
    existing = '# mine\nspotify_rate = 3 # slow\ngenres = ["house"]\n\n[playlists.house]\nname = "Old"\n'
    text = settings_text({"genres": ["dubstep"], "daily_size": 10, "playlists": {"dubstep": {"name": "New"}}}, existing, title="unused")
    assert text.startswith("# mine\nspotify_rate = 3 # slow\n")
    assert tomllib.loads(text) == {"spotify_rate": 3, "genres": ["dubstep"], "daily_size": 10, "playlists": {"dubstep": {"name": "New"}}}
