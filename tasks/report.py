"""Publishes what became of a run: the artifacts `sync-<genre>` and `summary`, and the state that the run ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from beatporter import names
from beatporter.errors import BeatporterError
from beatporter.memory.capture import Capture
from beatporter.progress import Progress, report
from beatporter.sync.outcome import Outcome, entry_outcomes, escape, genre_outcome, summary_report, sync_report
from beatporter.sync.workspace import calls_key
from tasks._workspace import open_workspace

RUN_LASTS = timedelta(days=2)
"""How far back a run's calls are looked for, retries by hand counted in."""


@contextmanager
def failure_shown(genre: str, run_key: str) -> Iterator[None]:
    """When the genre fails within, say so in its artifact before the error goes on."""
    try:
        yield
    except BeatporterError as error:
        report(Progress(genre, "failed", note=str(error)))
        remedy = escape(error.remedy) or "Retry this run."
        markdown = f"# {genre}: failed\n\n{escape(error.what)}\n\n**What to do:** {remedy}\n\nRun key: {run_key}"
        create_markdown_artifact(markdown, key=names.sync_artifact(genre), description=f"{genre} failed")
        raise


def publish_outcome(genre: str, run_key: str, beatport_ids: Sequence[int], added: Sequence[str], memory: Capture) -> State[Any]:
    """Publish `sync-<genre>` and return the run's end: Completed, named Deferred when entries wait for a later run."""
    with open_workspace(run_key, genre) as workspace:
        entries = entry_outcomes(workspace, genre, beatport_ids, added)
        calls = workspace.ledger.calls.by_kind(workspace.now() - RUN_LASTS, calls_key(run_key, genre))
        chart = workspace.ledger.charts.latest(workspace.genre(genre).genre_id)
        until = workspace.ledger.calls.quota_until()
    outcome = replace(
        genre_outcome(entries, added=len(added), spotify_calls=sum(calls.values())),
        peak_memory_mb=memory.peak_rss_bytes / 2**20 if memory.peak_rss_bytes else None,
        duration_s=round(memory.duration_s, 2),
    )
    note = f"{outcome.deferred} entries were left for a later run" + (
        f"; Spotify's quota is back at {until:%Y-%m-%d %H:%M} UTC." if until else "."
    )
    markdown = sync_report(genre, entries, outcome, chart.scraped_at if chart else None, note=note if outcome.deferred else "")
    create_markdown_artifact(markdown, key=names.sync_artifact(genre), description=f"{outcome.matched} matched, {outcome.added} added")
    report(Progress(genre, "done", outcome.chart, outcome.chart))
    if outcome.deferred:
        return Completed(name="Deferred", message=note, data=asdict(outcome))
    return Completed(message=f"{outcome.added} added, {outcome.matched} of {outcome.chart} on Spotify", data=asdict(outcome))


def publish_summary(outcomes: Mapping[str, Outcome], run_key: str) -> State[Any]:
    """Publish `summary` and return the parent's end: Failed with the names of the genres that failed, else Completed.

    The state's data is the document that `beatporter sync --json` prints.
    """
    with open_workspace(run_key) as workspace:
        listing = sum(workspace.ledger.calls.by_kind(workspace.now() - RUN_LASTS, calls_key(run_key)).values())
        left = workspace.budget.left(workspace.now())
    calls = listing + sum(outcome.spotify_calls for outcome in outcomes.values())
    document = {"genres": {slug: asdict(outcome) for slug, outcome in outcomes.items()}, "spotify_calls": calls, "budget_left": left}
    failed = [slug for slug, outcome in outcomes.items() if outcome.state == "failed"]
    deferred = sum(outcome.deferred for outcome in outcomes.values())
    markdown = summary_report(outcomes, spotify_calls=calls, budget_left=left)
    create_markdown_artifact(markdown, key=names.SUMMARY, description=f"{len(outcomes)} genres, {len(failed)} failed, {deferred} deferred")
    if failed:
        return Failed(message=f"{len(failed)} of {len(outcomes)} genres failed: {', '.join(failed)}", data=document)
    if deferred:
        return Completed(name="Deferred", message=f"{deferred} entries wait for a later run", data=document)
    return Completed(data=document)
