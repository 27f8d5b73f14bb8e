"""Normalises text for comparison: one spelling for what people write in many ways.

Owns the spelling of titles and names, not versions (version.py) or credits (credits.py). Conservative: other
scripts keep their letters and marks, and nothing becomes empty.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from beatporter.matching import words

_ACRONYM = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_SEPARATORS = re.compile(r"[^\w\s]|_")
_TRAILING_BRACKET = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_JOINT = re.compile(r"\s+(?:" + "|".join(sorted(words.NAME_JOINERS)) + r")[./]?\s+|\s+/\s+|\s*[&,+]\s*(?=\S)|\s*,\s*", re.IGNORECASE)
_MAX_ROUNDS = 4
_ASCII = {code: text for code, text in (words.DROPPED | words.LETTERS).items() if code < 128}


@lru_cache(maxsize=512)
def normalise(text: str) -> str:
    """Normalise a title or a name: case, diacritics of Latin and Greek letters, quotes, punctuation and blanks do not matter.

    "&" and a free-standing "+" become "and"; "L.I.F.E." becomes "life". Idempotent. A text without a single
    letter or digit ("!!!") is kept as it is, so that nothing becomes empty.
    """
    for _ in range(_MAX_ROUNDS):  # a few rare characters need another round before case folding and NFKC agree
        result = _normalise_once(text)
        if result == text:
            break
        text = result
    return text


def _normalise_once(original: str) -> str:
    text = original.casefold().translate(_ASCII) if original.isascii() else _fold(original)
    plain = _ACRONYM.sub(lambda found: found.group().replace(".", ""), text)
    plain = plain.replace("&", " and ").replace(" + ", " and ")
    plain = " ".join(_SEPARATORS.sub(" ", plain).split())
    return plain or " ".join(text.split()) or " ".join(original.split())


def _fold(text: str) -> str:
    """Fold case, compatibility forms, ignored signs and letters with marks; for plain ASCII `_ASCII` does the same, four times as fast."""
    text = unicodedata.normalize("NFKC", text.translate(words.DROPPED)).casefold().translate(words.DROPPED)
    return _without_marks(text.translate(words.LETTERS)).translate(words.LETTERS)


def _without_marks(text: str) -> str:
    """Remove the marks of Latin and Greek letters only: in other scripts they distinguish letters (й, が)."""
    kept: list[str] = []
    drops_marks = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character):
            if drops_marks:
                continue
        else:
            drops_marks = character.isascii() or unicodedata.name(character, "").startswith(("LATIN", "GREEK"))
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def compact(text: str) -> str:
    """The normalised text without blanks: "TH;EN" and "Then" are one."""
    return normalise(text).replace(" ", "")


def title_words(text: str) -> tuple[str, ...]:
    """The words of a normalised title: one for interchangeable spellings, digits for a part's number ("Jupiter II")."""
    found = [words.SAME_WORD.get(word, word) for word in text.split()]
    for at in range(1, len(found)):
        if found[at - 1] in words.PART_WORDS or found[at] in words.ROMAN:
            found[at] = words.PART_NUMBERS.get(found[at], found[at])
    return tuple(found)


@lru_cache(maxsize=512)
def name_keys(name: str) -> frozenset[str]:
    """The spellings of an artist's name that count as equal: without "(UK)", without "The" or "DJ", without blanks."""
    plain = _TRAILING_BRACKET.sub("", name) or name
    keys: set[str] = set()
    for spelling in {normalise(name), normalise(plain)}:
        keys.add(spelling.replace(" ", ""))
        for prefix in words.NAME_PREFIXES:
            if spelling.startswith(prefix):
                keys.add(spelling.removeprefix(prefix).replace(" ", ""))
    return frozenset(keys)


@lru_cache(maxsize=512)
def name_words(name: str) -> frozenset[str]:
    """The significant words of an artist's name, without joiners: "Adam Beyer & Massano" gives adam, beyer, massano."""
    every = normalise(_TRAILING_BRACKET.sub("", name) or name).split()
    return frozenset(word for word in every if word not in words.JOINERS) or frozenset(every)


@lru_cache(maxsize=512)
def joined_names(name: str) -> tuple[str, ...]:
    """The names that a joint name joins, as written: "Prok & Fitch", "A x B", "A pres. B"; none for a name that joins nobody."""
    parts = tuple(part.strip() for part in _JOINT.split(name) if normalise(part))
    return parts if len(parts) > 1 else ()
