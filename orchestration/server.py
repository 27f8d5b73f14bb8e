"""Prefect's server away for a while: what a run needs of it is waited for, and what it can do without goes on.

A step's work needs no server; its state is sent when the server is back. Prefect's own client waits as long as
PREFECT_CLIENT_MAX_RETRIES says, but only once it was connected, and much of what a run asks is asked by a new one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from httpx import HTTPStatusError, TransportError
from prefect.context import FlowRunContext, TaskRunContext
from prefect.events import emit_event

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

AWAY_S = 600.0
"""How long a run waits for the server: twice the five minutes that a run is said to survive."""
LOOK_AGAIN_S = 5.0


def patiently(ask: Callable[[], Answer], *, sleep: Callable[[float], None] = time.sleep) -> Answer:
    """What the server answers. Within a run, a server that is away is asked again for `AWAY_S`; a command is told at once.

    Args:
        ask: asks the server; may be called again.

    Raises:
        httpx.HTTPError: as `ask` does.
    """
    waited_s = 0.0
    while True:
        try:
            answer = ask()
        except (TransportError, HTTPStatusError) as error:
            if not is_away(error) or waited_s >= AWAY_S or not _within_run():
                raise
            if not waited_s:
                logger.warning("Prefect's server is away (%s); this run waits for it, ten minutes at most.", type(error).__name__)
        else:
            if waited_s:
                logger.warning("Prefect's server was away; this run waited for it for %.0f s.", waited_s)
                send_what_was_not_sent()
            return answer
        sleep(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S


def send_what_was_not_sent() -> None:
    """Have Prefect send the states of tasks that ended while the server was away: they go with the next event, so there is one."""
    emit_event("beatporter.server-back", {"prefect.resource.id": "beatporter.prefect-server"})


def is_away(error: BaseException) -> bool:
    """Whether an error says that the server is not there at present, not that it refuses."""
    return isinstance(error, TransportError) or (isinstance(error, HTTPStatusError) and error.response.is_server_error)


def _within_run() -> bool:
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None
