"""The day's calls: never more than the budget in any rolling 24 hours, over all processes that share the ledger.

There is no lock between processes. A block of calls is written to the ledger *before* any of it is made, then all
blocks are summed; whoever then sees more than the budget gives the excess back. Of two that wrote at once at least the
later reader sees both, so together they never keep more than there was. What a block did not use is given back when it
is settled. A process that is killed leaves its whole block counted: too many, never too few.

A run that is there every day at the same time finds yesterday's calls about to leave the window, and waits for them.

Pace (calls a second) is not this module's; see `rate`. How a day's rest is shared among genres: see `shares`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

from beatporter.errors import LedgerUnwritable, QuotaExceeded
from beatporter.records.ledger import CallRow
from beatporter.spotify.patience import OnWait
from beatporter.spotify.window import WINDOW, CallsTable, calls_left, calls_made, free_at, in_words, quota_spent

BLOCK_AGE = timedelta(minutes=5)
"""A block is settled within that time; until then all of it counts as made at the end of it."""
PATIENCE = timedelta(minutes=15)
"""How long a run waits for calls to leave the window. A day that spends all ends a minute or so later than the day before did, by
the window's margin and the blocks' size, so a run at the same time every day finds its calls within it for a week and more."""
SLACK = 3
"""Calls of a block that is taken for anything but searches: a run's listing, its write, one retry."""
SEARCH = "search"
UNSETTLED = "other"
"""Kind of a block whose use is not known yet."""


class Meter(Protocol):
    """What the client needs of a budget."""

    def take(self, kind: str) -> None:
        """Count one call before it is sent."""

    def note_quota(self, until: datetime) -> None:
        """Keep that Spotify will not answer before `until`."""


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
        sleep: called with seconds, to wait for calls that leave the window within `PATIENCE` of the first one asked for.
        on_wait: told seconds and reason before each such wait.
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
        sleep: Callable[[float], None] = time.sleep,
        on_wait: OnWait | None = None,
    ) -> None:
        self._calls, self._daily, self._now, self._block = calls, daily, now, block
        self._sleep, self._on_wait = sleep, on_wait
        self._name, self._serial = f"{run_key}#{secrets.token_hex(4)}", 0
        self._allowance, self._reserve = allowance, reserve
        self._lock, self._pausing = threading.Lock(), threading.Lock()
        self._open = self._kept = self._searches = 0
        self._used: Counter[str] = Counter()
        self._used_at: datetime | None = None
        self._taken_at: datetime | None = None
        self._patient_until: datetime | None = None
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
        """Count one call before it is sent; wait for it where calls leave the window soon.

        Args:
            kind: search, list, read, write or other.

        Raises:
            QuotaExceeded: nothing is left for this kind of call, or Spotify's own quota is spent; with its end.
        """
        while (again_at := self._take(kind)) is not None:
            self._wait_until(again_at)

    def searches_left(self, least: int = 1) -> int:
        """Searches that this run may still make, those counted in that it would wait for.

        Whoever asks before something that takes several searches does not stop halfway, with answers that come to nothing.

        Raises:
            QuotaExceeded: there are fewer than `least`.
        """
        with self._lock:
            now, patient_until = self._begin()
            there = self._open + max(0, calls_left(self._calls, self._daily, patient_until) - self._reserve)
            share = there if self._allowance is None else self._allowance - self._searches
            if share < min(least, there):
                raise self._share_spent(now)
            if there < least:
                raise self._budget_spent(free_at(self._calls, self._daily, now, least - self._open + self._reserve))
            return min(share, there)

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

    def _take(self, kind: str) -> datetime | None:
        """Count one call and return None; else the moment at which to try again."""
        with self._lock:
            now, patient_until = self._begin()
            if kind == SEARCH and self._allowance is not None and self._searches >= self._allowance:
                raise self._share_spent(now)
            if self._taken_at is not None and now - self._taken_at >= BLOCK_AGE:
                self._refill(0, now)
            moment = now
            if self._open == 0 and (moment := free_at(self._calls, self._daily, now)) <= now:
                self._refill(self._wanted(kind), now)
            if self._open > 0:
                self._open -= 1
            elif self._kept > 0 and kind != SEARCH:
                self._kept -= 1
            elif moment > patient_until:
                raise self._budget_spent(moment)
            else:
                return max(moment, now + timedelta(seconds=1))  # the latter when another process was faster
            self._used[kind] += 1
            self._used_at = now
            self._searches += kind == SEARCH
            return None

    def _wait_until(self, moment: datetime) -> None:
        """Sleep, unless another thread has slept through it meanwhile."""
        with self._pausing:
            pause_s = (moment - self._now()).total_seconds()
            if pause_s > 0:
                if self._on_wait is not None:
                    self._on_wait(pause_s, f"the budget of {self._daily} Spotify calls in 24 hours has room again then")
                self._sleep(pause_s)

    def _begin(self) -> tuple[datetime, datetime]:
        """The present second, and until when this run waits for calls.

        Raises:
            QuotaExceeded: Spotify may not be asked at present, whichever process found that out.
        """
        now = _seconds(self._now())
        days = (now.date(), (now - WINDOW).date()) if self._patient_until is not None else ()
        noted = self._calls.quota_until(*days)
        if noted is not None and (self._quota_until is None or noted > self._quota_until):
            self._quota_until = noted
        if self._quota_until is not None and now < self._quota_until:
            raise quota_spent(self._quota_until)
        if self._patient_until is None:
            self._patient_until = now + PATIENCE
        return now, max(now, self._patient_until)

    def _wanted(self, kind: str) -> int:
        if kind != SEARCH:
            return SLACK
        return self._block if self._allowance is None else min(self._block, self._allowance - self._searches)

    def _refill(self, wanted: int, now: datetime) -> None:
        """Settle the block in hand and take a new one with its rest and `wanted` more, in one append."""
        more = wanted + self._reserve
        rows = self._settlement()
        size = self._open + self._kept + more
        self._calls.append([*rows, *([CallRow(now + BLOCK_AGE, UNSETTLED, size, self._next_name())] if size else [])])
        self._taken_at = now
        excess = calls_made(self._calls, now) - self._daily
        given_back = min(max(0, excess), more)
        if given_back:
            self._calls.append([CallRow(now + BLOCK_AGE, UNSETTLED, -given_back, self._next_name())])
        kept = min(more - given_back, self._reserve)
        self._reserve -= kept
        self._kept += kept
        self._open += more - given_back - kept

    def _settlement(self) -> list[CallRow]:
        """Rows that turn the block in hand into what it was used for, at the time of the last use."""
        if self._taken_at is None:
            return []
        used, self._used = self._used, Counter()
        held = self._open + self._kept + used.total()
        rows = [CallRow(self._used_at or self._taken_at, kind, count, self._next_name()) for kind, count in sorted(used.items())]
        return [CallRow(self._taken_at + BLOCK_AGE, UNSETTLED, -held, self._next_name()), *rows] if held else rows

    def _share_spent(self, now: datetime) -> QuotaExceeded:
        what = f"This run's share of {self._allowance} searches of the day's budget is spent."
        return QuotaExceeded(what, "The next run goes on where this one stopped.", until=now)

    def _budget_spent(self, until: datetime) -> QuotaExceeded:
        kept = f" but for {self._kept} kept to write what was found" if self._kept else ""
        what = f"The budget of {self._daily} Spotify calls in 24 hours is spent{kept}."
        return QuotaExceeded(what, f"The next run from {in_words(until)} on goes on where this one stopped.", until=until)

    def _next_name(self) -> str:
        self._serial += 1
        return f"{self._name}.{self._serial}"


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
