"""The day's calls: never more than the budget in any rolling 24 hours, over all processes that share the ledger.

There is no lock between processes. A block of calls is written to the ledger *before* any of it is made, then all
blocks are summed; whoever then sees more than the budget gives the excess back. Of two that wrote at once at least the
later reader sees both, so together they never keep more than there was. What a block did not use is given back when it
is settled. A process that is killed leaves its whole block counted: too many, never too few.

Pace (calls a second) is not this module's; see `rate`. How a day's rest is shared among genres: see `shares`.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

from beatporter.errors import LedgerUnwritable, QuotaExceeded
from beatporter.ledger.rows import CallRow
from beatporter.settings import Settings

WINDOW = timedelta(hours=24)
"""Spotify's development quota counts a rolling 24 hours (developer.spotify.com, July 2026)."""
BLOCK_AGE = timedelta(minutes=5)
"""A block carries one time for all its calls; older ones are settled, and sums look back that much further."""
SLACK = 3
"""Calls a block holds beyond the searches it was asked for: the run's listing, its write, one retry."""
SEARCH = "search"
UNSETTLED = "other"
"""Kind of a block whose use is not known yet."""


class CallsTable(Protocol):
    """What the budget needs of the ledger's table of calls. Rows that are equal in every field count once."""

    def append(self, rows: Sequence[CallRow], /) -> object:
        """Write rows, all or none."""

    def used_since(self, since: datetime, /) -> int:
        """Sum of the counts of all rows whose `at` is `since` or later."""

    def quota_until(self) -> datetime | None:
        """The latest end of a quota that Spotify declared, past or future."""


class Meter(Protocol):
    """What the client needs of a budget."""

    def take(self, kind: str) -> None:
        """Count one call before it is sent."""

    def note_quota(self, until: datetime) -> None:
        """Keep that Spotify will not answer before `until`."""


def calls_left(calls: CallsTable, daily: int, at: datetime) -> int:
    """Calls that may still be made at that moment; blocks that other processes hold count as made."""
    return max(0, daily - calls.used_since(_seconds(at) - WINDOW - BLOCK_AGE))


