"""How a parent run shares the day's calls among its genres: each gets what it may spend on searches when it starts.

How much a genre needs is known only once its chart is read, so it is estimated from its last charts; what a genre leaves over goes to those
after it. The top of every chart comes first: while there is too little for all, every genre gets about the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from beatporter.spotify.budget import PATIENCE
from beatporter.spotify.shares import shares
from beatporter.spotify.window import calls_left
from beatporter.sync.carried import CARRY
from beatporter.sync.estimate import searches_for
from beatporter.sync.match import is_undecided
from beatporter.sync.outcome import calls_of_run
from beatporter.sync.workspace import Workspace

CALLS_BESIDE_SEARCHES = 3
"""Kept back by a genre's run: its write, and a playlist made or looked at."""
WRITE = 1
"""What a genre that has its playlist takes of them on an ordinary day; more kept back for each would be missing in the searches."""


class Purse:
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


def open_purse(workspace: Workspace, slugs: Sequence[str]) -> Purse:
    """A purse with what the day's budget has left, those calls among it that come back while a run has patience."""
    budget = workspace.settings.spotify_daily_budget
    left = calls_left(workspace.ledger.calls, budget, workspace.now() + PATIENCE)
    needs = {slug: estimated_searches(workspace, slug) for slug in slugs}
    made = {slug: calls_of_run(workspace, slug) for slug in slugs}
    beside = {slug: WRITE if _has_playlist(workspace, slug) else CALLS_BESIDE_SEARCHES for slug in slugs}
    return Purse(left, needs, beside, made)


def estimated_searches(workspace: Workspace, slug: str) -> int:
    """Searches that the genre's next run will need: what its charts of the last days left undecided, and a day's new entries."""
    entries = workspace.ledger.charts.since(workspace.genre(slug).genre_id, workspace.now() - CARRY)
    if not entries:
        return searches_for(None)
    ids = [entry.beatport_id for entry in entries]
    decided = workspace.ledger.matches.latest(ids)
    return searches_for(sum(is_undecided(decided.get(beatport_id)) for beatport_id in ids))


def _has_playlist(workspace: Workspace, slug: str) -> bool:
    return workspace.ledger.playlists.latest(workspace.genre(slug).genre_id) is not None
