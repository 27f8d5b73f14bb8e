"""Flow `retry-genres`: continue failed genres where they stopped, as *Retry* on each of their runs does.

Each keeps its run and its finished tasks, and its parent is updated at the end. In a terminal: `beatporter retry`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.failure import failed
from orchestration.parameters import GenreSlug
from orchestration.retry import retry_runs


@flow(name="retry-genres", persist_result=False)
def retry_genres(genres: list[GenreSlug] | None = None) -> Any:
    """Retry the last run of each of these genres, or of every genre whose last run failed.

    Args:
        genres: The genres to retry; empty for all failed ones.
    """
    try:
        retried = retry_runs(genres)
    except BeatporterError as error:
        return failed(error)
    return Completed(message=f"Retried: {', '.join(run.genre for run in retried)}" if retried else "No genre's last run failed.")