class CallBudget:
    """One process's hold on the shared budget; thread-safe; a context manager that gives back what it did not use.

    Args:
        calls: the ledger's table of calls.
        daily: calls in any rolling 24 hours.
        run_key: named in the rows; each row adds `#` and a token of its own, so no two rows are ever equal.
        now: the clock, aware UTC.
        allowance: searches that this run may make, its share of the day; None: as many as there are.
        reserve: calls taken at the start and never given to a search, so that what was found can still be added.
        block: searches taken from the ledger at once.
    """

    def __init__(
        self,
        calls: CallsTable,
        daily: int,
        run_key: str,
        *,
        now: Callable[[], datetime],
        allowance: int | None = None,
        reserve: int = 0,
        block: int = 25,
    ) -> None:
        self._calls, self._daily, self._now, self._block = calls, daily, now, block
        self._name, self._serial = f"{run_key}#{secrets.token_hex(4)}", 0
        self._allowance, self._reserve = allowance, reserve
        self._lock = threading.Lock()
        self._open = self._kept = self._searches = 0
        self._used: Counter[str] = Counter()
        self._taken_at: datetime | None = None
        self._refused_at: datetime | None = None
        self._quota_until: datetime | None = None

    def __enter__(self) -> CallBudget:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except LedgerUnwritable:
            if error is None:  # else the error under way says more, and an unsettled block only counts too much
                raise

    def take(self, kind: str) -> None:
        """Count one call before it is sent.

        Args:
            kind: search, list, read, write or other.

        Raises:
            QuotaExceeded: nothing is left for this kind of call, or Spotify's own quota is spent; with its end.
        """
        with self._lock:
            now = _seconds(self._now())
            self._refuse_in_quota(now)
            if kind == SEARCH and self._allowance is not None and self._searches >= self._allowance:
                raise self._spent(f"This run's share of {self._allowance} searches of the day's budget is spent", now)
            if self._taken_at is not None and now - self._taken_at >= BLOCK_AGE:
                self._refill(0, now)
            if self._open == 0 and not self._lately_refused(now):
                self._refill(self._wanted(kind), now)
            if self._open > 0:
                self._open -= 1
            elif self._kept > 0 and kind != SEARCH:
                self._kept -= 1
            else:
                kept = f" but for {self._kept} kept to write what was found" if self._kept else ""
                raise self._spent(f"The budget of {self._daily} Spotify calls in 24 hours is spent{kept}", now)
            self._used[kind] += 1
            self._searches += kind == SEARCH

    def left(self, now: datetime | None = None) -> int:
        """Calls that anybody may still take now; what this or another process holds unused is not among them."""
        return calls_left(self._calls, self._daily, now or self._now())

    def note_quota(self, until: datetime) -> None:
        """Keep that Spotify said QUOTA_EXCEEDED: nobody who shares the ledger asks before `until`."""
        with self._lock:
            self._quota_until = until
            self._calls.append([CallRow(_seconds(self._now()), "quota", 0, self._next_name(), until)])

    def quota_until(self) -> datetime | None:
        """When Spotify's own quota is back; None when it is not spent."""
        known = [until for until in (self._quota_until, self._calls.quota_until()) if until is not None]
        return max(known) if known and max(known) > self._now() else None

    def close(self) -> None:
        """Settle the block in hand: write what it was used for and give the rest back. May be called again."""
        with self._lock:
            rows = self._settlement()
            self._open = self._kept = 0
            self._taken_at = None  # before the append: settled twice would be given back twice
            if rows:
                self._calls.append(rows)

    def _wanted(self, kind: str) -> int:
        if kind != SEARCH:
            return SLACK
        rest = self._block if self._allowance is None else self._allowance - self._searches
        return min(self._block, rest) + SLACK

    def _refill(self, wanted: int, now: datetime) -> None:
        """Settle the block in hand and take a new one with its rest and `wanted` more, in one append."""
        self._look_for_quota(now)
        reserve, self._reserve = self._reserve, 0
        rows = self._settlement()
        size = self._open + self._kept + reserve + wanted
        self._calls.append([*rows, *([CallRow(now, UNSETTLED, size, self._next_name())] if size else [])])
        self._taken_at = now
        excess = self._calls.used_since(now - WINDOW - BLOCK_AGE) - self._daily
        given_back = min(max(0, excess), reserve + wanted)
        if given_back:
            self._calls.append([CallRow(now, UNSETTLED, -given_back, self._next_name())])
            self._refused_at = now
        granted = reserve + wanted - given_back
        self._kept += min(granted, reserve)
        self._open += granted - min(granted, reserve)

    def _settlement(self) -> list[CallRow]:
        """Rows that turn the block in hand into what it was used for; they carry the block's time."""
        if self._taken_at is None:
            return []
        used, self._used = self._used, Counter()
        unsettled = CallRow(self._taken_at, UNSETTLED, -(self._open + self._kept + used.total()), self._next_name())
        rows = [CallRow(self._taken_at, kind, count, self._next_name()) for kind, count in sorted(used.items())]
        return [unsettled, *rows] if unsettled.count else rows

    def _lately_refused(self, now: datetime) -> bool:
        return self._refused_at is not None and now - self._refused_at < BLOCK_AGE

    def _look_for_quota(self, now: datetime) -> None:
        until = self._calls.quota_until()
        if until is not None and (self._quota_until is None or until > self._quota_until):
            self._quota_until = until
        self._refuse_in_quota(now)

    def _refuse_in_quota(self, now: datetime) -> None:
        if self._quota_until is not None and now < self._quota_until:
            raise quota_spent(self._quota_until)

    def _spent(self, what: str, now: datetime) -> QuotaExceeded:
        until = self._free_at(now)
        return QuotaExceeded(f"{what}.", f"The next run from {_words(until)} on goes on where this one stopped.", until=until)

    def _free_at(self, now: datetime) -> datetime:
        """When a call leaves the window: the sums by age are searched in steps of BLOCK_AGE, about nine reads."""
        start = now - WINDOW - BLOCK_AGE
        target = min(self._daily, self._calls.used_since(start)) - 1
        if target < 0:
            return now
        low, high = 0, (WINDOW + BLOCK_AGE) // BLOCK_AGE + 1
        while low < high:
            middle = (low + high) // 2
            if self._calls.used_since(start + middle * BLOCK_AGE) <= target:
                high = middle
            else:
                low = middle + 1
        return now + low * BLOCK_AGE

    def _next_name(self) -> str:
        self._serial += 1
        return f"{self._name}.{self._serial}"


def open_budget(
    calls: CallsTable,
    settings: Settings,
    run_key: str,
    *,
    now: Callable[[], datetime],
    allowance: int | None = None,
    reserve: int = 0,
) -> CallBudget:
    """The budget that the settings name, for one run; see `CallBudget`."""
    return CallBudget(calls, settings.spotify_daily_budget, run_key, now=now, allowance=allowance, reserve=reserve)


def quota_spent(until: datetime) -> QuotaExceeded:
    """The error for Spotify's own quota."""
    return QuotaExceeded(
        "Spotify's daily quota for this developer account is spent (QUOTA_EXCEEDED).",
        f"It is back at {_words(until)}; nothing is asked before, and the next run after it goes on where this one stopped.",
        until=until,
    )


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
