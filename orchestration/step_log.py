"""A run's log at INFO: a line for each step, and some lines during the long one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.logging import get_run_logger

from beatporter.errors import BeatporterError
from beatporter.progress import Progress, listening
from orchestration.results import GenresFailed

LOGGERS = ("prefect.task_runs", "prefect.flow_runs", "prefect.engine")
ENGINE_ENDED = "Engine execution"
"""The beginning of the record in which Prefect's engine repeats a failed run's error with a traceback."""


def say(line: str) -> None:
    """Log a step's result in one line."""
    get_run_logger().info(line)


@contextmanager
def progress_logged(step: str, words: str) -> Iterator[None]:
    """Log a step's progress whenever it reports it.

    Args:
        step: as `Progress` names it.
        words: with `{done}` and `{total}`.
    """
    logger = get_run_logger()

    def listen(progress: Progress) -> None:
        if progress.step == step and 0 < progress.done < progress.total:
            logger.info(f"{progress.genre}: {words.format(done=progress.done, total=progress.total)}")

    with listening(listen):
        yield


class WithoutExpectedTracebacks(logging.Filter):
    """Removes the traceback from log records about our own errors: their messages say what happened and what to do.

    Drops a record that has only a traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(raised, BeatporterError | GenresFailed):
            return True
        record.exc_info = record.exc_text = None
        return not str(record.msg).startswith(ENGINE_ENDED)


def hide_expected_tracebacks() -> None:
    """Make Prefect log an expected failure in one line; once per process."""
    for logger in map(logging.getLogger, LOGGERS):
        if not any(isinstance(one, WithoutExpectedTracebacks) for one in logger.filters):
            logger.addFilter(WithoutExpectedTracebacks())
