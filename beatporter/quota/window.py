"""The rolling 24 hours: how many of the day's calls are left at a moment, and when more come back. Reserves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from beatporter.ledger.calls import Calls

WINDOW = timedelta(hours=24)
"""Spotify's development quota counts a rolling 24 hours (developer.spotify.com, July 2026)."""
MARGIN = timedelta(seconds=30)
"""A call is counted before it is sent, and Spotify counts it when it arrives: so it stays counted this much longer than the window."""


def window_start(at: datetime) -> datetime:
    """The moment since when calls count."""
    return at.replace(microsecond=0) - WINDOW - MARGIN


def calls_left(calls: Calls, budget: int, at: datetime) -> int:
    """Calls that may be made at a present or future moment if none is made before it; reserved calls count as made.

    Args:
        calls: the ledger's table of calls.
        budget: calls in any rolling 24 hours.
        at: aware, UTC.
    """
    return max(0, budget - calls.made_since(window_start(at)))


def free_at(calls: Calls, budget: int, now: datetime, wanted: int = 1) -> datetime:
    """When that many calls can be made, if none is made before; `now` when they can be made already.

    Args:
        wanted: counts as the budget when it is larger.
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
    """When that many calls can be made again under Spotify's quota and the budget; None: now.

    Args:
        wanted: counts as the budget when it is larger.
    """
    quota_until = calls.quota_until()
    moment = max(free_at(calls, budget, now, wanted), quota_until or now)
    return moment if moment > now else None


def in_words(moment: datetime) -> str:
    """A moment as messages show it, rounded up to the minute: a run that begins then is not too early."""
    return f"{moment + timedelta(seconds=59):%Y-%m-%d %H:%M} UTC"
