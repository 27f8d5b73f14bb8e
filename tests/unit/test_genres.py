"""The list of genres."""

from __future__ import annotations

import re

import pytest

from beatporter.errors import UnknownGenre
from beatporter.genres import FURTHER, KNOWN, RETIRED, Genre, all_genres, find_genre, retired_words
from beatporter.settings import load_settings
from cli.genres import differences


def test_there_are_36_genres_with_distinct_slugs_and_ids() -> None:
    assert len(KNOWN) == 36
    assert len({genre.genre_id for genre in KNOWN}) == 36
    assert len({genre.slug for genre in KNOWN}) == 36


def test_the_genres_of_2026_are_known_and_run_only_when_they_are_chosen() -> None:
    known = all_genres()
    assert (known["rock"].genre_id, known["latin-electronic"].genre_id, len(FURTHER)) == (109, 111, 9)
    assert len({genre.genre_id for genre in (*KNOWN, *FURTHER)}) == 45
    assert len(load_settings().enabled_genres()) == 36
    assert "my-genre" in load_settings(genre_ids={"my-genre": 500}).enabled_genres()
    assert load_settings(genres="rock").enabled_genres() == ("rock",)


def test_a_retired_id_is_explained_with_what_took_over() -> None:
    assert set(RETIRED) == {17, 38, 41, 65, 79, 80, 87}
    assert "mainstage" in retired_words(Genre("big-room", 79, "Big Room"))
    assert "No genre replaces it" in retired_words(Genre("leftfield", 80, "Leftfield"))
    assert retired_words(all_genres()["trap-future-bass"]) == "", "38 is in use again"
    assert {slug for one in RETIRED.values() for slug in one.took_over} <= set(all_genres())


def test_beatports_own_list_is_compared_by_id() -> None:
    known = {
        "house": all_genres()["house"],
        "drum-bass": all_genres()["drum-bass"],
        "big-room": Genre("big-room", 79, "Big Room"),
    }
    said = differences(known, {5: "House", 1: "Jungle", 200: "Gqom / Trap"})
    assert said[0].startswith('New: Gqom / Trap (200). genre_ids = {"gqom-trap" = 200}')
    assert said[1].startswith("Renamed: drum-bass (1) is Jungle now")
    assert said[2].startswith("Gone: big-room (79). Beatport retired 79, Big Room")
    assert differences({"house": known["house"]}, {5: "HOUSE"}) == []
    assert differences(known, {5: "House"}, whole=False) == [], "what a part of the list lacks need not be gone"


def test_every_slug_is_a_valid_part_of_an_artifact_key() -> None:
    assert not [genre.slug for genre in (*KNOWN, *FURTHER) if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", genre.slug)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("afro", "afro-house"), ("Tech House", "tech-house"), ("trance", "trance-main-floor"), ("drum-n-bass", "drum-bass")],
)
def test_a_wrong_slug_gets_a_suggestion(typed: str, meant: str) -> None:
    with pytest.raises(UnknownGenre, match=meant):
        find_genre(typed, all_genres())


def test_a_slug_without_similar_ones_gets_a_hint_to_the_list() -> None:
    with pytest.raises(UnknownGenre, match="beatporter genres"):
        find_genre("zzz", all_genres())
