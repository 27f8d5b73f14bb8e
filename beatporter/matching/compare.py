"""Comparison of titles and of artists; versions are version.py's, the judgement over all of it judge.py's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

from beatporter.matching import words
from beatporter.matching.normalise import joined_names, name_keys, name_words, normalise, title_words
from beatporter.matching.title import Title

TitleFit = Literal["equal", "small words", "subtitle", "spelling", "other"]

_ONE_TYPO_FROM: Final = 5
_TWO_TYPOS_FROM: Final = 9
"""Letters of a word from which one or two may be wrong."""
_NAME_ONE_TYPO_FROM: Final = 6
_NAME_TWO_TYPOS_FROM: Final = 10


@dataclass(frozen=True, slots=True)
class ArtistFit:
    """How the credits of an entry and of a track compare."""

    coverage: float
    """Share of the entry's main artists that the track credits, 0 to 1."""
    missing: tuple[str, ...]
    added: tuple[str, ...]
    """Artists of the track that the entry names nowhere."""
    leader_known: bool
    """Whether the entry names the track's first artist."""
    remixer_in_common: bool
    unnamed: bool
    """One side says only "Various Artists", or nothing."""


def compare_titles(one: Title, other: Title, people: frozenset[str]) -> TitleFit:
    """How alike two titles are, versions aside.

    Args:
        one: a title.
        other: another; the order does not matter.
        people: words of the names of all artists that either side credits.
    """
    left, right = _reading(one, people), _reading(other, people)
    fit = _compare_words(left, right)
    if fit in ("equal", "small words"):
        return fit
    if telling_words(one, people) == telling_words(other, people):
        return "equal"
    return "subtitle" if _differ_by_subtitle(one, left, other, right) else fit


def _differ_by_subtitle(one: Title, left: str, other: Title, right: str) -> bool:
    """Whether one side only has subtitles that the other lacks; the other may write its own without a bracket."""
    if one.base == right or other.base == left:
        return True
    own, others = set(one.subtitles), set(other.subtitles)
    return title_words(one.base) == title_words(other.base) and (own <= others or others <= own)


def _reading(title: Title, people: frozenset[str]) -> str:
    """The title's words: "(with …)" is no part of them if it names artists, and is in "Dancing (With You)"."""
    added = frozenset(title.with_features.split()) - frozenset(title.full.split()) - words.JOINERS
    return title.full if added <= people else title.with_features


def telling_words(title: Title, people: frozenset[str]) -> tuple[str, ...]:
    """The title's words without subtitles that only name artists, e.g. "(Lana Del Rey vs. Cedric Gervais)"."""
    reading = _reading(title, people)
    for subtitle in title.subtitles:
        if frozenset(subtitle.split()) - words.JOINERS <= people:
            reading = reading.replace(subtitle, " ", 1)
    return title_words(reading)


@lru_cache(maxsize=4096)
def _compare_words(left: str, right: str) -> TitleFit:
    if left == right or left.replace(" ", "") == right.replace(" ", ""):
        return "equal"
    one, other = title_words(left), title_words(right)
    if one == other:
        return "equal"
    if [word for word in one if word.isdigit()] != [word for word in other if word.isdigit()]:
        return "other"  # "Shook Part 2" is not "Shook Part 3"
    one, other = _telling(one), _telling(other)
    if one == other:
        return "small words"
    if len(one) == len(other) and all(_spelled_alike(a, b) for a, b in zip(one, other, strict=True)):
        return "spelling"
    left, right = "".join(one), "".join(other)
    if len(one) != len(other) and min(len(left), len(right)) >= _TWO_TYPOS_FROM and Levenshtein.distance(left, right) <= 1:
        return "spelling"
    return "other"


def _telling(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(token for token in tokens if token not in words.FILLERS) or tokens


def _spelled_alike(one: str, other: str) -> bool:
    if one == other:
        return True
    shorter = min(len(one), len(other))
    if shorter < _ONE_TYPO_FROM:
        return False
    return Levenshtein.distance(one, other) <= (2 if shorter >= _TWO_TYPOS_FROM else 1)


@lru_cache(maxsize=4096)
def same_name(one: str, other: str) -> bool:
    """Whether two spellings name one artist."""
    left, right = name_keys(one), name_keys(other)
    return not left.isdisjoint(right) or any(_name_alike(a, b) for a in left for b in right)


def _name_alike(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _NAME_ONE_TYPO_FROM:
        return False
    typos = 2 if shorter >= _NAME_TWO_TYPOS_FROM else 1
    if abs(len(one) - len(other)) > typos or Levenshtein.distance(one, other, score_cutoff=typos) > typos:
        return False
    return [character for character in one if character.isdigit()] == [character for character in other if character.isdigit()]


def names_person(name: str, credits: Iterable[str], text_words: frozenset[str] = frozenset()) -> bool:
    """Whether credits name an artist: as one of them, as part of a joint name, joined from several, or in free text.

    Args:
        name: the artist.
        credits: artists' names.
        text_words: words of free text that names people, e.g. of a version.
    """
    credits = tuple(credits)
    if any(same_name(name, credit) for credit in credits):
        return True
    if name_words(name) <= text_words:
        return True
    if any(same_name(name, part) for credit in credits for part in joined_names(credit)):
        return True
    parts = joined_names(name)
    return bool(parts) and all(any(same_name(part, credit) for credit in credits) for part in parts)


def compare_artists(
    artists: tuple[str, ...], remixers: tuple[str, ...], title: Title, track_artists: tuple[str, ...], track_title: Title
) -> ArtistFit:
    """Compare who made an entry with whom a track credits; the order of names does not matter.

    Remixers and featured artists are credited on either side as artists, in the title or not at all, so neither their presence
    nor their absence counts.
    """
    remix_words = title.version.names | frozenset[str]().union(*(name_words(remixer) for remixer in remixers))
    feature_words = _words_of(title.featured)
    track_text = track_title.version.names | _words_of(track_title.featured)
    real = tuple(artist for artist in track_artists if normalise(artist) not in words.VARIOUS)
    mains = tuple(a for a in artists if not names_person(a, remixers, title.version.names) and not name_words(a) <= feature_words)
    mains = tuple(artist for artist in mains or artists if normalise(artist) not in words.VARIOUS)
    people = tuple(person for artist in mains for person in _persons(artist, real))
    missing = tuple(person for person in people if not names_person(person, real, track_text))
    known = (*artists, *remixers)
    known_text = title.version.names | feature_words
    added = tuple(a for a in real if not names_person(a, known, known_text) and not name_words(a) <= track_text)
    return ArtistFit(
        coverage=1 - len(missing) / len(people) if people else 0.0,
        missing=missing,
        added=added,
        leader_known=not real or real[0] not in added,
        remixer_in_common=any(name_words(artist) <= remix_words for artist in real),
        unnamed=not real or not people,
    )


def _persons(artist: str, credits: tuple[str, ...]) -> tuple[str, ...]:
    """Who an artist's name stands for: one act where the credits know it as one, else each that a joint name joins."""
    if any(same_name(artist, credit) for credit in credits):
        return (artist,)
    return joined_names(artist) or (artist,)


def _words_of(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(name_words(text) for text in texts))
