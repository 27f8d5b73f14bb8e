"""Estimates from the ledger how many calls a run's genres will need, and makes the allocator from this."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.genres import Genre
from beatporter.quota.allocation import QuotaAllocator
from beatporter.quota.budget import MAX_WAIT
from beatporter.quota.estimate import searches_for
from beatporter.quota.refusals import learned_budget, refusals
from beatporter.quota.window import calls_left
from beatporter.settings import Settings
from beatporter.sync.backlog import BACKLOG_KEPT_FOR
from beatporter.sync.match import is_undecided
from beatporter.sync.outcome import LONGEST_RUN
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.workspace import Workspace, calls_key

CALLS_BESIDE_SEARCHES = 3
"""Calls kept for each of a list's playlists: its write, and creating or reading it."""
CALLS_OF_A_WRITE = 1
"""How many of them a playlist that exists uses on an ordinary day; keeping more for each would take searches away."""


def open_allocator(workspace: Workspace, slugs: Sequence[str]) -> QuotaAllocator:
    """An allocator of the calls left in the day's budget, including those that come back while a run is willing to wait.

    If Spotify is known to allow less than the budget, that is shared out instead.
    """
    ledger, now = workspace.ledger, workspace.now()
    budget = learned_budget(refusals(ledger.calls, now), workspace.settings.spotify_daily_budget)
    left = calls_left(ledger.calls, budget, now + MAX_WAIT)
    keys = {calls_key(workspace.run_key, slug): slug for slug in slugs}
    made = {keys[key]: count for key, count in ledger.calls.by_run(now - LONGEST_RUN, list(keys)).items()}
    needs = {slug: estimated_searches(workspace, slug) for slug in slugs}
    beside = {slug: _calls_beside(workspace, workspace.genre(slug)) for slug in slugs}
    return QuotaAllocator(left, needs, beside, made)


def estimated_searches(workspace: Workspace, slug: str) -> int:
    """Searches that the genre's next run will need: undecided entries of the last days' charts, and a day's new entries."""
    entries = workspace.ledger.charts.since(workspace.genre(slug).genre_id, workspace.now() - BACKLOG_KEPT_FOR)
    if not entries:
        return searches_for(None)
    ids = [entry.beatport_id for entry in entries]
    decided = workspace.ledger.matches.latest(ids)
    return searches_for(sum(is_undecided(decided.get(beatport_id)) for beatport_id in ids))


def calls_beside_searches(settings: Settings, slug: str) -> int:
    """Calls that no search of a list's run may use, so that what was found can still be written."""
    return CALLS_BESIDE_SEARCHES * len(settings.playlist_options(settings.find_list(slug)).kinds)


def _calls_beside(workspace: Workspace, genre: Genre) -> int:
    """Calls that the list's playlists will need besides searches."""
    kinds = workspace.settings.playlist_options(genre).kinds
    there = len(remembered_playlists(workspace, genre))
    return there * CALLS_OF_A_WRITE + (len(kinds) - there) * CALLS_BESIDE_SEARCHES
