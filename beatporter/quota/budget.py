"""The day's calls: never more than the budget in any rolling 24 hours, over all processes and machines that share the ledger.

Calls are taken from the ledger some at a time, before any of them is made, by one statement that gives no more than there are. What was not
used is given back when they are settled. A process that is killed leaves all it held counted: too many, never too few.

A run that is there every day at the same time finds yesterday's calls about to leave the window, and waits for them.

Pace (calls a second) is not this module's, see `http.pacing`. How a day's rest is shared among genres: see `allocation`.
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
from beatporter.ledger.calls import QUOTA, Calls, Held
from beatporter.quota.window import calls_left, free_at, in_words, quota_spent, window_start
from beatporter.records.ledger import CallRow

HELD_FOR = timedelta(minutes=5)
"""Calls in hand are settled within that time; until then all of them count as made at the end of it."""
MAX_WAIT = timedelta(minutes=15)
"""How long a run waits for calls to leave the window. A day that spends all ends a minute or so later than the day before did, by
the window's margin, so a run at the same time every day finds its calls within it for a week and more."""
OTHER_CALLS_AT_ONCE = 3
"""Calls taken at once for anything but searches: a run's listing, its write, one retry."""
SEARCH = "search"


class Meter(Protocol):
    """What a client needs of a budget."""

    def take(self, kind: str) -> None:
        """Count one call before it is sent."""

    def note_quota(self, until: datetime) -> None:
        """Keep that Spotify will not answer before `until`."""


class CallsInHand:
    """What one process has taken from the ledger and not yet settled. Not for several threads: `CallBudget` has the lock.

    Attributes:
        open: calls for anything.
        kept: calls that no search may take.
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
        """Of the calls that no search may take, those that are still to be had."""
        return self._reserve - self.kept

    def is_old(self, now: datetime) -> bool:
        """Whether what is in hand is due to be settled."""
        return self._taken_at is not None and now - self._taken_at >= HELD_FOR

    def use(self, kind: str, now: datetime) -> bool:
        """Use up one call, if there is one of that kind."""
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
        """Settle, and take what is left unused and `wanted` more, the kept ones first."""
        have = self.open + self.kept
        self._exchange(have + wanted + self.lacking, now)
        self.kept = min(self._reserve, self._held.count)
        self.open = self._held.count - self.kept

    def settle(self, now: datetime) -> None:
        """Write what the calls were used for, and give the rest back."""
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
    """One process's hold on the shared budget; thread-safe; a context manager that gives back what it did not use.

    Args:
        calls: the ledger's table of calls.
        budget: calls in any rolling 24 hours.
        run_key: named in the rows.
        now: the clock, aware UTC.
        max_searches: searches that this run may make, its share of the day; None: as many as there are.
        reserve: calls that no search may take, so that what was found can still be added.
        searches_at_once: searches taken from the ledger at once.
        sleep: called with seconds, to wait for calls that leave the window within `MAX_WAIT` of the first one asked for.
        on_wait: told seconds and reason before each such wait.
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
        self._quota_until: datetime | None = None

    def __enter__(self) -> CallBudget:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except (LedgerUnwritable, LedgerUnavailable):
            if error is None:  # else the error under way says more, and unsettled calls only count too much
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

        Ask before something that takes several searches: stopped half-way, its answers would come to nothing.

        Raises:
            QuotaExceeded: there are fewer than `least`.
        """
        with self._lock:
            now, patient_until = self._begin()
            there = self._hand.open + max(0, calls_left(self._calls, self._budget, patient_until) - self._hand.lacking)
            share = there if self._max_searches is None else self._max_searches - self._searches
            if share < min(least, there):
                raise self._share_spent(now)
            if there < least:
                raise self._budget_spent(free_at(self._calls, self._budget, now, least - self._hand.open + self._hand.lacking))
            return min(share, there)

    def left(self, now: datetime | None = None) -> int:
        """Calls that anybody may still take now; what this or another process holds unused is not among them."""
        return calls_left(self._calls, self._budget, now or self._now())

    def note_quota(self, until: datetime) -> None:
        """Keep that Spotify said QUOTA_EXCEEDED: no process that shares the ledger asks before `until`."""
        with self._lock:
            self._quota_until = until
            self._calls.append([CallRow(_seconds(self._now()), QUOTA, 0, self._run_key, until)])

    def close(self) -> None:
        """Settle what is in hand. May be called again."""
        with self._lock:
            self._hand.settle(_seconds(self._now()))

    def _take(self, kind: str) -> datetime | None:
        """Count one call and return None; else the moment at which to try again."""
        with self._lock:
            now, patient_until = self._begin()
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
                return max(moment, now + timedelta(seconds=1))  # the latter when another process was faster
            self._searches += kind == SEARCH
            return None

    def _wait_until(self, moment: datetime) -> None:
        """Sleep, unless another thread has slept through it meanwhile."""
        with self._pausing:
            pause_s = (moment - self._now()).total_seconds()
            if pause_s > 0:
                if self._on_wait is not None:
                    self._on_wait(pause_s, f"the budget of {self._budget} Spotify calls in 24 hours has room again then")
                self._sleep(pause_s)

    def _begin(self) -> tuple[datetime, datetime]:
        """The present second, and until when this run waits for calls. Whether the quota is spent is asked once in a second.

        Raises:
            QuotaExceeded: Spotify may not be asked at present, whichever process found that out.
        """
        now = _seconds(self._now())
        if now != self._asked_at:
            noted = self._calls.quota_until()
            if noted is not None and (self._quota_until is None or noted > self._quota_until):
                self._quota_until = noted
            self._asked_at = now
        if self._quota_until is not None and now < self._quota_until:
            raise quota_spent(self._quota_until)
        if self._patient_until is None:
            self._patient_until = now + MAX_WAIT
        return now, max(now, self._patient_until)

    def _wanted(self, kind: str) -> int:
        if kind != SEARCH:
            return OTHER_CALLS_AT_ONCE
        return self._searches_at_once if self._max_searches is None else min(self._searches_at_once, self._max_searches - self._searches)

    def _share_spent(self, now: datetime) -> QuotaExceeded:
        what = f"This run's share of {self._max_searches} searches of the day's budget is spent."
        return QuotaExceeded(what, "The next run goes on where this one stopped.", until=now)

    def _budget_spent(self, until: datetime) -> QuotaExceeded:
        kept = f" but for {self._hand.kept} kept to write what was found" if self._hand.kept else ""
        what = f"The budget of {self._budget} Spotify calls in 24 hours is spent{kept}."
        return QuotaExceeded(what, f"The next run from {in_words(until)} on goes on where this one stopped.", until=until)


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
