"""How what is left of the day's calls is shared out among genres: a pure rule.

Every chart's top comes first: each genre gets a call for its best open entry before any gets one for its second, so on
the first days, when not all can be searched, each playlist has its best entries.
"""

from __future__ import annotations

from collections.abc import Mapping


def shares(left: int, needs: Mapping[str, int]) -> dict[str, int]:
    """Searches that each genre may make.

    Args:
        left: calls to share out, what is kept for writes already taken off.
        needs: open chart entries by genre; the order breaks ties in the last round.

    Returns:
        A share for every key of `needs`: never above its need, and no two unsatisfied genres differ by more than one.
        The sum is the smaller of `left` and all needs.
    """
    given = dict.fromkeys(needs, 0)
    rest = max(0, left)
    while rest and (hungry := [slug for slug, need in needs.items() if given[slug] < need]):
        each = min(rest // len(hungry), min(needs[slug] - given[slug] for slug in hungry))
        for slug in hungry if each else hungry[:rest]:
            given[slug] += each or 1
            rest -= each or 1
    return given
