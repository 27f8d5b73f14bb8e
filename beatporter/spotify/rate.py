"""How fast requests leave: a token bucket shared by the threads of one process, and a hook for a limit shared by all.

It owns pauses between requests, nothing else: what is counted against the day's budget is in `budget`, what Spotify
asks us to wait is decided in `session` and only held here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Lets `rate` requests a second through, after a burst of at most one second's worth.

    Args:
        rate: requests a second.
        sleep: called with seconds outside the lock.
        clock: monotonic seconds.
        acquire: takes that many slots from a limit shared with other processes and returns when they are free (a Prefect
            global concurrency limit); asked for `block` at a time, since a call there costs about 130 ms.
        block: slots asked for at once.
    """

    def __init__(
        self,
        rate: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        acquire: Callable[[int], None] | None = None,
        block: int = 5,
    ) -> None:
        self._interval_s = 1 / rate
        self._burst_s = max(0.0, 1.0 - self._interval_s)
        self._sleep, self._clock, self._acquire, self._block = sleep, clock, acquire, block
        self._lock = threading.Lock()
        self._next_at = clock() - self._burst_s
        self._held_until = clock()
        self._slots = 0

    def wait_turn(self) -> None:
        """Return when the next request may leave."""
        with self._lock:
            if self._acquire is not None:
                if self._slots == 0:
                    self._acquire(self._block)
                    self._slots = self._block
                self._slots -= 1
            now = self._clock()
            turn = max(self._next_at, now - self._burst_s)
            self._next_at = turn + self._interval_s
            held_until = self._held_until
            pause_s = max(turn, held_until) - now
        if pause_s > 0:
            self._sleep(pause_s)
            self._release(held_until)

    def hold(self, seconds: float) -> None:
        """Let nothing leave for so long: one thread's 429 is meant for all of them."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _release(self, held_until: float) -> None:
        """A hold that was slept through is over, whatever the clock says: a sleep may be simulated."""
        with self._lock:
            if self._held_until == held_until:
                self._held_until = min(held_until, self._clock())
