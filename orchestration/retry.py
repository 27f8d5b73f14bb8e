"""Retries genres whose last run did not complete: each run continues where it stopped and keeps its finished work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import AwaitingRetry

from beatporter.errors import PermanentError
from orchestration.links import absolute, run_path
from orchestration.lists import LIST_FLOWS, slug_of

PAGE = 200
PAGES = 10


@dataclass(frozen=True, slots=True)
class RetriedRun:
    """A run that continues now.

    Attributes:
        url: its page.
    """

    genre: str
    run_id: str
    url: str


def retry_runs(genres: Sequence[str] | None) -> list[RetriedRun]:
    """Retry the last run of these genres; if none is named, of every genre whose last run failed, crashed or was cancelled.

    Raises:
        PermanentError: a named genre has no run on this server, is running, or completed; then nothing is retried.
    """
    with get_client(sync_client=True) as client:
        last = _last_runs(client)
        chosen = (
            [_to_retry(slug, last.get(slug)) for slug in genres] if genres else [run for run in last.values() if _did_not_complete(run)]
        )
        for run in chosen:
            client.set_flow_run_state(run.id, AwaitingRetry(message="Retried by `beatporter retry`"))
    return [RetriedRun(_genre(run), str(run.id), absolute(run_path(run.id))) for run in chosen]


def _to_retry(slug: str, run: FlowRun | None) -> FlowRun:
    if run is None:
        raise PermanentError(f"{slug} has no run on this Prefect server.", "Start one: the deployment sync-genre, Run.")
    if not _did_not_complete(run):
        state = run.state.name if run.state else "unknown"
        raise PermanentError(f"The last run of {slug} is {state}; there is nothing to retry.", "A new run: the deployment sync-genre, Run.")
    return run


def _did_not_complete(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_final() and not run.state.is_completed()


def _last_runs(client: SyncPrefectClient) -> dict[str, FlowRun]:
    """Each genre's newest run of a deployment; other runs cannot be retried."""
    found: dict[str, FlowRun] = {}
    for run in _newest_first(client):
        if run.deployment_id is not None and _genre(run):
            found.setdefault(_genre(run), run)
    return found


def _newest_first(client: SyncPrefectClient) -> Iterator[FlowRun]:
    wanted: Any = FlowFilter(name=FlowFilterName(any_=list(LIST_FLOWS)))
    for page in range(PAGES):
        runs = client.read_flow_runs(flow_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=PAGE, offset=page * PAGE)
        yield from runs
        if len(runs) < PAGE:
            return


def _genre(run: FlowRun) -> str:
    return slug_of(run.parameters)
