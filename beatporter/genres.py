"""Beatport's genres: slug, id and name. Ids stay the same when names change, so state is keyed by id.

Source: beatport.com as of late 2026. A person adds or renames genres with `genre_ids` in beatporter.toml.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from beatporter.errors import UnknownGenre


@dataclass(frozen=True, slots=True)
class Genre:
    slug: str
    genre_id: int
    name: str


KNOWN: tuple[Genre, ...] = tuple(
    Genre(slug, genre_id, name)
    for slug, genre_id, name in (
        ("140-deep-dubstep-grime", 95, "140 / Deep Dubstep / Grime"),
        ("afro-house", 89, "Afro House"),
        ("amapiano", 98, "Amapiano"),
        ("ambient-experimental", 100, "Ambient / Experimental"),
        ("bass-club", 85, "Bass / Club"),
        ("bass-house", 91, "Bass House"),
        ("brazilian-funk", 101, "Brazilian Funk"),
        ("breaks-breakbeat-uk-bass", 9, "Breaks / Breakbeat / UK Bass"),
        ("dance-pop", 39, "Dance / Pop"),
        ("deep-house", 12, "Deep House"),
        ("dj-tools", 16, "DJ Tools"),
        ("downtempo", 63, "Downtempo"),
        ("drum-bass", 1, "Drum & Bass"),
        ("dubstep", 18, "Dubstep"),
        ("electro-classic-detroit-modern", 94, "Electro (Classic / Detroit / Modern)"),
        ("electronica", 3, "Electronica"),
        ("funky-house", 81, "Funky House"),
        ("hard-dance-hardcore-neo-rave", 8, "Hard Dance / Hardcore / Neo Rave"),
        ("hard-techno", 2, "Hard Techno"),
        ("house", 5, "House"),
        ("indie-dance", 37, "Indie Dance"),
        ("jackin-house", 97, "Jackin House"),
        ("mainstage", 96, "Mainstage"),
        ("melodic-house-techno", 90, "Melodic House & Techno"),
        ("minimal-deep-tech", 14, "Minimal / Deep Tech"),
        ("nu-disco-disco", 50, "Nu Disco / Disco"),
        ("organic-house", 93, "Organic House"),
        ("progressive-house", 15, "Progressive House"),
        ("psy-trance", 13, "Psy-Trance"),
        ("tech-house", 11, "Tech House"),
        ("techno-peak-time-driving", 6, "Techno (Peak Time / Driving)"),
        ("techno-raw-deep-hypnotic", 92, "Techno (Raw / Deep / Hypnotic)"),
        ("trance-main-floor", 7, "Trance (Main Floor)"),
        ("trance-raw-deep-hypnotic", 99, "Trance (Raw / Deep / Hypnotic)"),
        ("trap-future-bass", 38, "Trap / Future Bass"),
        ("uk-garage-bassline", 86, "UK Garage / Bassline"),
    )
)


FURTHER: tuple[Genre, ...] = tuple(
    Genre(slug, genre_id, name)
    for slug, genre_id, name in (
        ("african", 102, "African"),
        ("caribbean", 103, "Caribbean"),
        ("country", 104, "Country"),
        ("hip-hop", 105, "Hip-Hop"),
        ("latin", 106, "Latin"),
        ("latin-electronic", 111, "Latin Electronic"),
        ("pop", 107, "Pop"),
        ("rb", 108, "R&B"),
        ("rock", 109, "Rock"),
    )
)
"""New in 2026. They are synced only when named: an update must not create nine playlists that nobody asked for."""


@dataclass(frozen=True, slots=True)
class RetiredGenre:
    """An id that Beatport retired, or gave to another genre.

    Attributes:
        name: its former name.
        took_over: slugs of the genres that its tracks moved to, as far as known.
    """

    genre_id: int
    name: str
    took_over: tuple[str, ...] = ()


RETIRED: Mapping[int, RetiredGenre] = {
    genre.genre_id: genre
    for genre in (
        RetiredGenre(17, "Electro House", ("mainstage",)),
        RetiredGenre(38, "Hip-Hop / R&B", ("hip-hop", "rb")),
        RetiredGenre(41, "Reggae / Dancehall / Dub", ("caribbean",)),
        RetiredGenre(65, "Future House", ("bass-house",)),
        RetiredGenre(79, "Big Room", ("mainstage",)),
        RetiredGenre(80, "Leftfield House & Techno"),
        RetiredGenre(87, "Trap / Future Bass", ("trap-future-bass",)),
    )
}
"""38 lives again as Trap / Future Bass. Names: Beatport's menu of 2017 to 2021; where tracks moved is our reading of its notices."""


def retired_words(genre: Genre) -> str:
    """A sentence about a genre whose id Beatport retired; empty for others."""
    retired = RETIRED.get(genre.genre_id)
    if retired is None or genre in KNOWN:
        return ""
    took_over = f" Its tracks are now in {' and '.join(retired.took_over)}." if retired.took_over else " No genre replaces it."
    return f"Beatport retired {genre.genre_id}, {retired.name}.{took_over}"


def all_genres(genre_ids: Mapping[str, int] | None = None) -> dict[str, Genre]:
    """Every genre by slug: the built-in ones, then those that the person added.

    Args:
        genre_ids: slug to Beatport id; a known slug gets the new id.
    """
    genres = {genre.slug: genre for genre in (*KNOWN, *FURTHER)}
    for slug, genre_id in (genre_ids or {}).items():
        name = genres[slug].name if slug in genres else slug.replace("-", " ").title()
        genres[slug] = Genre(slug, genre_id, name)
    return genres


def find_genre(slug: str, genres: Mapping[str, Genre]) -> Genre:
    """Find a genre by its slug.

    Raises:
        UnknownGenre: naming the nearest slugs.
    """
    if slug in genres:
        return genres[slug]
    typed = slug[:80].lower().replace(" ", "-")
    holding = [known for known in genres if typed and typed in known]
    near = list(dict.fromkeys(holding + difflib.get_close_matches(typed, genres, n=3, cutoff=0.4)))[:4]
    hint = f"Did you mean {' or '.join(near)}?" if near else "`beatporter genres` lists them all."
    raise UnknownGenre(f"Unknown genre {slug[:80]!r}.", hint)
