"""Compares titles. credits.py compares artists, version.py versions, and judge.py judges the whole."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

from beatporter.matching import words
from beatporter.matching.normalise import title_words
from beatporter.matching.title import Title

TitleFit = Literal["equal", "small words", "long subtitle", "subtitle", "tag", "spelling", "other"]
"""tag: behind the track's title is a bracket of a word or two that the entry lacks, e.g. "(Techno)"; it may name a version that no
word list has. subtitle: one side has another bracket that the other lacks, e.g. "(It Goes Like) Nanana"; a long one has three words or
more, which no version has."""

_ONE_TYPO_FROM: Final = 5
_TWO_TYPOS_FROM: Final = 9
"""One or two letters of a word may be wrong if it has at least this many."""
_SUBTITLE_WORDS: Final = 3
"""A bracket with fewer words behind a track's title may name a version."""


def compare_titles(one: Title, other: Title, people: frozenset[str], named: frozenset[str]) -> TitleFit:
    """Say how similar two titles are, apart from their versions.

    Args:
        one: the entry's.
        other: the track's.
        people: words of the names of all artists that either side credits.
        named: words of the names of everybody whom the entry names, and of all guests; a bracket with another name may be a remix.
    """
    left, right = _reading(one, people), _reading(other, people)
    fit = _compare_words(left, right)
    if fit in ("equal", "small words"):
        return fit
    if telling_words(one, people, named) == telling_words(other, people, named):
        return "equal"
    return _subtitle_fit(one, left, other, right, named) or fit


def _subtitle_fit(one: Title, left: str, other: Title, right: str, named: frozenset[str]) -> TitleFit | None:
    """Classify a difference that is only in subtitles: one side has some that the other lacks or writes without a bracket; else None.

    Beatport's mix names hold many subtitles ("(Dance Tonight)"), so a bracket that only the entry has counts as one, however short.
    """
    own, others = set(one.subtitles), set(other.subtitles)
    if one.base == right:
        only_here = own
    elif other.base == left:
        only_here = others
    elif title_words(one.base) == title_words(other.base) and (own <= others or others <= own):
        only_here = own ^ others
    else:
        return None
    words_only_here = {word for subtitle in only_here for word in title_words(subtitle)}
    if any(word.isdigit() or word in words.PART_WORDS for word in words_only_here):
        return None  # "Deep Down (Pt. 2)" is not "Deep Down"
    added = only_here & others
    if any(not words.NAME_JOINERS.isdisjoint(text.split()) and not named.isdisjoint(text.split()) for text in added):
        return "tag"  # "(Sub Focus & Metrik)": the artist and somebody else
    if not all(len(subtitle.split()) >= _SUBTITLE_WORDS or other.full.startswith(subtitle) for subtitle in added):
        return "tag"
    return "long subtitle" if all(len(subtitle.split()) >= _SUBTITLE_WORDS for subtitle in only_here) else "subtitle"


def _reading(title: Title, people: frozenset[str]) -> str:
    """The title's words. "(with …)" is left out if it names artists, but not in "Dancing (With You)"."""
    added = frozenset(title.with_features.split()) - frozenset(title.full.split()) - words.JOINERS
    return title.full if added <= people else title.with_features


def telling_words(title: Title, people: frozenset[str], named: frozenset[str] | None = None) -> tuple[str, ...]:
    """The title's words without subtitles that only name artists, e.g. "(Lana Del Rey vs. Cedric Gervais)"; see `compare_titles`."""
    reading = _reading(title, people)
    for subtitle in title.subtitles:
        if frozenset(subtitle.split()) - words.JOINERS <= (people if named is None else named):
            reading = reading.replace(subtitle, " ", 1)
    return title_words(reading)


@lru_cache(maxsize=512)
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
    # One word alone says too little: "Night" is not "Light".
    if len(one) == len(other) > 1 and all(_spelled_alike(a, b) for a, b in zip(one, other, strict=True)):
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
