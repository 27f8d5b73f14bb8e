"""Prefect's server away for a while: what a run needs of it is waited for, and what it can do without goes on.

A step's work needs no server; its state is sent when the server is back. Prefect's own client waits as long as
PREFECT_CLIENT_MAX_RETRIES says, but only once it was connected, and much of what a run asks is asked by a new one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from httpx import HTTPStatusError, TransportError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import FlowRunContext, TaskRunContext
from prefect.events import emit_event
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

AWAY_S = 600.0
"""How long a run waits for the server: twice the five minutes that a run is said to survive."""
LOOK_AGAIN_S = 5.0
TIMEOUT = {"timeout": 15.0}
"""Seconds for an answer of the server; a busy one takes some."""


def patiently(ask: Callable[[], Answer], *, look_first: bool = False, sleep: Callable[[float], None] = time.sleep) -> Answer:
    """What the server answers. Within a run, a server that is away is waited for; a command is told at once.

    Args:
        ask: asks the server; may be called again.
        look_first: see that the server is there before the first try as well, for what asks it through the run's own client: that waits
            for minutes between two of its tries.

    Raises:
        httpx.HTTPError: as `ask` does.
    """
    if not _within_run():
        return ask()
    waited_s = 0.0
    while True:
        try:
            if not (waited_s or look_first) or waited_s >= AWAY_S or _is_there():
                answer = ask()
                break
        except (TransportError, HTTPStatusError) as error:
            if not is_away(error) or waited_s >= AWAY_S:
                raise
        if not waited_s:
            logger.warning("Prefect's server is away; this run waits for it, ten minutes at most.")
        sleep(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S
    if waited_s:  # said once more: what was logged meanwhile is lost
        logger.warning("Prefect's server was away; this run waited for it for %.0f s.", waited_s)
        send_what_was_not_sent()
    return answer


@contextmanager
def client_that_does_not_wait() -> Iterator[SyncPrefectClient]:
    """A client without Prefect's own tries again, whose pauses grow to minutes."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}), get_client(sync_client=True, httpx_settings=TIMEOUT) as client:
        yield client


def _is_there() -> bool:
    with client_that_does_not_wait() as client:
        return client.api_healthcheck() is None


def send_what_was_not_sent() -> None:
    """Have Prefect send the states of tasks that ended while the server was away: they go with the next event, so there is one."""
    emit_event("beatporter.server-back", {"prefect.resource.id": "beatporter.prefect-server"})


def is_away(error: BaseException) -> bool:
    """Whether an error says that the server is not there at present, not that it refuses."""
    return isinstance(error, TransportError) or (isinstance(error, HTTPStatusError) and error.response.is_server_error)


def _within_run() -> bool:
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None
