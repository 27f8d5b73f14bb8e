"""Runs the genres of a parent run and collects their outcomes; a failed genre does not stop the others."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State

from beatporter import names
from beatporter.errors import BeatporterError
from beatporter.memory.garbage import loaded_objects_set_aside
from beatporter.progress import Progress, report
from beatporter.quota.allocation import QuotaAllocator
from beatporter.settings import Settings, load_settings
from beatporter.sync.open_allocator import open_allocator
from beatporter.sync.outcome import Outcome, failed_outcome, kept_outcome
from orchestration.artifacts import latest_versions, progress_shown
from orchestration.failure import UnreadableResult, explain, leave_genre_failure, result_of
from orchestration.genre_runs import REPORT_WITHIN_S, EndedRun, GenreRuns
from orchestration.heartbeat import own_heartbeats
from orchestration.lists import Parameter, parameter_of
from orchestration.parameters import ChosenKinds
from orchestration.run_key import inline_runs, run_key
from orchestration.server import patiently
from orchestration.workspace import open_workspace

logger = logging.getLogger(__name__)

POLL_S = 2.0
OUT_OF_REACH = "The genre completed, but the ledger has no record of it; every worker must use the same BEATPORTER_DATABASE. {problem}"


def chosen_genres(genres: Sequence[str] | None) -> list[str]:
    """The slugs to run, each once and each known; without a choice those of charts and labels as well.

    Raises:
        UnknownGenre, UnknownChart: before any run starts.
    """
    settings = load_settings()
    return list(dict.fromkeys(settings.find_list(slug).slug for slug in genres or settings.enabled_lists()))


def run_inline(
    flows: Mapping[Parameter, Callable[..., Any]], slugs: Sequence[str], *, kinds: ChosenKinds = None, dry_run: bool
) -> dict[str, Outcome]:
    """Run genres, charts and labels in this process, one after the other.

    Args:
        flows: by the name of the parameter that takes the slug.
        kinds: the kinds of playlist to update; empty for those of the settings.
    """
    outcomes = {}
    settings = load_settings()
    allocator = _allocator(slugs)
    with progress_shown(len(slugs)) as finished, inline_runs(), own_heartbeats(), loaded_objects_set_aside() as free_cycles:
        for slug in allocator.order:
            which = parameter_of(slug, settings)
            state = flows[which](**{which: slug}, kinds=kinds, max_searches=allocator.grant(slug), dry_run=dry_run, return_state=True)
            outcomes[slug] = genre_result(state, slug)
            allocator.settle(slug, outcomes[slug].spotify_calls)
            finished()
            free_cycles()
    return {slug: outcomes[slug] for slug in slugs}


def run_deployments(
    deployments: Mapping[Parameter, str], slugs: Sequence[str], *, kinds: ChosenKinds = None, max_concurrent: int, dry_run: bool
) -> dict[str, Outcome]:
    """Run genres, charts and labels through their deployments, at most `max_concurrent` at a time, and wait for all of them.

    A retried parent continues with the runs of its earlier attempt: it retries failed ones and does not repeat completed ones. A run
    that crashes is retried once.
    """
    outcomes: dict[str, Outcome] = {}
    retried: set[str] = set()
    failures: list[EndedRun] = []
    allocator = _allocator(slugs)
    waiting = deque(allocator.order)
    with progress_shown(len(slugs)) as finished, get_client(sync_client=True) as client:
        reports = patiently(lambda: latest_versions(client, [names.sync_artifact(slug) for slug in slugs]))
        settings = load_settings()
        runs = GenreRuns(client, {slug: _deployment(deployments, slug, settings) for slug in slugs}, run_key())
        while waiting or runs.at_work:
            while waiting and len(runs.at_work) < max_concurrent:
                slug = waiting.popleft()
                runs.start(slug, kinds=kinds, max_searches=allocator.grant(slug), dry_run=dry_run)
            for run in runs.ended():
                if run.died and run.slug not in retried:
                    logger.warning("%s crashed and is retried: %s", run.slug, explain(run.state))
                    retried.add(run.slug)
                    runs.retry(run)
                    continue
                outcome = outcomes[run.slug] = genre_result(run.state, run.slug)
                failures += [run] * (not run.state.is_completed())
                allocator.settle(run.slug, outcome.spotify_calls)
                report(Progress(run.slug, "failed" if outcome.state == "failed" else "done"))
                finished()
            if runs.at_work:
                time.sleep(POLL_S)
        leave_missing_reports(client, failures, reports, dry_run=dry_run)
    return {slug: outcomes[slug] for slug in slugs}


def _deployment(deployments: Mapping[Parameter, str], slug: str, settings: Settings) -> tuple[str, Parameter]:
    which = parameter_of(slug, settings)
    return deployments[which], which


def genre_result(state: State[Any], slug: str) -> Outcome:
    """A genre's outcome as its run recorded it in the ledger, which every machine reaches; for a failed run, what else the ledger knows.

    The figures of each playlist are only in the run's own result, where that is within reach.
    """
    if state.is_completed():
        kept, result = _kept(slug), result_of(state)
        if kept is not None and kept.state != "failed":
            return replace(kept, playlists=result.get("playlists", {})) if isinstance(result, dict) else kept
        if isinstance(result, dict):
            return Outcome(**result)
        said = OUT_OF_REACH.format(problem=result if isinstance(result, UnreadableResult) else "").strip()
    else:
        said = str(explain(state))
    try:
        with open_workspace(run_key(), slug) as workspace:
            return failed_outcome(workspace, slug, said)
    except BeatporterError:  # the ledger, and perhaps that is why the genre failed
        return Outcome(state="failed", error=said)


def _kept(slug: str) -> Outcome | None:
    try:
        with open_workspace(run_key(), slug) as workspace:
            return kept_outcome(workspace, slug)
    except BeatporterError:  # the run's own result may be readable
        return None


def leave_missing_reports(
    client: SyncPrefectClient,
    failures: Sequence[EndedRun],
    before: Mapping[str, UUID],
    *,
    dry_run: bool,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Report each failed run that neither it nor its worker could report: one that was given up, or never began.

    Args:
        failures: the runs that did not complete.
        before: the newest version of each genre's artifact before the runs started.
    """
    end = clock() + REPORT_WITHIN_S
    missing = {names.sync_artifact(run.slug): run for run in failures}
    while missing := _unreported(client, missing, before):
        if clock() >= end:
            break
        sleep(POLL_S)
    for run in missing.values():
        leave_genre_failure(run.slug, explain(run.state), run_key(), run.run_id, dry_run=dry_run)


def _unreported(client: SyncPrefectClient, failures: Mapping[str, EndedRun], before: Mapping[str, UUID]) -> dict[str, EndedRun]:
    """The failed runs without a new artifact; all of them if the server cannot be asked."""
    try:
        now = latest_versions(client, list(failures)) if failures else {}
    except HTTPError as error:
        logger.warning("Prefect's server cannot be asked for the failed genres' artifacts: %s", error)
        return dict(failures)
    return {key: run for key, run in failures.items() if now.get(key) == before.get(key)}


def _allocator(slugs: Sequence[str]) -> QuotaAllocator:
    with open_workspace(run_key()) as workspace:
        return open_allocator(workspace, slugs)
