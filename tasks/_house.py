"""The house's task decorator, and the key that names a run.

A task's result is a short list of ids. It is kept under its inputs and its own code, and `run_key` is one of the inputs: the same run
retried finds what had finished as Cached, and the next day's run, which has another key, does everything anew. `max_searches` does not
count: a parent that is retried has other calls to share, and that must not undo what a genre had finished.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run, task_run

from beatporter.errors import TransientError

P = ParamSpec("P")
R = TypeVar("R")


def house_task(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """`@house_task("name")`: results kept, finished work cached within a run, transient errors retried twice."""
    return task(
        name=name,
        task_run_name=_task_run_name,
        cache_policy=(INPUTS - "max_searches") + TASK_SOURCE,
        persist_result=True,
        retries=2,
        retry_delay_seconds=[5, 30],
        retry_condition_fn=_is_transient,
    )


def run_key_of(run_key: str | None = None, *, refresh: bool = False) -> str:
    """The key of this run: its parent's, else its own id, which a retry keeps; with `refresh` one that no finished task has."""
    own = str(flow_run.id)
    if refresh:
        return f"{own}-refreshed"
    return run_key or own


def run_name_of_day() -> str:
    """A parent run's name: the day and time it was meant to start, UTC."""
    return f"{flow_run.scheduled_start_time:%Y-%m-%d %H:%M} UTC"


def _task_run_name() -> str:
    """A task run's name in lists that hold those of all genres, e.g. "match-tracks house"."""
    return f"{task_run.task_name} {task_run.parameters.get('genre', '')}".strip()


def _is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help; a permanent error is final at once."""
    return isinstance(state.result(raise_on_failure=False), TransientError)
