"""How fast requests leave: one pacer for the threads of a process, optionally shared with other processes in one of two ways.

Through a file, on one machine (Beatport): the file holds the next free moment and is read and written under a lock. The lock is not held
during the wait. Through a function that takes slots of a limit shared by several machines (Spotify, under Prefect). This module only
spaces requests out; `retry_policy` decides how long to wait when a service asks for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

logger = logging.getLogger(__name__)
_FURTHEST_S = 3_600.0
"""A moment in the file that is further away was written before the clock was set back, and is ignored."""


class Pacer:
    """Lets one request through per interval, after a burst paid for by saved idle time; thread-safe.

    Args:
        interval_s: seconds from one request to the next; 0 never waits.
        burst_s: the most idle time that can be saved up, in seconds.
        sleep: called with seconds, outside the lock.
        clock: returns seconds; by default monotonic, or with a file seconds since the epoch.
        file: shared by the processes of this machine; its folder is made when needed.
        acquire: takes that many slots from a limit shared with other processes and returns when they are free (a Prefect
            global concurrency limit). `slots_at_once` are taken per call, since a call costs about 130 ms.
    """

    def __init__(
        self,
        interval_s: float,
        *,
        burst_s: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] | None = None,
        file: Path | None = None,
        acquire: Callable[[int], None] | None = None,
        slots_at_once: int = 5,
    ) -> None:
        self._interval_s, self._burst_s = interval_s, max(0.0, burst_s - interval_s)
        self._sleep, self._file, self._acquire, self._slots_at_once = sleep, file, acquire, slots_at_once
        self._clock = clock or (time.monotonic if file is None else time.time)
        self._lock = threading.Lock()
        self._next_at = self._clock() - self._burst_s
        self._held_until = self._clock()
        self._slots = 0

    def wait_turn(self) -> None:
        """Return when the next request may leave."""
        with self._lock:
            if self._acquire is not None:
                if self._slots == 0:
                    self._acquire(self._slots_at_once)
                    self._slots = self._slots_at_once
                self._slots -= 1
            turn = self._take_turn() if self._interval_s else 0.0
            held_until = self._held_until
            pause_s = max(turn, held_until) - self._clock()
        if pause_s > 0:
            self._sleep(pause_s)
            self._release(held_until)

    def hold(self, seconds: float) -> None:
        """Let no request leave for that many seconds: a 429 for one thread applies to all of them."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _release(self, held_until: float) -> None:
        """End a hold that was slept through, whatever the clock says: the sleep may be simulated."""
        with self._lock:
            if self._held_until == held_until:
                self._held_until = min(held_until, self._clock())

    def _take_turn(self) -> float:
        turn = max(self._next_at, self._clock() - self._burst_s)
        if self._file is not None:
            try:
                turn = self._take_shared_turn(self._file)
            except (OSError, NotImplementedError) as error:  # the latter on file systems without locks
                logger.debug("The pause is not shared with other processes: %s", type(error).__name__)
        self._next_at = turn + self._interval_s
        return turn

    def _take_shared_turn(self, file: Path) -> float:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock", poll_interval=0.01):
            now = self._clock()
            turn = max([now, *(moment for moment in (self._next_at, _moment_in(file)) if moment - now <= _FURTHEST_S)])
            file.write_text(f"{turn + self._interval_s:.3f}", encoding="ascii")
        return turn


def _moment_in(file: Path) -> float:
    """The moment in the file; 0 when it is empty or nonsense."""
    try:
        return float(file.read_bytes()[:32] or 0)
    except (FileNotFoundError, ValueError):
        return 0.0
