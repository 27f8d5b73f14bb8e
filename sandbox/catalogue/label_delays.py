"""Labels whose tracks reach Spotify late, each in its own way. Off by default: the catalogue's ordinary late tracks know no labels.

The ways differ in kind on purpose, so that an estimate cannot do well merely because it assumes the right distribution.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Final, Literal

from sandbox.catalogue.names import Label

Way = Literal["punctual", "fortnight", "month", "second Friday", "scattered", "two speeds", "never"]

WAYS: Final[dict[Way, float]] = {
    "punctual": 0.58,
    "fortnight": 0.1,
    "month": 0.06,
    "second Friday": 0.08,
    "scattered": 0.08,
    "two speeds": 0.05,
    "never": 0.05,
}
"""Share of the labels. A fortnight or month is exact, as Beatport's exclusives are; the second Friday after the release; scattered: a
geometric distribution with a mean of eight days; two speeds: half after 2 days, half after 20. Estimates."""
FOLLOWS: Final = 0.85
"""Share of such a label's tracks that are late; the others are punctual."""
NEVER_DAYS: Final = 100_000
FRIDAY: Final = 4


def way_of(label: Label, seed: int) -> Way:
    """How the label's tracks reach Spotify."""
    rng = random.Random(f"{seed}:way:{label.label_id}")
    return rng.choices(list(WAYS), list(WAYS.values()))[0]


def arrives_on(label: Label, came_out: date, rng: random.Random, seed: int) -> date:
    """The day on which one of its tracks is on Spotify.

    Args:
        came_out: its day of release on Beatport.
        rng: the track's own generator.
    """
    way = way_of(label, seed)
    late = rng.random() < FOLLOWS
    scattered = _geometric(rng, 1 / 8)
    quick = rng.random() < 0.5
    if not late or way == "punctual":
        return came_out
    days = {
        "fortnight": 14,
        "month": 28,
        "second Friday": (FRIDAY - came_out.weekday()) % 7 + 7,
        "scattered": scattered,
        "two speeds": 2 if quick else 20,
        "never": NEVER_DAYS,
    }[way]
    return came_out + timedelta(days=days)


def _geometric(rng: random.Random, chance: float) -> int:
    """Days until something happens that has this chance every day; 1 or more."""
    days = 1
    while rng.random() >= chance:
        days += 1
    return days
