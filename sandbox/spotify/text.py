"""Words of names for the stand-in's search. Independent of the product's own normalisation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SPELLED: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'", "`": "'"}
)
_WORD: Final = re.compile(r"[^\W_]+(?:[.'][^\W_]+)*")


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """Lower case without diacritics; letters of every script stay."""
    lowered = text.casefold().translate(_SPELLED)
    if lowered.isascii():
        return lowered
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(mark))
    return unicodedata.normalize("NFKC", bare)


def words(text: str) -> list[str]:
    """Words in order: apostrophes vanish (don't: dont), abbreviations close up (D.O.D: dod), other dots separate words."""
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        parts = word.replace("'", "").split(".")
        found += ["".join(parts)] if all(len(part) == 1 for part in parts) else [part for part in parts if part]
    return found
