"""Spotify's two limits on calls: a rate over a rolling 30 s and a quota over a rolling 24 h, on the sandbox's clock."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from sandbox.spotify.exceptions import quota_exceeded, rate_limited

RATE_WINDOW: Final = timedelta(seconds=30)
QUOTA_WINDOW: Final = timedelta(hours=24)


class CallLimits:
    """Counts accepted calls; refused ones are not counted, so that a window can empty.

    Attributes:
        per_day: calls in any rolling 24 h, None for no quota. Measured on real accounts: 800 to 1,400.
        per_30_s: calls in any rolling 30 s, None for no limit. The real figure is not published.
        retry_after_s: Retry-After for a spent quota; None: the seconds until its oldest call leaves the window
            (measured on real accounts: 48,925 to 52,531).
    """

    def __init__(self, per_day: int | None = None, per_30_s: int | None = None, *, retry_after_s: float | None = None) -> None:
        self.per_day = per_day
        self.per_30_s = per_30_s
        self.retry_after_s = retry_after_s
        self._calls: deque[datetime] = deque()

    def used(self, now: datetime) -> int:
        """Calls in the 24 h before now."""
        self._forget(now)
        return len(self._calls)

    def take(self, now: datetime) -> None:
        """Count one call, or refuse it.

        Raises:
            SpotifyRefusal: 429, for the quota before the rate.
        """
        self._forget(now)
        if self.per_day is not None and len(self._calls) >= self.per_day:
            left_s = (self._calls[0] + QUOTA_WINDOW - now).total_seconds() if self._calls else QUOTA_WINDOW.total_seconds()
            raise quota_exceeded(self.retry_after_s if self.retry_after_s is not None else max(left_s, 1))
        if self.per_30_s is not None:
            recent = [call for call in self._last(self.per_30_s) if call > now - RATE_WINDOW]
            if len(recent) >= self.per_30_s:
                raise rate_limited(max((recent[0] + RATE_WINDOW - now).total_seconds(), 1) if recent else RATE_WINDOW.total_seconds())
        self._calls.append(now)

    def reset(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    def to_json(self) -> list[str]:
        return [call.isoformat() for call in self._calls]

    def restore(self, calls: list[str]) -> None:
        self._calls = deque(datetime.fromisoformat(call) for call in calls)

    def _last(self, count: int) -> list[datetime]:
        return [self._calls[place] for place in range(max(0, len(self._calls) - count), len(self._calls))]

    def _forget(self, now: datetime) -> None:
        while self._calls and self._calls[0] <= now - QUOTA_WINDOW:
            self._calls.popleft()
