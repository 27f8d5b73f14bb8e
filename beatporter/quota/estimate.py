"""How many searches a genre will take: what the day's calls are shared out by, and what is left over for second tries. Pure."""

from __future__ import annotations

import math

NEW_ENTRIES = 12
"""Entries that come into a chart in a day, on average: 11.5 over four days of 35 real charts, October 2025 (7.6, 8.3, 9.4 and 20.5).
Not the most that may come: a genre with more finds what the others will not need, and a larger estimate would keep that from it."""
WHOLE_CHART = 100
SEARCHES_PER_ENTRY = 1.3
"""Measured 1.2 to 1.3 (`make bench`); an entry with an ISRC that is on Spotify takes one."""
MAX_SEARCHES_PER_ENTRY = 2
"""Searches that an entry takes at most. None is begun without them: the answer to half of its questions would come to nothing."""
SPARE_SEARCHES = 150
"""Searches beyond its estimate that a share must have before any goes to second tries: the genres still to come may need so many more
than was thought. All 36 together needed 42 more on a Saturday, 400 more on a Friday."""


def searches_for(undecided: int | None) -> int:
    """Searches that a genre will take with so many open entries, a day's new ones added; None: its chart was never read."""
    return math.ceil((WHOLE_CHART if undecided is None else undecided + NEW_ENTRIES) * SEARCHES_PER_ENTRY)


def second_tries(max_searches: int | None, undecided: int) -> int | None:
    """Entries that were missed before and may be searched again; None: as many as are due.

    A share that covers little more than what is undecided is one of a day on which other genres may lack calls.

    Args:
        max_searches: searches of this run, None when nobody shares them out.
        undecided: entries that come first.
    """
    return None if max_searches is None else max(0, max_searches - searches_for(undecided) - SPARE_SEARCHES) // MAX_SEARCHES_PER_ENTRY
