"""The day's calls: never more than the budget in any rolling 24 hours, over all processes and machines that share the ledger.

A process reserves calls in the ledger, several at a time, before it makes any of them. One statement reserves them and never gives
more than are left. Settling gives unused ones back. The reserved calls of a killed process stay counted: too many, never too few.

A run that starts at the same time every day finds yesterday's calls about to leave the window, and waits for them.

The pace (calls a second) belongs to `http.pacing`, sharing calls among genres to `allocation`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

from beatporter.errors import LedgerUnavailable, LedgerUnwritable, QuotaExceeded
from beatporter.http.retry_policy import OnWait
from beatporter.ledger.calls import Calls, Held
from beatporter.quota.refusals import closed_until, quota_spent
from beatporter.quota.window import calls_left, free_at, in_words, window_start
from beatporter.records.ledger import CallRow

HELD_FOR = timedelta(minutes=5)
"""Calls in hand are settled within this time; until then all of them count as made at the end of it."""
MAX_WAIT = timedelta(minutes=15)
"""How long a run waits for calls to leave the window. A day that spends everything ends about a minute later than the day before,
because of the window's margin. So a run at the same time every day stays within this wait for more than a week."""
OTHER_CALLS_AT_ONCE = 3
"""Calls reserved at once for anything but searches: a run's listing, its write, one retry."""
SEARCH = "search"


class Meter(Protocol):
    """What a client needs from a budget."""

    def take(self, kind: str) -> None:
        """Count one call before it is sent."""

    def refused(self, kind: str, until: datetime) -> QuotaExceeded:
        """Record that Spotify refuses that kind of call until then; returns the error for it."""


class CallsInHand:
    """Calls that one process has reserved in the ledger and not yet settled. Not thread-safe: `CallBudget` has the lock.

    Attributes:
        open: calls for any purpose.
        kept: calls that no search may use.
    """

    def __init__(self, calls: Calls, budget: int, run_key: str, reserve: int) -> None:
        self._calls, self._budget, self._run_key = calls, budget, run_key
        self._reserve = reserve
        self._held = Held()
        self._used: Counter[str] = Counter()
        self._used_at: datetime | None = None
        self._taken_at: datetime | None = None
        self.open = self.kept = 0

    @property
    def lacking(self) -> int:
        """How many of the calls kept from searches are still to be reserved."""
        return self._reserve - self.kept

    @property
    def unused(self) -> int:
        """Calls in hand that were not used, although the ledger counts them."""
        return self.open + self.kept

    def is_old(self, now: datetime) -> bool:
        """Whether the calls in hand are due to be settled."""
        return self._taken_at is not None and now - self._taken_at >= HELD_FOR

    def use(self, kind: str, now: datetime) -> bool:
        """Use one call; False when there is none of that kind."""
        if self.open > 0:
            self.open -= 1
        elif self.kept > 0 and kind != SEARCH:
            self.kept -= 1
            self._reserve -= 1
        else:
            return False
        self._used[kind] += 1
        self._used_at = now
        return True

    def refill(self, wanted: int, now: datetime) -> None:
        """Settle, then reserve the unused calls again and `wanted` more, the kept ones first."""
        have = self.open + self.kept
        self._exchange(have + wanted + self.lacking, now)
        self.kept = min(self._reserve, self._held.count)
        self.open = self._held.count - self.kept

    def settle(self, now: datetime) -> None:
        """Record what the calls were used for, and give the rest back."""
        if self._held.number is not None or self._used:
            self._exchange(0, now)
        self.open = self.kept = 0
        self._taken_at = None

    def _exchange(self, wanted: int, now: datetime) -> None:
        at = self._used_at or now
        used = [CallRow(at, kind, count, self._run_key) for kind, count in sorted(self._used.items())]
        self._held = self._calls.exchange(
            self._held, used, run_key=self._run_key, at=now + HELD_FOR, wanted=wanted, budget=self._budget, since=window_start(now)
        )
        self._used.clear()
        self._taken_at = now


