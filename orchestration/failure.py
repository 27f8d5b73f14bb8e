"""The failure path: if a run does not complete, for whatever reason, its artifact and its row in the ledger say so.

Our own errors end a flow with `failed`, without a traceback. Prefect calls these hooks then, and after any other error, a time-out, a
cancellation or a crash. If the process is gone, Prefect calls them in another one on the worker; if the worker is gone as well, the
parent run does it (`orchestration.fan_out`). So nothing here may rely on an active run.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed

from beatporter import names
from beatporter.errors import BeatporterError, ChallengeShown, LedgerCorrupt, PermanentError
from beatporter.progress import Progress, report
from beatporter.settings import load_settings
from beatporter.sync.outcome import failures_in_a_row, keep_failure
from beatporter.sync.report import failure_report
from beatporter.sync.workspace import Workspace
from orchestration.artifacts import publish_for
from orchestration.events import genre_failed
from orchestration.links import run_path
from orchestration.lists import slug_of
from orchestration.redaction import without_secrets
from orchestration.results import GenresFailed, in_words
from orchestration.run_key import run_key_of
from orchestration.workspace import open_ledger_of

logger = logging.getLogger(__name__)

MAX_ERROR_CHARACTERS = 500
"""Characters kept of an unexpected error's text: some errors print their whole input."""
DAMAGED = "Damaged"
INCOMPLETE = "Incomplete"
CHALLENGED = "Challenged"
"""Names of failed states, for filtering lists of runs in the UI."""
UNEXPECTED = "Retry this run. If it fails the same way again, report it with this run's log."
DONE_STAYS = "Finished genres stay finished, and each has its own page; a retry runs the others."


class UnreadableResult(Exception):
    """A run's result cannot be read here; Prefect's storage may raise anything."""


def failed(error: BeatporterError) -> State[Any]:
    """The final state of a run after an expected failure; Prefect shows the error's message without a traceback.

    If Beatport refused to show the chart, the state is *Challenged*.
    """
    return Failed(name=CHALLENGED if isinstance(error, ChallengeShown) else None, message=str(error), data=error)


def damaged(error: LedgerCorrupt) -> State[Any]:
    """The final state of a run that found the ledger damaged and has published its findings."""
    return Failed(name=DAMAGED, message=str(error), data=error)


def incomplete(error: BeatporterError) -> State[Any]:
    """The final state of a run that did a part of its work and has published what it did."""
    return Failed(name=INCOMPLETE, message=str(error), data=error)


def report_genre_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of `sync-genre`, `sync-chart` and `sync-label`: write the artifact `sync-<slug>` and the run's row in the ledger."""
    genre = slug_of(flow_run.parameters)
    if not genre:  # Prefect refused the parameters
        return
    error = explain(state)
    report(Progress(genre, "failed", note=str(error)))
    leave_genre_failure(genre, error, _key_of(flow_run), flow_run.id, dry_run=bool(flow_run.parameters.get("dry_run")))


def report_run_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of `sync-genres`: publish the artifact `summary`, unless the run has published it already."""
    if state.is_failed() and isinstance(result_of(state), GenresFailed):
        return
    run = run_path(flow_run.id)
    shown = failure_report("The run of all genres", explain(state), _key_of(flow_run), notes=[DONE_STAYS], run=run)
    publish_for(flow_run.id, names.SUMMARY, shown, "failed")


def report_ledger_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of the flows that maintain the ledger: publish their artifact, which has the flow's name."""
    if state.name not in (DAMAGED, INCOMPLETE):
        shown = failure_report(flow.name, explain(state), _key_of(flow_run), run=run_path(flow_run.id))
        publish_for(flow_run.id, flow.name, shown, "failed")


def leave_genre_failure(genre: str, error: BeatporterError, run_key: str, flow_run_id: UUID, *, dry_run: bool) -> None:
    """Publish what happened and what to do, and record it in the ledger, if that works; a dry run records nothing."""
    ended = CHALLENGED.lower() if isinstance(error, ChallengeShown) else "failed"
    shown = failure_report(genre, error, run_key, run=run_path(flow_run_id), state=ended)
    publish_for(flow_run_id, names.sync_artifact(genre), shown, ended)
    if dry_run:
        return
    in_a_row = 1
    try:
        settings = load_settings()
        with Workspace(settings, open_ledger_of(settings), run_key=run_key, slug=genre) as workspace:
            keep_failure(workspace, genre, error, run_id=str(flow_run_id))
            in_a_row = failures_in_a_row(workspace, genre)
    except BeatporterError as problem:
        logger.warning("The failure of %s could not be recorded in the ledger: %s", genre, problem)
    genre_failed(genre, without_secrets(str(error)), type(error).__name__, in_a_row, flow_run_id)


def explain(state: State[Any]) -> BeatporterError:
    """Explain to a person why a run did not complete, and what to do."""
    if state.is_cancelling() or state.is_cancelled():
        return PermanentError("The run was cancelled.", "Retry it to continue.")
    error = result_of(state) if state.is_failed() and state.name != "TimedOut" else None
    if isinstance(error, BeatporterError):
        return error
    if isinstance(error, BaseException) and not isinstance(error, UnreadableResult):
        return PermanentError(f"Something unexpected happened: {_shown(in_words(error))}", UNEXPECTED)
    return PermanentError(
        _shown(f"{state.name}: {state.message}" if state.message else f"The run ended as {state.name}."), "Retry this run."
    )


def result_of(state: State[Any]) -> Any:
    """The state's result: an error if the run failed, None if it stored nothing, `UnreadableResult` if it cannot be read."""
    if state.data is None:
        return None
    try:
        return state.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - whatever became of one genre, its parent collects the others
        return UnreadableResult(str(error))


def _shown(text: str) -> str:
    """The text on one line, shortened, without secrets."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= MAX_ERROR_CHARACTERS else f"{line[:MAX_ERROR_CHARACTERS]}…"


def _key_of(flow_run: FlowRun) -> str:
    """The run's key; without Prefect's server the run's own id, which is the key of a run without a parent."""
    try:
        return run_key_of(flow_run)
    except HTTPError:
        return str(flow_run.id)
