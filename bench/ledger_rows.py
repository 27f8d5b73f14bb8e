"""Rows of histories for `bench.ledger`: ids in Spotify's form, ISRCs, recordings of 35 characters; the same in each run."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLAYLISTS = 20
ROWS_AT_ONCE = 50_000
ASKED = 20
"""Look-ups per round; each asks for different rows."""
Row = tuple[str, str, str]
"""Track id, ISRC and recording."""

_BASE62 = string.digits + string.ascii_letters
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def rows_of(seed: str, count: int) -> list[Row]:
    """Rows for a seed; another seed gives other rows."""
    dice = random.Random(seed)
    return [(_track_id(dice), _isrc(dice), _recording(dice)) for _ in range(count)]


def batches_of(playlist: int, rows: int) -> Iterator[list[Row]]:
    """A playlist's whole history in batches."""
    for start in range(0, rows, ROWS_AT_ONCE):
        yield rows_of(f"playlist {playlist}, {start}", min(ROWS_AT_ONCE, rows - start))


def playlist_id(number: int) -> str:
    return f"0bench{number:016}"


def write_asked(folder: Path, rows: int) -> None:
    """Save what to look up in the first playlist: 100 of each kind each time, half of them present. Measuring then need not make it."""
    there = [row for batch in batches_of(0, rows // PLAYLISTS) for row in batch]
    dice = random.Random(rows)
    asked = [[*dice.sample(there, 50), *rows_of(f"not there {number}", 50)] for number in range(ASKED)]
    (folder / "asked.json").write_text(json.dumps([[list(column) for column in zip(*chosen, strict=True)] for chosen in asked]))


def read_asked(folder: Path) -> list[list[list[str]]]:
    """For each look-up the ids, the ISRCs and the recordings."""
    return list(json.loads((folder / "asked.json").read_text()))


def _track_id(dice: random.Random) -> str:
    """22 letters of base 62 with a value below 2**128."""
    return dice.choice("0123456") + "".join(dice.choices(_BASE62, k=21))


def _isrc(dice: random.Random) -> str:
    registrant = "".join(dice.choices(string.ascii_uppercase + string.digits, k=3))
    return f"GB{registrant}{dice.randrange(15, 27)}{dice.randrange(100_000):05}"


def _recording(dice: random.Random) -> str:
    version = f"remix {_word(dice, 3)}" if dice.random() < 0.25 else ""
    return f"{_word(dice, 3)} {_word(dice, 2)}|{_word(dice, 2)} {_word(dice, 3)} {_word(dice, 3)}|{version}"


def _word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choices(_SYLLABLES, k=syllables))
