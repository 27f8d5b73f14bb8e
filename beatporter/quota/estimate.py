"""How many searches a genre is expected to need, and how many are left for second tries. Pure."""

from __future__ import annotations

import math

NEW_ENTRIES = 12
"""New chart entries in a day, on average: 11.5 over four days of 35 real charts, October 2025 (7.6, 8.3, 9.4 and 20.5).
This is not an upper limit: a genre with more gets what the others will not need, and a larger estimate would hold that back."""
WHOLE_CHART = 100
SEARCHES_PER_ENTRY = 1.15
"""Measured: 1.06 on the sandbox, 1.11 on a stricter service (`make bench-matching`)."""
MAX_SEARCHES_PER_ENTRY = 2
"""The most searches that one entry takes. An entry is not begun with fewer: half of its answers would be wasted."""
SPARE_SEARCHES, SPARE_FOR = 150, 35
"""Searches that a share must have above its estimate before any go to second tries, and for how many other lists: those still to come may
need more than expected. All 36 genres together needed 42 more on a Saturday, 400 more on a Friday."""


def searches_for(undecided: int | None) -> int:
    """Searches that a genre with this many undecided entries will take, including a day's new ones; None: its chart was never read."""
    return math.ceil((WHOLE_CHART if undecided is None else undecided + NEW_ENTRIES) * SEARCHES_PER_ENTRY)


def second_tries(max_searches: int | None, undecided: int, others: int) -> int | None:
    """How many entries that were missed before may be searched again; None: all that are due.

    When a share covers little more than what is undecided, other genres may be short of calls that day.

    Args:
        max_searches: searches of this run; None when they are not shared out.
        undecided: entries that come first.
        others: how many lists the person has besides this one.
    """
    if max_searches is None:
        return None
    spare = math.ceil(SPARE_SEARCHES * min(1, others / SPARE_FOR))
    return max(0, max_searches - searches_for(undecided) - spare) // MAX_SEARCHES_PER_ENTRY
