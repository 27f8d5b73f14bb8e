"""The list of genres."""

from __future__ import annotations

import re

import pytest

from beatporter.errors import UnknownGenre
from beatporter.genres import KNOWN, all_genres, find_genre


def test_there_are_36_genres_with_distinct_slugs_and_ids() -> None:
    assert len(KNOWN) == 36
    assert len({genre.genre_id for genre in KNOWN}) == 36
    assert len({genre.slug for genre in KNOWN}) == 36


def test_every_slug_is_a_valid_part_of_an_artifact_key() -> None:
    assert not [genre.slug for genre in KNOWN if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", genre.slug)]


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
