"""Publishes artifacts. They are for looking at: when Prefect's server does not take one, the run says so in its log and goes on.

A server that is away is waited for, since the run's own state has to wait for it too.
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
    """A new version of the Markdown artifact `key`, of the present run.

    Args:
        description: one line without markup; the list of artifacts shows it.
    """
    try:
        patiently(lambda: create_markdown_artifact(markdown, key=key, description=description), look_first=True)
    except HTTPError as error:
        _warn(key, error)


def publish_for(flow_run_id: UUID, key: str, markdown: str, description: str) -> None:
    """The same for a run that has ended: from a hook, which may be a process of its own, or from another run."""
    try:
        artifact = ArtifactCreate(type="markdown", key=key, data=markdown, description=description, flow_run_id=flow_run_id)
        with get_client(sync_client=True) as client:
            client.create_artifact(artifact)
    except (HTTPError, ValueError) as error:  # ValueError: Prefect takes no such key
        _warn(key, error)


def latest_versions(client: SyncPrefectClient, keys: Sequence[str]) -> Mapping[str, UUID]:
    """The newest version's id of each of these artifacts that there is."""
    wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=list(keys)))
    return {found.key: found.latest_id for found in client.read_latest_artifacts(artifact_filter=wanted) if found.key}


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


def _warn(key: str, error: Exception) -> None:
    logger.warning("Prefect's server did not take the artifact %s: %s", key, str(error) or type(error).__name__)
