"""The rolling 24 hours: how many of the day's calls are left at a moment, and when so many are back. Nothing is taken here.

The ledger's table of calls says what was made and when; blocks that a process holds count as made at their end, see `budget`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from beatporter.errors import QuotaExceeded
from beatporter.records.ledger import CallRow

WINDOW = timedelta(hours=24)
"""Spotify's development quota counts a rolling 24 hours (developer.spotify.com, July 2026)."""
MARGIN = timedelta(seconds=30)
"""A call is counted before it is sent, and Spotify counts it when it arrives: it stays counted so much longer than the window."""


class CallsTable(Protocol):
    """What the budget needs of the ledger's table of calls. Rows that are equal in every field count once."""

    def append(self, rows: Sequence[CallRow], /) -> object:
        """Write rows, all or none."""

    def by_time(self, since: datetime, /) -> Mapping[datetime, int]:
        """Counts by `at`, of all rows whose `at` is `since` or later."""

    def quota_until(self, *days: date) -> datetime | None:
        """The latest end of a quota that Spotify declared, past or future; with `days` among those noted on these days."""


def calls_made(calls: CallsTable, at: datetime) -> int:
    """Calls in the window at a moment; blocks that processes hold count as made."""
    return sum(_counted(calls, at).values())


def calls_left(calls: CallsTable, daily: int, at: datetime) -> int:
    """Calls that may be made at a moment, present or to come, if none is made before it.

    Args:
        calls: the ledger's table of calls.
        daily: the budget, calls in any rolling 24 hours.
        at: aware, UTC.
    """
    return max(0, daily - calls_made(calls, at))


def free_at(calls: CallsTable, daily: int, now: datetime, wanted: int = 1) -> datetime:
    """When so many calls can be made, if none is made before; `now` when they can be made already.

    Args:
        wanted: more than the budget is taken for the budget.
    """
    counted = _counted(calls, now)
    lacking = sum(counted.values()) + min(wanted, daily) - daily
    moment = now
    for at in sorted(counted):
        if lacking <= 0:
            break
        lacking -= counted[at]
        moment = at + WINDOW + MARGIN + timedelta(seconds=1)
    return moment


def calls_back_at(calls: CallsTable, daily: int, now: datetime, wanted: int = 1) -> datetime | None:
    """When so many calls can be made again, as Spotify's quota and the budget allow it; None: now.

    Args:
        wanted: more than the budget is taken for the budget.
    """
    quota_until = calls.quota_until()
    moment = max(free_at(calls, daily, now, wanted), quota_until or now)
    return moment if moment > now else None


def quota_spent(until: datetime) -> QuotaExceeded:
    """The error for Spotify's own quota."""
    return QuotaExceeded(
        "Spotify's daily quota for this developer account is spent (QUOTA_EXCEEDED).",
        f"It is back at {in_words(until)}; nothing is asked before, and the next run after it goes on where this one stopped.",
        until=until,
    )


def in_words(moment: datetime) -> str:
    """A moment as messages name it, to the minute after it: whoever begins then is not too early."""
    return f"{moment + timedelta(seconds=59):%Y-%m-%d %H:%M} UTC"


def _counted(calls: CallsTable, at: datetime) -> Mapping[datetime, int]:
    """Calls that are in the window at a moment, by their time."""
    return calls.by_time(at.replace(microsecond=0) - WINDOW - MARGIN)
