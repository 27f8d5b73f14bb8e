"""Reads the words of a version: which cut, which version, made by whom.

Owns the reading of one such text ("ARTBAT Extended Remix") and the comparison of two. title.py finds it in a title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

from beatporter.matching import words
from beatporter.matching.normalise import normalise

Cut = Literal["extended", "original", "radio"]
Agreement = Literal["equal", "alike", "spelling", "unnamed", "silent", "club", "conflict"]

OTHER: Final = "other"
"""Kind of a suffix that no word list has ("Song - Something")."""

POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
_LONGEST_PHRASE = 5
_NAME_SIMILARITY = 0.88
_NAME_LETTERS_MIN = 5


@dataclass(frozen=True, slots=True)
class Version:
    """A version as words describe it. Two with equal kinds and names are one recording, whatever their cuts."""

    cut: Cut | None = None
    """None when the words do not name one."""
    kinds: frozenset[str] = frozenset()
    """remix, live, instrumental, …; empty for the original recording."""
    names: frozenset[str] = frozenset()
    """The other words: who made it ("artbat"), or which of several ("club", "2022")."""
    notes: frozenset[str] = frozenset()
    """remaster, film, …: differences that leave the recording the same."""
    text: str = ""
    """As written, for display."""
    is_credited: bool = False
    """The names come from a field for remixers, and no word says what they made."""
    unknown: str = ""
    """The normalised suffix that made its kind OTHER."""
    unknown_names: frozenset[str] = frozenset()
    """The part of `names` that comes from this suffix."""
    unknown_cut: Cut | None = None
    """The cut that this suffix names; it counts only if the suffix is a version and not a part of the title."""

    def merged(self, other: Version) -> Version:
        """Combine both; a cut of this one that says more than "original" wins over the other's."""
        cuts = [cut for cut in (self.cut, other.cut) if cut is not None]
        cut = next((cut for cut in cuts if cut != "original"), cuts[0] if cuts else None)
        text = ", ".join(dict.fromkeys(text for text in (self.text, other.text) if text))
        unknown = " ".join(part for part in (self.unknown, other.unknown) if part)
        return Version(
            cut,
            self.kinds | other.kinds,
            self.names | other.names,
            self.notes | other.notes,
            text,
            False,
            unknown,
            self.unknown_names | other.unknown_names,
            self.unknown_cut or other.unknown_cut,
        )


def _phrases() -> dict[tuple[str, ...], tuple[str, str]]:
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    for group, table in (("cut", words.CUTS), ("kind", words.KINDS | words.VERSION_STARTS), ("note", words.NOTES)):
        known.update({tuple(phrase.split()): (group, meaning) for phrase, meaning in table.items()})
    return known


PHRASES: Final = _phrases()


