"""Updates a parent run after one of its genres was retried alone: its pages and its final state."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound

from beatporter.errors import BeatporterError
from beatporter.sync.outcome import Outcome, kept_outcome
from orchestration.fan_out import chosen_genres
from orchestration.run_key import is_inline, run_key_of
from orchestration.summary import conclude
from orchestration.workspace import open_workspace

logger = logging.getLogger(__name__)

NOT_RUN = "This genre was not run."


def update_parent(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of `sync-genre`: update a parent that has already ended; a running one does that itself."""
    if flow_run.parent_task_run_id is None or is_inline() or flow_run.parameters.get("dry_run"):
        return
    try:
        with get_client(sync_client=True) as client:
            parent = _ended_parent(client, flow_run.parent_task_run_id)
            if parent is not None:
                _conclude_again(client, parent, run_key_of(flow_run))
    except (HTTPError, ObjectNotFound, BeatporterError) as problem:
        logger.warning("The parent run could not be updated: %s", problem)


def _ended_parent(client: SyncPrefectClient, parent_task_run_id: UUID) -> FlowRun | None:
    """The parent's run if it has ended; None while it is running."""
    parent_id = client.read_task_run(parent_task_run_id).flow_run_id
    if parent_id is None:
        return None
    parent = client.read_flow_run(parent_id)
    return parent if parent.state is not None and parent.state.is_final() else None


def _conclude_again(client: SyncPrefectClient, parent: FlowRun, key: str) -> None:
    """Publish the parent's pages again from the ledger, and set the resulting state."""
    slugs = chosen_genres(parent.parameters.get("genres"))
    with open_workspace(key) as workspace:
        found = {slug: kept_outcome(workspace, slug) for slug in slugs}
    outcomes = {slug: outcome or Outcome(state="failed", error=NOT_RUN) for slug, outcome in found.items()}
    ended = conclude(outcomes, key, parent.id, dry_run=bool(parent.parameters.get("dry_run")))
    plain: State[Any] = State(type=ended.type, name=ended.name, message=ended.message)
    client.set_flow_run_state(parent.id, plain, force=True)
