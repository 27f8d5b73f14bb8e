"""Compares credits: who made an entry, and whom a track names. compare.py compares titles.

Either side may credit remixers and guests as artists, in the title or not at all, so all of these are read together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from beatporter.matching import words
from beatporter.matching.normalise import joined_names, name_keys, name_words, normalise
from beatporter.matching.title import Title

_MARK = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_NAME_ONE_TYPO_FROM: Final = 6
_NAME_TWO_TYPOS_FROM: Final = 10
"""One or two letters of a name may be wrong if it has at least this many."""


@dataclass(frozen=True, slots=True)
class ArtistFit:
    """How the credits of an entry and of a track compare."""

    coverage: float
    """Share of the entry's main artists that the track credits, 0 to 1."""
    missing: tuple[str, ...]
    misspelt: bool
    """The names in common agree except for a typo."""
    added: tuple[str, ...]
    """Artists of the track that the entry names nowhere."""
    guests_differ: bool
    """The entry features a guest whom the track does not name, and the track features another."""
    line_up: float
    """Artists in common as a share of all artists that either side names, 0 to 1."""
    leader_known: bool
    """Whether the entry names the track's first artist."""
    remixer_in_common: bool
    namesake: bool
    """Both sides name an artist of the same name with different marks: "Fisher (OZ)" and "Fisher (UK)"."""
    unnamed: bool
    """One side says only "Various Artists", or nothing."""

    @property
    def complete(self) -> bool:
        """Both sides credit the same people."""
        return self.coverage == 1 and not (self.added or self.misspelt or self.guests_differ or self.unnamed)


@lru_cache(maxsize=512)
def same_name(one: str, other: str) -> bool:
    """Whether two names belong to one artist; a typo is allowed."""
    left, right = name_keys(one), name_keys(other)
    return equal_name(one, other) or (not _told_apart(one, other) and any(_name_alike(a, b) for a in left for b in right))


@lru_cache(maxsize=512)
def equal_name(one: str, other: str) -> bool:
    """Whether two names are equal to the letter, apart from what `name_keys` leaves out."""
    return not _told_apart(one, other) and not name_keys(one).isdisjoint(name_keys(other))


def _told_apart(one: str, other: str) -> bool:
    """Whether both names carry a mark such as "(UK)" and the marks differ."""
    left, right = _MARK.search(one), _MARK.search(other)
    return left is not None and right is not None and normalise(left.group()) != normalise(right.group())


def _name_alike(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _NAME_ONE_TYPO_FROM:
        return False
    typos = 2 if shorter >= _NAME_TWO_TYPOS_FROM else 1
    if abs(len(one) - len(other)) > typos or Levenshtein.distance(one, other, score_cutoff=typos) > typos:
        return False
    return [character for character in one if character.isdigit()] == [character for character in other if character.isdigit()]


def names_person(
    name: str, credits: Iterable[str], text_words: frozenset[str] = frozenset(), same: Callable[[str, str], bool] = same_name
) -> bool:
    """Whether credits name an artist: as one of them, as part of a joint name, joined from several, or in free text.

    Args:
        name: the artist.
        credits: artists' names.
        text_words: words of free text that names people, e.g. of a version.
        same: whether two names belong to one artist.
    """
    credits = tuple(credits)
    if any(same(name, credit) for credit in credits):
        return True
    if name_words(name) <= text_words:
        return True
    if any(same(name, part) for credit in credits for part in joined_names(credit)):
        return True
    parts = joined_names(name)
    return bool(parts) and all(any(same(part, credit) for credit in credits) for part in parts)


def compare_artists(
    artists: tuple[str, ...], remixers: tuple[str, ...], title: Title, track_artists: tuple[str, ...], track_title: Title
) -> ArtistFit:
    """Compare the makers of an entry with a track's credits; the order of names does not matter.

    Either side may credit remixers and featured artists as artists, in the title or not at all, so neither their presence
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
    found = [person for person in people if person not in missing]
    return ArtistFit(
        coverage=1 - len(missing) / len(people) if people else 0.0,
        missing=missing,
        misspelt=bool(found) and not any(names_person(person, real, track_text, equal_name) for person in found),
        added=added,
        guests_differ=_guests_differ(
            _guests(title), (*real, *_guests(track_title)), _guests(track_title), (*known, *_guests(title)), added
        ),
        line_up=len(found) / (len(people) + len(added)) if people else 0.0,
        leader_known=not real or real[0] not in added,
        remixer_in_common=any(name_words(artist) <= remix_words for artist in real),
        namesake=any(_told_apart(one, other) and not name_keys(one).isdisjoint(name_keys(other)) for one in known for other in real),
        unnamed=not real or not people,
    )


def _persons(artist: str, credits: tuple[str, ...]) -> tuple[str, ...]:
    """The acts that a name means: one act if the credits know it as one, else each artist that a joint name joins."""
    if any(same_name(artist, credit) for credit in credits):
        return (artist,)
    return joined_names(artist) or (artist,)


def _words_of(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(name_words(text) for text in texts))


def _guests(title: Title) -> tuple[str, ...]:
    return tuple(person for text in title.featured for person in joined_names(text) or (text,))


def _guests_differ(
    ours: tuple[str, ...], named_there: tuple[str, ...], theirs: tuple[str, ...], named_here: tuple[str, ...], added: tuple[str, ...]
) -> bool:
    """Whether each side has a guest in the title or among the artists, and no guest is on both sides."""
    if not ours and not theirs:
        return False
    strange_here = bool(theirs) and not any(names_person(guest, named_here) for guest in theirs)
    strange_there = bool(ours) and not any(names_person(guest, named_there) for guest in ours)
    return strange_there and (strange_here or bool(added))
