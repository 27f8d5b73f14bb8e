"""What a run's log says of its work at INFO: a line for each step, and a line now and then within the long one."""

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
"""How Prefect's engine begins when it repeats, with a traceback, what a failed run has said."""


def say(line: str) -> None:
    """A step's result, as one line of the run's log."""
    get_run_logger().info(line)


@contextmanager
def progress_logged(step: str, words: str) -> Iterator[None]:
    """Log how far a step has come, whenever it reports it.

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
    """Takes the traceback from a log record about an error of ours: its own words say what happened and what to do.

    A record that has nothing beside the traceback is dropped.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(raised, BeatporterError | GenresFailed):
            return True
        record.exc_info = record.exc_text = None
        return not str(record.msg).startswith(ENGINE_ENDED)


def hide_expected_tracebacks() -> None:
    """Have Prefect log an expected failure in one line; once a process."""
    for logger in map(logging.getLogger, LOGGERS):
        if not any(isinstance(one, WithoutExpectedTracebacks) for one in logger.filters):
            logger.addFilter(WithoutExpectedTracebacks())
