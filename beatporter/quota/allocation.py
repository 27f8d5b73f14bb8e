"""How the rest of the day's calls is shared out among the genres of a run. Pure.

The top of every chart comes first: each genre gets a call for its best undecided entry before any genre gets one for its second. So on
the first days, when not all can be searched, each playlist has its best entries. Calls that a genre does not use go to the next ones.
"""

from __future__ import annotations

from collections.abc import Mapping


class QuotaAllocator:
    """The calls that a parent run may spend. Genres take from it and give back. Not thread-safe.

    Args:
        calls: calls available in all.
        needs: searches that each genre is expected to need.
        beside: calls kept for each genre besides its searches; 0 for a genre not named.
        made: calls that a genre's run made in an earlier attempt, when it is retried.
    """

    def __init__(
        self, calls: int, needs: Mapping[str, int], beside: Mapping[str, int] | None = None, made: Mapping[str, int] | None = None
    ) -> None:
        self._calls, self._beside = max(0, calls), dict(beside or {})
        self._made = dict(made or {})
        self._waiting = dict(needs)
        self._held: dict[str, int] = {}

    @property
    def order(self) -> list[str]:
        """The genres still to run, smallest expected need first: unused calls go to later genres, so this order uses the calls best."""
        return sorted(self._waiting, key=lambda slug: self._waiting[slug])

    def grant(self, slug: str) -> int:
        """Searches that the genre may make: everything that the waiting genres will not need, and at least its fair share."""
        free = max(0, self._calls - sum(self._held.values()) - sum(self._beside.get(waiting, 0) for waiting in self._waiting))
        need = self._waiting.pop(slug)
        fair = shares(free, {slug: need, **self._waiting})[slug]
        searches = max(fair, free - sum(self._waiting.values()))
        self._held[slug] = searches + self._beside.get(slug, 0)
        return searches

    def settle(self, slug: str, used: int) -> None:
        """Record that the genre is done, also when it failed, and how many calls of any kind it made; the rest goes to the others."""
        self._held.pop(slug)
        self._calls -= used - self._made.get(slug, 0)


def shares(left: int, needs: Mapping[str, int]) -> dict[str, int]:
    """Searches that each genre may make.

    Args:
        left: calls to share out, without those kept for writes.
        needs: undecided chart entries by genre; their order breaks ties in the last round.

    Returns:
        A share for every key of `needs`: never above its need, and the shares of two genres short of their need differ by at most one.
        The sum is `left` or the sum of all needs, whichever is smaller.
    """
    given = dict.fromkeys(needs, 0)
    rest = max(0, left)
    while rest and (hungry := [slug for slug, need in needs.items() if given[slug] < need]):
        each = min(rest // len(hungry), min(needs[slug] - given[slug] for slug in hungry))
        for slug in hungry if each else hungry[:rest]:
            given[slug] += each or 1
            rest -= each or 1
    return given
