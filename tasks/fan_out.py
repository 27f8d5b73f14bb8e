"""Runs the genres of a parent run and collects what became of each; no genre's failure ends the others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from beatporter.errors import BeatporterError
from beatporter.genres import find_genre
from beatporter.progress import Progress, report
from beatporter.quota.allocation import QuotaAllocator
from beatporter.settings import load_settings
from beatporter.sync.allocation import open_allocator
from beatporter.sync.outcome import Outcome, failed_outcome
from tasks._artifacts import progress_shown
from tasks._genre_runs import GenreRuns
from tasks._workspace import open_workspace

POLL_S = 2.0


def chosen_genres(genres: Sequence[str] | None) -> list[str]:
    """The slugs to run, each once and each known.

    Raises:
        UnknownGenre: before anything is run.
    """
    settings = load_settings()
    known = settings.all_genres()
    return list(dict.fromkeys(find_genre(slug, known).slug for slug in genres or settings.enabled_genres()))


def run_inline(genre_flow: Callable[..., Any], slugs: Sequence[str], run_key: str, *, dry_run: bool) -> dict[str, Outcome]:
    """Run the genres in this process, one after the other."""
    outcomes = {}
    allocator = _allocator(slugs, run_key)
    with progress_shown(len(slugs)) as finished:
        for slug in allocator.order:
            state = genre_flow(genre=slug, run_key=run_key, max_searches=allocator.grant(slug), dry_run=dry_run, return_state=True)
            outcomes[slug] = genre_result(state, slug, run_key)
            allocator.settle(slug, outcomes[slug].spotify_calls)
            finished()
    return {slug: outcomes[slug] for slug in slugs}


def run_deployments(deployment: str, slugs: Sequence[str], run_key: str, *, at_once: int, dry_run: bool) -> dict[str, Outcome]:
    """Run the genres through their deployment, at most `at_once` at a time, and wait for all of them.

    A parent that is retried goes on with the runs of its earlier attempt: completed ones are not run again, failed ones are retried.
    """
    outcomes: dict[str, Outcome] = {}
    allocator = _allocator(slugs, run_key)
    waiting = deque(allocator.order)
    with progress_shown(len(slugs)) as finished, get_client(sync_client=True) as client:
        runs = GenreRuns(client, deployment, run_key, slugs)
        while waiting or runs.at_work:
            while waiting and len(runs.at_work) < at_once:
                slug = waiting.popleft()
                runs.start(slug, max_searches=allocator.grant(slug), dry_run=dry_run)
            for slug, state in runs.ended():
                outcomes[slug] = genre_result(state, slug, run_key)
                allocator.settle(slug, outcomes[slug].spotify_calls)
                report(Progress(slug, "failed" if outcomes[slug].state == "failed" else "done"))
                finished()
            if runs.at_work:
                time.sleep(POLL_S)
    return {slug: outcomes[slug] for slug in slugs}


def genre_result(state: State[Any], slug: str, run_key: str) -> Outcome:
    """A genre's outcome from the state its run ended in; of one that did not complete, what the ledger knows."""
    try:
        result = state.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - whatever became of one genre, its parent collects the others
        result = error
    if state.is_completed() and isinstance(result, dict):
        return Outcome(**result)
    said = str(result) if isinstance(result, BaseException) else state.message or ""
    if state.is_completed():
        said = f"The genre completed, but its result cannot be read; every worker has to reach Prefect's result storage. {said}"
    elif not isinstance(result, BeatporterError):
        said = f"{state.name}: {said}" if said else f"The run ended as {state.name}."
    try:
        with open_workspace(run_key, slug) as workspace:
            return failed_outcome(workspace, slug, said)
    except BeatporterError:  # the ledger, which is perhaps why the genre failed
        return Outcome(state="failed", error=said)


def _allocator(slugs: Sequence[str], run_key: str) -> QuotaAllocator:
    with open_workspace(run_key) as workspace:
        return open_allocator(workspace, slugs)
