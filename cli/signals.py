"""Handles Ctrl-C and SIGTERM: they end a start silently, and an active run cleanly within seconds.

Outside a run there is nothing to clean up: the ledger rolls back open transactions, and Prefect's temporary server ends with its parent.
An active run is recorded as crashed, explains that in its artifacts and returns its unused calls, if it can do so in time.
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
"""How long a run may take to end. Docker allows 10 s, Kubernetes 30, systemd 90; a kill does no harm either."""
STOPPED = "Stopped. The next run continues where this one stopped."


class Stopped(SystemExit):
    """A signal ended the run; the exit code shows which one (130 or 143)."""


@contextmanager
def dies_quietly() -> Iterator[None]:
    """In this block, Ctrl-C ends the process immediately and without a traceback. For imports."""
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
    """In this block, the first Ctrl-C or SIGTERM raises `Stopped` in the main thread; the process ends within `GRACE_S`.

    Prefect handles SIGTERM itself while a flow runs: it records the run as crashed and then calls the previous handler.
    """
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_DFL)  # a second signal ends the process immediately
    code = 128 + number
    print(STOPPED, file=sys.stderr, flush=True)  # noqa: T201 - for the person
    deadline = threading.Timer(GRACE_S, os._exit, (code,))
    deadline.daemon = True
    deadline.start()
    raise Stopped(code)
