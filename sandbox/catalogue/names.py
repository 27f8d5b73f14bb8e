"""Invented artists, labels and titles: pure functions of a seeded generator, with a separate scene for each genre.

Defines the original spelling. `beatport_side` and `spotify_side` decide how each service writes a name.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sandbox.catalogue import rates
from sandbox.catalogue.ids import LABEL_ISRCS
from sandbox.catalogue.words import words

ARTISTS_A_GENRE: Final = 170
LABELS_A_GENRE: Final = 24
_TITLE_STRIDE: Final = 2741
"""Coprime to the number of adjective-noun pairs, so that a genre's numbered titles repeat late."""


@dataclass(frozen=True, slots=True)
class Artist:
    artist_id: int
    """On Beatport."""
    name: str
    """On the sleeve."""
    on_beatport: str
    """With a suffix such as "(UK)", or without its diacritics."""
    on_spotify: str


@dataclass(frozen=True, slots=True)
class Label:
    label_id: int
    """On Beatport."""
    name: str
    catalog_prefix: str
    registrant: int
    """Registrant code of its ISRCs."""
    genre_id: int
    place: int
    """Position among the genre's labels, from 0; the first are the large ones."""


def invent_word(rng: random.Random) -> str:
    """A word of two or three syllables, e.g. "Velorarix"."""
    head, tail = rng.choice(words().heads), rng.choice(words().tails)
    return head + (rng.choice(words().middles) if rng.random() < 0.6 else rng.choice("aeio")) + tail


def _mark(name: str, rng: random.Random) -> str:
    """The name with diacritics on one or two letters."""
    places = [at for at, letter in enumerate(name) if letter in words().marked]
    letters = list(name)
    for at in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
        letters[at] = rng.choice(words().marked[letters[at]])
    return "".join(letters)


def _spell(artist_id: int, name: str, rng: random.Random) -> Artist:
    """Decide how each service writes the name."""
    marked = _mark(name, rng) if rng.random() < rates.ARTIST_DIACRITICS else name
    side = rng.choice(("beatport", "spotify")) if rng.random() < rates.DIACRITICS_STRIPPED else ""
    on_beatport, on_spotify = (name if side == service else marked for service in ("beatport", "spotify"))
    if rng.random() < rates.ARTIST_CASE_DIFFERS:
        on_spotify = on_spotify.upper() if on_spotify != on_spotify.upper() else on_spotify.title()
    if rng.random() < rates.ARTIST_SUFFIX and " & " not in name:
        on_beatport = f"{on_beatport} {rng.choice(words().suffixes)}"
    return Artist(artist_id, marked, on_beatport, on_spotify)


def invent_artist_name(rng: random.Random) -> str:
    """A stage name in one of the usual forms."""
    if rng.random() < rates.ARTIST_NON_LATIN:
        return " ".join(rng.sample(rng.choice(words().scripts), rng.choice((1, 2))))
    shape = rng.random()
    word = invent_word(rng)
    if shape < 0.36:
        return word
    if shape < 0.66:
        return f"{rng.choice(words().given)} {word}"
    if shape < 0.74:
        return f"{word} {rng.choice(words().nouns)}"
    shapes = (
        word.upper(),
        f"DJ {word}",
        f"{word} & {invent_word(rng)}",
        f"{word} {rng.randrange(11, 99)}",
        f"&{word}",
        f"{word.lower()}..",
        f"The {word}s",
    )
    return rng.choices(shapes, (6, 5, 4, 3, 2, 2, 4))[0]


def invent_artists(seed: int, genre_id: int, genre_order: int) -> tuple[Artist, ...]:
    """A genre's artists, with distinct names."""
    rng = random.Random(f"{seed}:artists:{genre_id}")
    names: dict[str, None] = {}
    while len(names) < ARTISTS_A_GENRE:
        names.setdefault(invent_artist_name(rng))
    first = 400_000 + genre_order * 1000
    return tuple(_spell(first + at, name, rng) for at, name in enumerate(names))


def invent_labels(seed: int, genre_id: int, genre_order: int) -> tuple[Label, ...]:
    """A genre's labels, with distinct names."""
    rng = random.Random(f"{seed}:labels:{genre_id}")
    names: dict[str, None] = {}
    while len(names) < LABELS_A_GENRE:
        names.setdefault(f"{invent_word(rng)} {rng.choice(words().label_words)}")
    return tuple(
        Label(
            label_id=30_000 + genre_order * LABEL_ISRCS + place,
            name=name,
            catalog_prefix="".join(letter for letter in name.upper() if letter.isascii() and letter.isalpha())[:3],
            registrant=10_000 + genre_order * LABEL_ISRCS + place,
            genre_id=genre_id,
            place=place,
        )
        for place, name in enumerate(names)
    )


def invent_title(rng: random.Random, number: int, offset: int) -> str:
    """The title of a genre's song with that number.

    Args:
        rng: the song's own generator.
        number: the song's number; titles made of an adjective and a noun repeat only after all pairs were used.
        offset: per genre, so that genres do not use the pairs in the same order.
    """
    if rng.random() < rates.TITLE_NON_LATIN:
        return " ".join(rng.sample(rng.choice(words().scripts), rng.choice((1, 2, 2))))
    pair = (number * _TITLE_STRIDE + offset) % (len(words().adjectives) * len(words().nouns))
    adjective, noun = words().adjectives[pair // len(words().nouns)], words().nouns[pair % len(words().nouns)]
    core = f"{adjective} {noun}"
    if rng.random() < rates.TITLE_VERSION_WORD:
        return f"{rng.choice(words().version_like)} {core}"
    shape = rng.random()
    if shape < rates.TITLE_APOSTROPHE:
        title = f"{rng.choice(words().openers)} {core}"
    elif shape < 0.22:
        title = f"{rng.choice(words().plain_openers)} {core}"
    elif shape < 0.40:
        title = f"{invent_word(rng)} {noun}" if rng.random() < 0.5 else invent_word(rng) + rng.choice("aeio")
    elif shape < 0.56:
        endings = (
            f" & {rng.choice(words().nouns)}",
            f" {rng.choice(words().brackets)}",
            f", Pt. {rng.choice(('2', 'II', '1'))}",
            rng.choice("!?"),
        )
        title = core + rng.choices(endings, (6, 4, 3, 3))[0]
    else:
        title = core
    return title.upper() if rng.random() < rates.TITLE_SHOUTED else title
