"""Publishes artifacts. They are for looking at: when Prefect's server does not take one, the run says so in its log and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger

from beatporter import names


def publish(key: str, markdown: str, description: str) -> None:
    """A new version of the Markdown artifact `key`.

    Args:
        description: one line without markup; the list of artifacts shows it.
    """
    try:
        create_markdown_artifact(markdown, key=key, description=description)
    except HTTPError as error:
        _warn(key, error)


@contextmanager
def progress_shown(total: int) -> Iterator[Callable[[], None]]:
    """A progress artifact that moves on by one genre with every call of what it yields."""
    artifact = _begin(total)
    done = 0

    def finished() -> None:
        nonlocal done
        done += 1
        if artifact is None:
            return
        try:
            update_progress_artifact(artifact_id=artifact, progress=100.0 * done / total, description=f"{done} of {total} genres done")
        except HTTPError as error:
            _warn(names.PROGRESS, error)

    yield finished


def _begin(total: int) -> UUID | None:
    try:
        return cast("UUID", create_progress_artifact(progress=0.0, key=names.PROGRESS, description=f"0 of {total} genres done"))
    except HTTPError as error:
        _warn(names.PROGRESS, error)
        return None


def _warn(key: str, error: HTTPError) -> None:
    get_run_logger().warning("Prefect's server did not take the artifact %s: %s", key, str(error) or type(error).__name__)
