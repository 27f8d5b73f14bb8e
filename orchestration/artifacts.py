"""Publishes artifacts. They are only for display: if Prefect's server rejects one, the run logs that and continues.

If the server is down, the run waits for it, since its own state has to wait as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey

from beatporter import names
from orchestration.server import patiently

logger = logging.getLogger(__name__)


def publish(key: str, markdown: str, description: str) -> None:
    """Publish a new version of the Markdown artifact `key` for the current run.

    Args:
        description: one line without markup, for the list of artifacts.
    """
    try:
        patiently(lambda: create_markdown_artifact(markdown, key=key, description=description), look_first=True)
    except HTTPError as error:
        _warn(key, error)


def publish_for(flow_run_id: UUID, key: str, markdown: str, description: str) -> None:
    """Publish for a run that has ended: from a hook, which may be a separate process, or from another run."""
    try:
        artifact = ArtifactCreate(type="markdown", key=key, data=markdown, description=description, flow_run_id=flow_run_id)
        with get_client(sync_client=True) as client:
            client.create_artifact(artifact)
    except (HTTPError, ValueError) as error:  # ValueError: Prefect rejects the key
        _warn(key, error)


def latest_versions(client: SyncPrefectClient, keys: Sequence[str]) -> Mapping[str, UUID]:
    """The id of the newest version of each of these artifacts that exists."""
    wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=list(keys)))
    return {found.key: found.latest_id for found in client.read_latest_artifacts(artifact_filter=wanted) if found.key}


@contextmanager
def progress_shown(total: int) -> Iterator[Callable[[], None]]:
    """Show a progress artifact; yields a function that advances it by one genre."""
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


def _warn(key: str, error: Exception) -> None:
    logger.warning("Prefect's server rejected the artifact %s: %s", key, str(error) or type(error).__name__)
