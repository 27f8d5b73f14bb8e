"""The Camelot wheel: a key's place on it, and how far two keys are apart. Pure.

The wheel has twelve hours, each with a minor (A) and a major key (B). Neighbours on the wheel, and the two keys of an hour, mix without a
clash (Mixed In Key, "Camelot wheel").
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

HOURS: Final = 12
_MINOR: Final = ("A♭", "E♭", "B♭", "F", "C", "G", "D", "A", "E", "B", "F♯", "D♭")
_MAJOR: Final = ("B", "F♯", "D♭", "A♭", "E♭", "B♭", "F", "C", "G", "D", "A", "E")
"""The keys of the hours 1 to 12."""
_SAME: Final = {"G♯": "A♭", "D♯": "E♭", "A♯": "B♭", "C♯": "D♭", "G♭": "F♯", "C♭": "B", "F♭": "E", "E♯": "F", "B♯": "C"}
_KEY: Final = re.compile(r"([A-G])\s*([#♯b♭]?)\s*(maj|min|m|major|minor)?", re.IGNORECASE)
_PLACE: Final = re.compile(r"0?([1-9]|1[0-2])\s*([ABab])")


class Camelot(NamedTuple):
    """A place on the wheel, e.g. 8A."""

    hour: int
    letter: str

    def __str__(self) -> str:
        return f"{self.hour}{self.letter}"


def camelot_of(key: str | None, camelot: str | None = None) -> Camelot | None:
    """A key's place on the wheel; None when it is not known.

    Args:
        key: in Beatport's words, such as "A Minor" or "Eb Major", also with ♭ or ♯.
        camelot: the place, where Beatport says it; it counts before the key.
    """
    placed = _PLACE.fullmatch((camelot or "").strip())
    if placed is not None:
        return Camelot(int(placed[1]), placed[2].upper())
    found = _KEY.fullmatch((key or "").strip())
    if found is None:
        return None
    tonic = found[1].upper() + found[2].replace("#", "♯").replace("b", "♭")
    minor = (found[3] or "maj").lower() in ("min", "minor", "m")
    hours = _MINOR if minor else _MAJOR
    return Camelot(hours.index(_SAME.get(tonic, tonic)) + 1, "A" if minor else "B")


def steps_between(one: Camelot, other: Camelot) -> int:
    """Steps on the wheel: an hour is one step, and so is the change between minor and major. 0 to 7."""
    around = abs(one.hour - other.hour)
    return min(around, HOURS - around) + (one.letter != other.letter)
