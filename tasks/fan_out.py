"""Runs the genres of a parent run and collects what became of each; no genre's failure ends the others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment

from beatporter.genres import find_genre
from beatporter.progress import Progress, report
from beatporter.settings import load_settings
from beatporter.sync.allowance import Purse, open_purse
from beatporter.sync.outcome import Outcome
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
    purse = _purse(slugs, run_key)
    with _progress(len(slugs)) as finished:
        for slug in slugs:
            state = genre_flow(genre=slug, run_key=run_key, allowance=purse.grant(slug), dry_run=dry_run, return_state=True)
            outcomes[slug] = genre_result(state)
            purse.settle(slug, outcomes[slug].spotify_calls)
            finished()
    return outcomes


def run_deployments(deployment: str, slugs: Sequence[str], run_key: str, *, at_once: int, dry_run: bool) -> dict[str, Outcome]:
    """Run the genres through their deployment, at most `at_once` at a time, and wait for all of them."""
    waiting, running = deque(slugs), dict[UUID, str]()
    outcomes: dict[str, Outcome] = {}
    purse = _purse(slugs, run_key)
    with _progress(len(slugs)) as finished, get_client(sync_client=True) as client:
        while waiting or running:
            while waiting and len(running) < at_once:
                slug = waiting.popleft()
                parameters = {"genre": slug, "run_key": run_key, "allowance": purse.grant(slug), "dry_run": dry_run}
                run = cast("FlowRun", run_deployment(deployment, parameters=parameters, timeout=0))
                running[run.id] = slug
            time.sleep(POLL_S)
            for run_id in list(running):
                state = client.read_flow_run(run_id).state
                if state is not None and state.is_final():
                    slug = running.pop(run_id)
                    outcomes[slug] = genre_result(state)
                    purse.settle(slug, outcomes[slug].spotify_calls)
                    report(Progress(slug, "failed" if outcomes[slug].state == "failed" else "done"))
                    finished()
    return {slug: outcomes[slug] for slug in slugs}


def genre_result(state: State[Any]) -> Outcome:
    """A genre's outcome from the state its run ended in."""
    if state.is_completed():
        return Outcome(**state.result())
    result = state.result(raise_on_failure=False)
    return Outcome(state="failed", error=str(result) if isinstance(result, BaseException) else state.message or str(state.type))


def _purse(slugs: Sequence[str], run_key: str) -> Purse:
    with open_workspace(run_key) as workspace:
        return open_purse(workspace, slugs)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A Prefect progress artifact that moves on with every call of what it yields."""
    artifact = cast("UUID", create_progress_artifact(progress=0.0, description=f"{total} genres"))
    done = 0

    def finished() -> None:
        nonlocal done
        done += 1
        update_progress_artifact(artifact_id=artifact, progress=100.0 * done / total, description=f"{done} of {total} genres")

    yield finished