def _find_phrases(tokens: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Take known phrases out of the tokens, longest first; returns their meanings and the remaining tokens."""
    meanings: list[tuple[str, str]] = []
    left: list[str] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            meaning = PHRASES.get(tuple(tokens[at : at + length]))
            if meaning is not None:
                meanings.append(meaning)
                at += length
                break
        else:
            left.append(tokens[at])
            at += 1
    return meanings, left


def _tokens(text: str) -> list[str]:
    """The normalised words of a version, "djedit" as two."""
    return [word for token in normalise(text).split() for word in words.JOINED_WORDS.get(token, token).split()]


@lru_cache(maxsize=256)
def is_version(text: str) -> bool:
    """Whether a bracket or suffix names a version: by an unambiguous word, by its place, or because every word is known."""
    tokens = _tokens(text)
    if not words.SURE_WORDS.isdisjoint(tokens) or (tokens[-1:] and tokens[-1] in words.LAST_WORDS):
        return True
    meanings, left = _find_phrases(tokens)
    if not meanings:
        return bool(tokens) and words.MIX_WORDS.issuperset(tokens)
    if " ".join(tokens).startswith(tuple(words.VERSION_STARTS)):
        return True
    return all(token in words.JOINERS or token.isdigit() for token in left)


@lru_cache(maxsize=256)
def parse_version(text: str) -> Version:
    """Read the words of a version, e.g. a mix_name or the suffix after a dash. Words that no list has are names."""
    tokens = _tokens(POSSESSIVE.sub("", text))
    meanings, left = _find_phrases(tokens)
    kinds = {meaning for group, meaning in meanings if group == "kind"}
    notes = frozenset(meaning for group, meaning in meanings if group == "note")
    cuts = [meaning for group, meaning in meanings if group == "cut"]
    names = frozenset(token for token in left if token not in words.JOINERS and token not in words.MIX_WORDS)
    if notes and not kinds:
        names = frozenset(name for name in names if not name.isdigit())  # "Remastered 2019"
    cut = next((cut for cut in cuts if cut != "original"), cuts[0] if cuts else None)
    return _settle(cut, kinds, names, notes, "edit" in tokens, text.strip())


def _settle(cut: str | None, kinds: set[str], names: frozenset[str], notes: frozenset[str], edit: bool, text: str) -> Version:
    """Decide what the words mean together: an edit of a remix is its short cut, a mix with a name is a remix."""
    if "edit" in kinds and (len(kinds) > 1 or not names):
        kinds = kinds - {"edit"}
        cut = cut or "radio"
    if names and not kinds:
        kinds = {"edit"} if edit and cut != "radio" else {"remix"}
    if names and len(kinds) > 1:
        kinds = kinds - {"remix"}  # "ARTBAT Remix Instrumental" and "ARTBAT Instrumental" are one
    return Version(_cut(cut), frozenset(kinds), names, notes, text)


def other_version(text: str) -> Version:
    """A suffix that no word list has; it is a version because it follows a dash, e.g. "James Juke's Extended Hot Take"."""
    tokens = _tokens(POSSESSIVE.sub("", text))
    cut: Cut | None = None
    for length in range(min(_LONGEST_PHRASE, len(tokens) - 1), 0, -1):
        for at in range(len(tokens) - length + 1):
            phrase = tuple(tokens[at : at + length])
            group, meaning = PHRASES.get(phrase, ("", ""))
            if cut is None and group == "cut" and (length > 1 or phrase == ("extended",)):
                cut = _cut(meaning)
                tokens = tokens[:at] + tokens[at + length :]
                break
    names = frozenset(tokens) - words.JOINERS or frozenset(tokens)
    return Version(kinds=frozenset({OTHER}), names=names, text=text.strip(), unknown=normalise(text), unknown_names=names, unknown_cut=cut)


def _cut(meaning: str | None) -> Cut | None:
    return "extended" if meaning == "extended" else "radio" if meaning == "radio" else "original" if meaning == "original" else None


def same_cut(one: Cut | None, other: Cut | None) -> bool:
    """Whether two words for a cut mean the same; no word means the original."""
    return (one or "original") == (other or "original")


def compare_versions(one: Version, other: Version, people: frozenset[str], other_people: frozenset[str]) -> Agreement:
    """Compare two versions, apart from their cuts.

    Args:
        one: a version.
        other: another; the order does not matter.
        people: words of all names that the side of `one` credits; the other may name them in its version although `one` does not.
        other_people: words of all names that the side of `other` credits.

    Returns:
        equal; alike (written differently with the same meaning: "Club Mix" of Above & Beyond and "Above & Beyond Club Mix"); spelling (a
        name is spelled differently); unnamed (the same maker, and one side says less: "Remix"); silent (one side does not name
        a version, or names it in part, and the other's has its own arrangement); club (as silent, and the other says only
        "Club Mix"); or conflict.
    """
    if one.kinds == other.kinds:
        agreement = _compare_names(one.names, other.names, people, other_people)
        if agreement != "conflict":
            return agreement
    elif OTHER in one.kinds | other.kinds and one.names == other.names and one.names:
        return "alike"
    if _same_maker(one, other, people, other_people) or _same_maker(other, one, other_people, people):
        return "unnamed"
    return _one_sided(one, other)


def _same_maker(less: Version, more: Version, people: frozenset[str], other_people: frozenset[str]) -> bool:
    """Whether one side names only the maker of a version and the other says more, e.g. "MORTEN" and "MORTEN Future Rave Remix".

    The side that says less has only a field for remixers, or the other has no word that a list has ("James Juke's Hot Take").
    """
    if (
        not (less.is_credited or more.kinds == {OTHER})
        or not less.names
        or not less.kinds
        or not less.kinds | more.kinds <= words.SOFT_KINDS
    ):
        return False
    rest = more.names - less.names
    strangers = (other_people - people) if less.is_credited else (people | other_people)
    if not less.names <= more.names or not less.names <= people | other_people or rest & strangers:
        return False
    tokens = normalise(more.text).split()
    beside = {tokens[at + step] for at in range(1, len(tokens) - 1) if tokens[at] in words.NAME_JOINERS for step in (-1, 1)}
    return not beside & (rest - people)  # "MORTEN & Alesso Remix" has a second maker


def _one_sided(one: Version, other: Version) -> Agreement:
    if (one.names ^ other.names) & words.SAME_ARRANGEMENT:
        return "conflict"
    for silent, speaks in ((one, other), (other, one)):
        if not silent.kinds and speaks.kinds == {"remix"} and speaks.names and speaks.names <= words.CLUB_WORDS:
            return "club"
        if not silent.kinds and speaks.kinds <= words.SOFT_KINDS:
            return "silent"
    if one.kinds | other.kinds <= words.SOFT_KINDS and one.names & other.names:
        return "silent"
    return "conflict"


def _compare_names(one: frozenset[str], other: frozenset[str], people: frozenset[str], other_people: frozenset[str]) -> Agreement:
    if one == other:
        return "equal"
    if _spelled_alike(one, other):
        return "spelling"
    if (one <= other or other <= one) and one - other <= other_people and other - one <= people:
        return "alike" if one and other else "unnamed"
    return "conflict"


def _spelled_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if {word for word in one if word.isdigit()} != {word for word in other if word.isdigit()}:
        return False
    left, right = "".join(sorted(one)), "".join(sorted(other))
    if min(len(left), len(right)) < _NAME_LETTERS_MIN:
        return False
    if sorted("".join(one)) == sorted("".join(other)):
        return True  # the same letters, split into different words
    return Levenshtein.normalized_similarity(left, right) >= _NAME_SIMILARITY
