"""The pause between two requests to Beatport, kept by all processes of this machine together.

The next free moment stands in one small file that is read and written under a lock (`flock`); the wait itself holds no lock.
Where the system has no `flock` (Windows) or the file cannot be written, each process keeps the pause for itself.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)
_LONGEST_S = 3_600.0
"""A moment further away than this comes from a clock that was set back, and is not waited for."""


class Pace:
    """One request an interval.

    Args:
        file: where the processes of this machine agree; its folder is made when needed.
        interval_s: seconds from one request to the next; 0 never waits and touches no file.
        sleep: waits so many seconds.
        timer: seconds since the epoch, with fractions.
    """

    def __init__(
        self, file: Path, interval_s: float, *, sleep: Callable[[float], None] = time.sleep, timer: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._interval_s = interval_s
        self._sleep = sleep
        self._timer = timer
        self._next_own = 0.0

    def wait(self) -> None:
        """Take the next free moment and wait for it."""
        if not self._interval_s:
            return
        moment = self._take(self._timer())
        if (pause_s := moment - self._timer()) > 0:
            self._sleep(pause_s)

    def _take(self, now: float) -> float:
        try:
            with _locked(self._file) as file:
                moment = _soonest(now, _read(file), self._next_own)
                os.ftruncate(file, 0)
                os.pwrite(file, f"{moment + self._interval_s:.3f}".encode(), 0)
        except (OSError, AttributeError) as error:  # AttributeError: no pread or pwrite (Windows)
            logger.debug("No pause shared with other processes: %s", type(error).__name__)
            moment = _soonest(now, self._next_own)
        self._next_own = moment + self._interval_s
        return moment


def _soonest(now: float, *taken_until: float) -> float:
    return max(now, *(moment for moment in taken_until if moment - now <= _LONGEST_S), now)


def _read(file: int) -> float:
    try:
        return float(os.pread(file, 32, 0) or 0)
    except ValueError:
        return 0.0


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)
