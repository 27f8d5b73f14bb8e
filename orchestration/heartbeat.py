"""Sends the heartbeats of runs that follow one another in one process, so that a run ends as soon as its work does.

Prefect's own heartbeat of a run sleeps for a second at a time, and the end of the run waits for it: half a second for each genre on
average, see docs/decisions/between-genres.md. The events are the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Event, Thread

from prefect import __version__
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.events.related import tags_as_related_resources
from prefect.events.schemas.events import RelatedResource
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

logger = logging.getLogger(__name__)

END_WITHIN_S = 2.0
HEARTBEAT = "prefect.flow-run.heartbeat"
_interval_s: ContextVar[float | None] = ContextVar("heartbeat_interval_s", default=None)


@contextmanager
def own_heartbeats() -> Iterator[None]:
    """Flows that are called in the block send no heartbeats of Prefect's; they send ours with `heartbeats` in their bodies."""
    interval_s = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    if interval_s is None:  # there are none, or they are ours already
        yield
        return
    token = _interval_s.set(interval_s)
    try:
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
    finally:
        _interval_s.reset(token)


@contextmanager
def heartbeats() -> Iterator[None]:
    """Send the current run's heartbeats while the block runs; does nothing where Prefect sends them."""
    context, interval_s = FlowRunContext.get(), _interval_s.get()
    if interval_s is None or context is None or context.flow_run is None:
        yield
        return
    resource, related = _about(context)
    ended = Event()

    def send() -> None:
        while not ended.is_set():
            try:
                emit_event(HEARTBEAT, resource=resource, related=related)
            except Exception:  # whatever it is, the next heartbeat may get through, and a run without any would be called dead
                logger.debug("A heartbeat could not be sent.", exc_info=True)
            ended.wait(interval_s)

    sender = Thread(target=copy_context().run, args=(send,), name="heartbeats", daemon=True)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join(END_WITHIN_S)  # a heartbeat after the run's last state would begin the wait for another


def _about(context: FlowRunContext) -> tuple[dict[str, str], list[RelatedResource]]:
    """The run, and what it is part of, as Prefect's own heartbeats name them."""
    run = context.flow_run
    assert run is not None  # noqa: S101 - see `heartbeats`
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name, "prefect.version": __version__}
    related = {f"prefect.flow.{run.flow_id}": {"role": "flow", "name": context.flow.name if context.flow else ""}}
    if run.deployment_id:
        related[f"prefect.deployment.{run.deployment_id}"] = {"role": "deployment"}
    about = [
        RelatedResource.model_validate({"prefect.resource.id": key, **{f"prefect.resource.{name}": one for name, one in known.items()}})
        for key, known in related.items()
    ]
    return resource, [*about, *tags_as_related_resources(set(run.tags))]
