"""What Ctrl-C and SIGTERM do: end a start without a word, and a run at work cleanly, within seconds.

Outside a run there is nothing to tidy up: the ledger rolls back what it has begun, and Prefect's temporary server ends with its parent.
A run at work is recorded as crashed, says why in its artifacts and gives its calls back; whatever hinders that is not waited for.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

GRACE_S = 8.0
"""How long a run may take to end. Docker gives 10 s, Kubernetes 30, systemd 90; being killed leaves nothing wrong either."""
STOPPED = "Stopped. The next run goes on where this one ended."


class Stopped(SystemExit):
    """The run was told to end; the exit code says by which signal (130 or 143)."""


@contextmanager
def dies_quietly() -> Iterator[None]:
    """Within, Ctrl-C ends the process as it would one that is not Python: at once, without a traceback. For imports."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """Within, the first Ctrl-C or SIGTERM raises `Stopped` in the main thread; the process ends `GRACE_S` later at the latest.

    Prefect takes SIGTERM for itself while a flow is at work: it records the run as crashed and then calls what was there before.
    """
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_DFL)  # who asks twice is not kept waiting
    code = 128 + number
    print(STOPPED, file=sys.stderr, flush=True)  # noqa: T201 - for the person
    deadline = threading.Timer(GRACE_S, os._exit, (code,))
    deadline.daemon = True
    deadline.start()
    raise Stopped(code)
