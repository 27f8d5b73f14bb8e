"""The key of the run that a piece of work belongs to, from Prefect alone: a parent, its genres and all retries share one key.

By this key, finished tasks are found again (`cache_policy`), and the ledger counts calls and keeps the account's listing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound

from orchestration.server import patiently

_inline_under: ContextVar[str | None] = ContextVar("inline_under", default=None)


@contextmanager
def inline_runs() -> Iterator[None]:
    """The runs in this block are part of the calling run and in its process: nobody has to ask the server whose they are."""
    token = _inline_under.set(run_key())
    try:
        yield
    finally:
        _inline_under.reset(token)


def is_inline() -> bool:
    """Whether the current run is part of a run in this process, which is therefore at work."""
    return _inline_under.get() is not None


def run_key() -> str:
    """The key of the calling run.

    Raises:
        RuntimeError: outside a flow run.
    """
    return patiently(lambda: run_key_of(_current()))


def run_id() -> str:
    """The id of the calling run.

    Raises:
        RuntimeError: outside a flow run.
    """
    return str(_current().id)


def run_key_of(flow_run: FlowRun) -> str:
    """The id of the outermost run that `flow_run` is part of; with `refresh` a new key, under which nothing is finished yet."""
    if flow_run.parameters.get("refresh"):
        return f"{flow_run.id}-refreshed"
    return _inline_under.get() or str(_root_run_id(flow_run.id, flow_run.parent_task_run_id))


def is_root() -> bool:
    """Whether a person or a schedule, not another run, started the current run."""
    return _current().parent_task_run_id is None


def _current() -> FlowRun:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("A run's key is known only inside a flow run.")
    return context.flow_run


@lru_cache(maxsize=64)
def _root_run_id(run_id: UUID, parent_task_run_id: UUID | None) -> UUID:
    """Follow the parents up; Prefect records one for inline subflows and for runs of deployments. Asked once per run."""
    if parent_task_run_id is None:
        return run_id
    with get_client(sync_client=True) as client:
        try:
            while parent_task_run_id is not None:
                parent_id = client.read_task_run(parent_task_run_id).flow_run_id
                if parent_id is None:
                    break
                run_id, parent_task_run_id = parent_id, client.read_flow_run(parent_id).parent_task_run_id
        except ObjectNotFound:  # a person deleted the parent; this is the outermost remaining run
            pass
    return run_id
