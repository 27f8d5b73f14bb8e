"""How what is left of the day's calls is shared out among the genres of a run. Pure.

The top of every chart comes first: each genre gets a call for its best open entry before any gets one for its second, so on the first days,
when not all can be searched, each playlist has its best entries. What a genre leaves over goes to those after it.
"""

from __future__ import annotations

from collections.abc import Mapping


class QuotaAllocator:
    """The calls that a parent run may have; genres take from it and give back. Not for several threads.

    Args:
        calls: to be had in all.
        needs: searches that each genre is thought to need.
        beside: calls kept back for each genre beside its searches; 0 where it is not named.
        made: calls that a genre's run had made before: those of an attempt that is retried.
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
        """The genres still to run in the order that lets the most come of the calls: what one leaves over goes to those after it, so
        those that are thought to need least come first."""
        return sorted(self._waiting, key=lambda slug: self._waiting[slug])

    def grant(self, slug: str) -> int:
        """Searches that the genre may make: all that the genres still waiting will not need, at least its fair share."""
        free = max(0, self._calls - sum(self._held.values()) - sum(self._beside.get(waiting, 0) for waiting in self._waiting))
        need = self._waiting.pop(slug)
        fair = shares(free, {slug: need, **self._waiting})[slug]
        searches = max(fair, free - sum(self._waiting.values()))
        self._held[slug] = searches + self._beside.get(slug, 0)
        return searches

    def settle(self, slug: str, used: int) -> None:
        """The genre is done and its run made so many calls of any kind, also when it failed; what it left over is for the others."""
        self._held.pop(slug)
        self._calls -= used - self._made.get(slug, 0)


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
