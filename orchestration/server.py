"""Handles an outage of Prefect's server: a run waits for what it needs from the server, and its other work continues.

A step's work needs no server; its state is sent when the server is back. Prefect's own client retries up to
PREFECT_CLIENT_MAX_RETRIES times, but only after a first connection, and many of a run's requests use a new client.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from httpx import HTTPStatusError, Response, TransportError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import FlowRunContext, SettingsContext, TaskRunContext, get_settings_context
from prefect.events import emit_event
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, Settings, temporary_settings

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

AWAY_S = 600.0
"""How long a run waits for the server: twice the promised five minutes."""
LOOK_AGAIN_S = 5.0
TIMEOUT_S = 15.0
"""How long an answer may take; a busy server needs several seconds."""


def patiently(ask: Callable[[], Answer], *, look_first: bool = False, sleep: Callable[[float], None] = time.sleep) -> Answer:
    """Ask the server. A run waits for a server that is down; a command gets the error immediately.

    Args:
        ask: the request; may be called several times.
        look_first: check the server before the first try as well, for requests through the run's own client, which waits
            for minutes between its tries.

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
            logger.warning("Prefect's server does not answer; this run waits for it for up to ten minutes.")
        sleep(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S
    if waited_s:  # repeated, because what was logged in the meantime is lost
        logger.warning("Prefect's server gave no answer; this run waited for it for %.0f s.", waited_s)
        send_what_was_not_sent()
    return answer


@contextmanager
def client_that_does_not_wait() -> Iterator[SyncPrefectClient]:
    """This process's client without Prefect's own retries, whose pauses grow to minutes."""
    outer = get_settings_context()
    settings, client = _impatient(outer.settings)
    with SettingsContext(profile=outer.profile, settings=settings):
        yield client


_made: tuple[Settings, Settings, SyncPrefectClient] | None = None
_made_lock = Lock()


def _impatient(outer: Settings) -> tuple[Settings, SyncPrefectClient]:
    """Settings without retries, and a client for them. Making both costs more than ten requests, so a process keeps them."""
    global _made
    with _made_lock:
        if _made is None or _made[0] is not outer:
            httpx_settings = {"timeout": TIMEOUT_S, "event_hooks": {"response": [_raise_at_once]}}
            with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}) as settings:
                _made = outer, settings, get_client(sync_client=True, httpx_settings=httpx_settings)
        return _made[1:]


def _raise_at_once(response: Response) -> None:
    """Raise for a server that is busy or away: Prefect's client pauses for two seconds even after the last of its tries."""
    if response.is_server_error:
        response.read()
        response.raise_for_status()


def _is_there() -> bool:
    with client_that_does_not_wait() as client:
        return client.api_healthcheck() is None


def send_what_was_not_sent() -> None:
    """Make Prefect send the states of tasks that ended during the outage: they go out with the next event, so send one."""
    emit_event("beatporter.server-back", {"prefect.resource.id": "beatporter.prefect-server"})


def is_away(error: BaseException) -> bool:
    """Whether an error means that the server is down, not that it refuses."""
    return isinstance(error, TransportError) or (isinstance(error, HTTPStatusError) and error.response.is_server_error)


def _within_run() -> bool:
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None
