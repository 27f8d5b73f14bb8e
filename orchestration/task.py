"""The house's task decorator: results kept as JSON, finished work found again within a run, transient errors tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import task_run

from beatporter.errors import TransientError
from orchestration.cache_policy import SameRunSameCode
from orchestration.results import RESULT_SERIALIZER

P = ParamSpec("P")
R = TypeVar("R")


def house_task(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """`@house_task("name")` makes a step a task; its result is a short list of ids."""
    return task(
        name=name,
        task_run_name=_task_run_name,
        cache_policy=SameRunSameCode(),
        persist_result=True,
        result_serializer=RESULT_SERIALIZER,
        retries=2,
        retry_delay_seconds=[5, 30],
        retry_condition_fn=is_transient,
    )


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help; a permanent error is final at once."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


def _task_run_name() -> str:
    """A task run's name in lists that hold those of all genres, e.g. "match-tracks house"."""
    return f"{task_run.task_name} {task_run.parameters.get('genre', '')}".strip()
