"""How a parent run shares the day's calls among its genres: each gets what it may spend on searches when it starts.

How much a genre needs is known only once its chart is read, so it is estimated from its last chart; what a genre leaves over goes to those
after it. The top of every chart comes first: while there is too little for all, every genre gets about the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from beatporter.spotify.shares import shares
from beatporter.spotify.window import calls_left
from beatporter.sync.match import is_undecided
from beatporter.sync.workspace import Workspace

CALLS_BESIDE_SEARCHES = 3
"""Kept back for each genre: its write, and a playlist made or looked at."""
NEW_ENTRIES = 25
"""Entries that come into a chart in a day, at most: 7.6 to 20.5 on average over five days of 35 real charts, October 2025."""
WHOLE_CHART = 100
SEARCHES_AN_ENTRY = 1.4
"""Estimate; an entry with an ISRC that is on Spotify takes one."""


class Purse:
    """The calls that a parent run may have searched with; genres take from it and give back. Not for several threads.

    Args:
        calls: searches to be had in all.
        needs: searches that each genre is thought to need, in the order in which they run.
    """

    def __init__(self, calls: int, needs: Mapping[str, int]) -> None:
        self._calls = max(0, calls)
        self._waiting = dict(needs)
        self._granted: dict[str, int] = {}

    def grant(self, slug: str) -> int:
        """What the genre may spend: all that the genres still waiting will not need, at least its fair share."""
        need = self._waiting.pop(slug)
        free = self._calls - sum(self._granted.values())
        fair = shares(free, {slug: need, **self._waiting})[slug]
        self._granted[slug] = max(fair, free - sum(self._waiting.values()))
        return self._granted[slug]

    def settle(self, slug: str, used: int) -> None:
        """The genre is done and used so many searches; the rest is for the others."""
        self._calls = max(0, self._calls - min(used, self._granted.pop(slug)))


def open_purse(workspace: Workspace, slugs: Iterable[str]) -> Purse:
    """A purse with what the day's budget has left, but for what the genres' writes will take."""
    slugs = list(slugs)
    left = calls_left(workspace.ledger.calls, workspace.settings.spotify_daily_budget, workspace.now())
    return Purse(left - CALLS_BESIDE_SEARCHES * len(slugs), {slug: estimated_searches(workspace, slug) for slug in slugs})


def estimated_searches(workspace: Workspace, slug: str) -> int:
    """Searches that the genre's next run will need: what its last chart left undecided, and a day's new entries."""
    chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id)
    if chart is None:
        return math.ceil(WHOLE_CHART * SEARCHES_AN_ENTRY)
    ids = [entry.beatport_id for entry in chart.entries]
    decided = workspace.ledger.matches.latest(ids)
    undecided = sum(is_undecided(decided.get(beatport_id)) for beatport_id in ids)
    return math.ceil(min(WHOLE_CHART, undecided + NEW_ENTRIES) * SEARCHES_AN_ENTRY)
