"""Our task decorator: stores results as JSON, finds finished work again within a run, and retries transient errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import task_run

from beatporter.errors import BeatporterError, TransientError
from beatporter.memory import capture
from orchestration.cache_policy import SameRunSameCode
from orchestration.redaction import without_secrets
from orchestration.results import RESULT_SERIALIZER, UnexpectedError, in_words
from orchestration.step_log import hide_expected_tracebacks

P = ParamSpec("P")
R = TypeVar("R")


def house_task(name: str, *, cached: bool = True) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a step a task with `@house_task("name")`; its result is a short list of ids or a few figures.

    Args:
        name: shown on Prefect's pages.
        cached: False for work that a retry must repeat even if it finished, because its input has grown since then.
    """
    make = task(
        name=name,
        task_run_name=_task_run_name,
        cache_policy=SameRunSameCode() if cached else NO_CACHE,
        persist_result=True,
        cache_result_in_memory=False,  # Prefect would keep the last thousand of a process
        result_serializer=RESULT_SERIALIZER,
        retries=2,
        retry_delay_seconds=[5, 30],
        retry_condition_fn=is_transient,
    )
    return lambda step: make(telling_no_secret(measured(name, step)))


def measured(name: str, step: Callable[P, R]) -> Callable[P, R]:
    """Wrap the step so that its memory is recorded if the run's is."""

    @wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with capture.step(name):
            return step(*args, **kwargs)

    return run


def telling_no_secret(step: Callable[P, R]) -> Callable[P, R]:
    """Wrap the step so that unexpected errors with secrets in their text are replaced: Prefect shows that text in logs and states."""

    @wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        hide_expected_tracebacks()
        try:
            return step(*args, **kwargs)
        except BeatporterError:
            raise
        except Exception as error:
            if all(without_secrets(said) == said for said in _said_by(error)):
                raise
            replaced = UnexpectedError(in_words(error))
        raise replaced

    return run


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help; a permanent error is final."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


def _task_run_name() -> str:
    """A task run's name with its genre, for lists of all genres, e.g. "match-tracks house"."""
    return f"{task_run.task_name} {task_run.parameters.get('genre', '')}".strip()


def _said_by(error: BaseException | None) -> Iterator[str]:
    """The texts of an error and of its causes, as a traceback prints them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield str(error)
        error = error.__cause__ or error.__context__
