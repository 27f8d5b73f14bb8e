"""The rolling 24 hours: how many of the day's calls are left at a moment, and when so many are back. Nothing is taken here."""

from __future__ import annotations

from datetime import datetime, timedelta

from beatporter.ledger.calls import Calls

WINDOW = timedelta(hours=24)
"""Spotify's development quota counts a rolling 24 hours (developer.spotify.com, July 2026)."""
MARGIN = timedelta(seconds=30)
"""A call is counted before it is sent, and Spotify counts it when it arrives: it stays counted so much longer than the window."""


def window_start(at: datetime) -> datetime:
    """Since when calls count at a moment."""
    return at.replace(microsecond=0) - WINDOW - MARGIN


def calls_left(calls: Calls, budget: int, at: datetime) -> int:
    """Calls that may be made at a moment, present or to come, if none is made before it; those that a process holds count as made.

    Args:
        calls: the ledger's table of calls.
        budget: calls in any rolling 24 hours.
        at: aware, UTC.
    """
    return max(0, budget - calls.made_since(window_start(at)))


def free_at(calls: Calls, budget: int, now: datetime, wanted: int = 1) -> datetime:
    """When so many calls can be made, if none is made before; `now` when they can be made already.

    Args:
        wanted: more than the budget is taken for the budget.
    """
    counted = calls.by_time(window_start(now))
    lacking = sum(counted.values()) + min(wanted, budget) - budget
    moment = now
    for at in sorted(counted):
        if lacking <= 0:
            break
        lacking -= counted[at]
        moment = at + WINDOW + MARGIN + timedelta(seconds=1)
    return moment


def calls_back_at(calls: Calls, budget: int, now: datetime, wanted: int = 1) -> datetime | None:
    """When so many calls can be made again, as Spotify's quota and the budget allow it; None: now.

    Args:
        wanted: more than the budget is taken for the budget.
    """
    quota_until = calls.quota_until()
    moment = max(free_at(calls, budget, now, wanted), quota_until or now)
    return moment if moment > now else None


def in_words(moment: datetime) -> str:
    """A moment as messages name it, to the minute after it: a run that begins then is not too early."""
    return f"{moment + timedelta(seconds=59):%Y-%m-%d %H:%M} UTC"
