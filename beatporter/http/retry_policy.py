"""When a request is sent again, and after which pause. The same for every service.

After a 429 the pause is what the service asks for, within limits for each call. Without a usable answer, reads and writes that were
never sent are repeated after growing pauses. A write that may have been carried out is never repeated here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from beatporter.http.http_result import BadAddress, Down, HttpResult, TooLarge, Wait

T = TypeVar("T")
OnWait = Callable[[float, str], None]
"""Called with seconds and reason before each pause."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and with which pauses, one call to a service is tried.

    Attributes:
        service: its name, for reasons.
        pauses_s: pauses before the further tries after failures.
        wait_pauses_s: shortest pauses before the further tries after a 429; None: a 429 counts as a failure under `pauses_s`.
        max_wait_s: longest single wait that the service may ask for.
        max_total_wait_s: longest total of one call's waits.
        jitter: fraction by which `pauses_s` vary up and down, so that threads do not all return at the same moment.
    """

    service: str
    pauses_s: tuple[float, ...]
    wait_pauses_s: tuple[float, ...] | None = None
    max_wait_s: float = math.inf
    max_total_wait_s: float = math.inf
    jitter: float = 0.0


def send_with_retries(
    attempt: Callable[[], HttpResult[T]],
    policy: RetryPolicy,
    *,
    is_read: bool,
    sleep: Callable[[float], None],
    on_wait: OnWait | None = None,
    hold: Callable[[float], None] | None = None,
) -> HttpResult[T]:
    """Try until another try would not improve the result, and return that result.

    Args:
        attempt: sends the request once.
        is_read: sending it twice changes nothing.
        sleep: called with seconds.
        on_wait: called before pauses.
        hold: called with the seconds of a 429 instead of sleeping here: all threads wait before their next request.
    """
    waits_s = policy.pauses_s if policy.wait_pauses_s is None else policy.wait_pauses_s
    waits = downs = 0
    waited_s = 0.0
    while True:
        result = attempt()
        if isinstance(result, Wait) and not result.quota and waits < len(waits_s):
            pause_s = max(result.seconds or 0.0, waits_s[waits])
            waited_s += pause_s
            if pause_s > policy.max_wait_s or waited_s > policy.max_total_wait_s:
                return result
            why, pause = f"{policy.service} asks to wait {pause_s:.0f} s (429)", hold or sleep
            waits += 1
            downs += policy.wait_pauses_s is None
        elif isinstance(result, Down) and _may_repeat(result, is_read=is_read) and downs < len(policy.pauses_s):
            pause_s = policy.pauses_s[downs] * random.uniform(1 - policy.jitter, 1 + policy.jitter)  # noqa: S311 - jitter, not a secret
            why, pause = f"{policy.service} is down: {result.why}", sleep
            downs += 1
            waits += policy.wait_pauses_s is None
        else:
            return result
        if on_wait is not None:
            on_wait(pause_s, why)
        pause(pause_s)


def _may_repeat(result: Down, *, is_read: bool) -> bool:
    return (is_read or not result.unknown) and not isinstance(result, TooLarge | BadAddress)
