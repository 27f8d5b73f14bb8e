"""How fast requests leave: one pacer for the threads of a process, which can agree with other processes in one of two ways.

Through a file, on one machine (Beatport): the next free moment stands in it, read and written under a lock; the wait itself holds no
lock. Through a function that takes slots of a limit shared by several machines (Spotify, under Prefect). Owns pauses between requests,
nothing else: what a service asks us to wait is decided in `retry_policy` and only held here.
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
"""A moment in the file that is further away comes from a clock that was set back, and is not waited for."""


class Pacer:
    """Lets one request through an interval, after a burst of the idle time that was saved up; thread-safe.

    Args:
        interval_s: seconds from one request to the next; 0 never waits.
        burst_s: most seconds of idle time that are saved up.
        sleep: called with seconds, outside the lock.
        clock: seconds; by default monotonic, with a file since the epoch.
        file: where the processes of this machine agree; its folder is made when needed.
        acquire: takes that many slots from a limit shared with other processes and returns when they are free (a Prefect
            global concurrency limit); asked for `slots_at_once`, since a call there costs about 130 ms.
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
        """Let nothing leave for so long: one thread's 429 is meant for all of them."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _release(self, held_until: float) -> None:
        """A hold that was slept through is over, whatever the clock says: a sleep may be simulated."""
        with self._lock:
            if self._held_until == held_until:
                self._held_until = min(held_until, self._clock())

    def _take_turn(self) -> float:
        turn = max(self._next_at, self._clock() - self._burst_s)
        if self._file is not None:
            try:
                turn = self._take_shared_turn(self._file)
            except (OSError, NotImplementedError) as error:  # the latter from file systems without locks
                logger.debug("No pause shared with other processes: %s", type(error).__name__)
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
    """What the file says, 0 where it says nothing or nonsense."""
    try:
        return float(file.read_bytes()[:32] or 0)
    except (FileNotFoundError, ValueError):
        return 0.0
