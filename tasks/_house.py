"""The house's task decorator and what every task needs to open.

A task's result is a short list of ids. It is kept under its inputs and its own code, and `run_key` is one of the inputs: the same run
retried finds what had finished as Cached, and the next day's run, which has another key, does everything anew.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.tasks import Task

from beatporter.errors import TransientError


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help; a permanent error is final at once."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


house_task = partial(
    task,
    cache_policy=INPUTS + TASK_SOURCE,
    persist_result=True,
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=is_transient,
)
"""`@house_task(name=…)`: results kept, finished work cached within a run, transient errors retried twice."""


def own_run_key() -> str:
    """The key of a run without a parent: its own id, which a retry keeps."""
    return str(flow_run.id)
