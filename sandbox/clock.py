"""The sandbox's clock: real time plus an offset, or time that only moves when told.

Defines "now" for quota windows, token expiry and the charts' days. It never sleeps or wakes anything: `sandbox.http` spends
latency and hangs in real time.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """A callable that returns the current time, aware, in UTC.

    Examples:
        `SandboxClock()` runs with real time; `SandboxClock(start=monday, manual=True)` stands still until `advance`.
    """

    def __init__(self, start: datetime | None = None, *, manual: bool = False) -> None:
        """Start at a time.

        Args:
            start: aware time to begin at; None begins at the real time.
            manual: stand still except in `advance` and `set`.

        Raises:
            ValueError: start has no time zone.
        """
        self._lock = threading.Lock()
        self._manual = manual
        self._fixed = datetime.now(UTC)
        self._offset = timedelta()
        if start is not None:
            self.set(start)

    @property
    def manual(self) -> bool:
        return self._manual

    def __call__(self) -> datetime:
        with self._lock:
            return self._read()

    def advance(self, step: timedelta | float) -> datetime:
        """Move forward by a time span (or seconds) and return the new time.

        Raises:
            ValueError: the step is negative: quota windows and tokens cannot go back.
        """
        step = step if isinstance(step, timedelta) else timedelta(seconds=step)
        if step < timedelta():
            raise ValueError(f"the sandbox's clock does not run backwards (asked for {step})")
        with self._lock:
            self._fixed += step
            self._offset += step
            return self._read()

    def set(self, moment: datetime) -> None:
        """Set the current time.

        Raises:
            ValueError: the moment has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("the sandbox's clock needs a time with a zone")
        with self._lock:
            self._fixed = moment.astimezone(UTC)
            self._offset = self._fixed - datetime.now(UTC)

    def _read(self) -> datetime:
        return self._fixed if self._manual else datetime.now(UTC) + self._offset
