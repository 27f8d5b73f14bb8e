"""When a request is sent again and after which pause; it decides and sleeps, it sends nothing.

Asked to wait (429): as long as Spotify says, up to a total for each call. Down: reads, and writes of which nothing was
sent, a few times after growing pauses with jitter. A write that may have been carried out is never sent again from here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from beatporter.spotify.exchange import Down, Outcome, Wait

MAX_DOWN = 3
"""Times that a call is sent again after no usable answer."""
MAX_WAITS = 5
"""Times that a call is sent again after a 429; each try counts against the day's quota."""
FIRST_PAUSE_S = 1.0
"""Spotify's rate limit looks at a rolling 30 seconds, so pauses below a second gain nothing."""

OnWait = Callable[[float, str], None]


@dataclass(slots=True)
class Effort:
    """What one call may still cost in time and tries.

    Args:
        max_wait_s: total that 429s may make this call wait.
        sleep: called with seconds.
        on_wait: told seconds and reason before each pause.
    """

    max_wait_s: float
    sleep: Callable[[float], None]
    on_wait: OnWait | None = None
    _waited_s: float = field(default=0.0, init=False)
    _waits: int = field(default=0, init=False)
    _downs: int = field(default=0, init=False)

    def another(self, outcome: Outcome, *, is_read: bool, hold: Callable[[float], None] | None = None) -> bool:
        """Pause and say True where sending once more makes sense and is safe; False: give up now.

        Args:
            outcome: of the last try.
            is_read: sending twice changes nothing.
            hold: takes the seconds of a 429 in place of a sleep here: all threads wait them before their next request.
        """
        if isinstance(outcome, Wait) and not outcome.quota:
            pause_s = max(outcome.seconds or 0.0, _growing(self._waits))
            if self._waits >= MAX_WAITS or self._waited_s + pause_s > self.max_wait_s:
                return False
            self._waits += 1
            self._waited_s += pause_s
            self._pause(pause_s, f"Spotify asks to wait {pause_s:.0f} s (429)", hold or self.sleep)
            return True
        if isinstance(outcome, Down) and (is_read or not outcome.unknown) and self._downs < MAX_DOWN:
            pause_s = _growing(self._downs) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret
            self._downs += 1
            self._pause(pause_s, f"Spotify is down: {outcome.why}", self.sleep)
            return True
        return False

    def _pause(self, pause_s: float, why: str, sleep: Callable[[float], None]) -> None:
        if self.on_wait is not None:
            self.on_wait(pause_s, why)
        sleep(pause_s)


def _growing(times: int) -> float:
    return FIRST_PAUSE_S * float(2**times)