class CallBudget:
    """One process's access to the shared budget; thread-safe; a context manager that gives back unused calls.

    Args:
        calls: the ledger's table of calls.
        budget: calls in any rolling 24 hours.
        run_key: written into the rows.
        now: the clock, aware UTC.
        max_searches: searches that this run may make, its share of the day; None: as many as are left.
        reserve: calls that no search may use, so that the tracks found can still be added.
        searches_at_once: searches reserved in the ledger at once.
        sleep: called with seconds, to wait for calls that leave the window within `MAX_WAIT` of the first request for one.
        on_wait: called with seconds and reason before each such wait.
    """

    def __init__(
        self,
        calls: Calls,
        budget: int,
        run_key: str,
        *,
        now: Callable[[], datetime],
        max_searches: int | None = None,
        reserve: int = 0,
        searches_at_once: int = 25,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: OnWait | None = None,
    ) -> None:
        self._calls, self._budget, self._run_key, self._now, self._searches_at_once = calls, budget, run_key, now, searches_at_once
        self._sleep, self._on_wait = sleep, on_wait
        self._max_searches, self._searches = max_searches, 0
        self._lock, self._pausing = threading.Lock(), threading.Lock()
        self._hand = CallsInHand(calls, budget, run_key, reserve)
        self._asked_at: datetime | None = None
        self._patient_until: datetime | None = None
        self._refused: dict[str, datetime] = {}

    def __enter__(self) -> CallBudget:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except (LedgerUnwritable, LedgerUnavailable):
            if error is None:  # otherwise keep that error: unsettled calls only count too much
                raise

    def take(self, kind: str) -> None:
        """Count one call before it is sent; wait when calls are about to leave the window.

        Args:
            kind: search, list, read, write or other.

        Raises:
            QuotaExceeded: no call of this kind is left, or Spotify's own quota is spent; `until` says when to try again.
        """
        while (again_at := self._take(kind)) is not None:
            self._wait_until(again_at)

    def searches_left(self, least: int = 1) -> int:
        """Searches that this run may still make, including those that it would wait for.

        Ask before work that takes several searches: stopped half-way, its answers would be wasted.

        Raises:
            QuotaExceeded: there are fewer than `least`.
        """
        with self._lock:
            now, patient_until = self._begin(SEARCH)
            there = self._hand.open + max(0, calls_left(self._calls, self._budget, patient_until) - self._hand.lacking)
            share = there if self._max_searches is None else self._max_searches - self._searches
            if share < min(least, there):
                raise self._share_spent(now)
            if there < least:
                raise self._budget_spent(free_at(self._calls, self._budget, now, least - self._hand.open + self._hand.lacking))
            return min(share, there)

    def left(self, now: datetime | None = None) -> int:
        """Calls that any process may still reserve now; calls that a process holds unused are not included."""
        return calls_left(self._calls, self._budget, now or self._now())

    def refused(self, kind: str, until: datetime) -> QuotaExceeded:
        """Record that Spotify said QUOTA_EXCEEDED: no process that shares the ledger makes that kind of call before `until`.

        Args:
            kind: see `take`; empty for every kind.
        """
        with self._lock:
            self._refused[kind] = until
            self._calls.refuse(_seconds(self._now()), kind, until, self._run_key)
            return self._quota_spent(until)

    def quota_until(self) -> datetime | None:
        """When Spotify's own quota is back for all kinds of call; None when it is not spent."""
        now = self._now()
        known = [until for until in (*self._refused.values(), *self._calls.refused(now).values()) if until > now]
        return max(known, default=None)

    def close(self) -> None:
        """Settle the calls in hand. May be called again."""
        with self._lock:
            self._hand.settle(_seconds(self._now()))

    def _take(self, kind: str) -> datetime | None:
        """Count one call and return None, or return when to try again."""
        with self._lock:
            now, patient_until = self._begin(kind)
            if kind == SEARCH and self._max_searches is not None and self._searches >= self._max_searches:
                raise self._share_spent(now)
            if self._hand.is_old(now):
                self._hand.refill(0, now)
            if self._hand.open == 0:
                self._hand.refill(self._wanted(kind), now)
            if not self._hand.use(kind, now):
                moment = free_at(self._calls, self._budget, now)
                if moment > patient_until:
                    raise self._budget_spent(moment)
                return max(moment, now + timedelta(seconds=1))  # the latter when another process took it first
            self._searches += kind == SEARCH
            return None

    def _wait_until(self, moment: datetime) -> None:
        """Sleep, unless another thread has already slept through it."""
        with self._pausing:
            pause_s = (moment - self._now()).total_seconds()
            if pause_s > 0:
                if self._on_wait is not None:
                    self._on_wait(pause_s, f"the budget of {self._budget} Spotify calls in 24 hours has room again after that")
                self._sleep(pause_s)

    def _begin(self, kind: str) -> tuple[datetime, datetime]:
        """The current second, and until when this run waits for calls. Spotify's refusals are looked up at most once a second.

        Raises:
            QuotaExceeded: Spotify must not get that kind of call now, whichever process was told so.
        """
        now = _seconds(self._now())
        if now != self._asked_at:
            for refused, until in self._calls.refused(now).items():
                self._refused[refused] = max(until, self._refused.get(refused, until))
            self._asked_at = now
        if self._refused:
            self._refused = {refused: until for refused, until in self._refused.items() if until > now}
            if (closed := closed_until(self._refused, kind)) is not None:
                raise self._quota_spent(closed)
        if self._patient_until is None:
            self._patient_until = now + MAX_WAIT
        return now, max(now, self._patient_until)

    def _wanted(self, kind: str) -> int:
        if kind != SEARCH:
            return OTHER_CALLS_AT_ONCE
        return self._searches_at_once if self._max_searches is None else min(self._searches_at_once, self._max_searches - self._searches)

    def _quota_spent(self, until: datetime) -> QuotaExceeded:
        made = self._calls.made_since(window_start(self._now())) - self._hand.unused
        return quota_spent(until, made)

    def _share_spent(self, now: datetime) -> QuotaExceeded:
        what = f"This run's share of {self._max_searches} searches of the day's budget is spent."
        return QuotaExceeded(what, "The next run continues where this one stopped.", until=now)

    def _budget_spent(self, until: datetime) -> QuotaExceeded:
        kept = f" but for {self._hand.kept} kept to write what was found" if self._hand.kept else ""
        what = f"The budget of {self._budget} Spotify calls in 24 hours is spent{kept}."
        return QuotaExceeded(what, f"The next run after {in_words(until)} continues where this one stopped.", until=until)


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
