"""Publishes the outcome of a genre's run that reached its end: the artifact `sync-<genre>` and the final state.

`failure` handles runs that failed on the way; `summary` makes a parent's pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from beatporter import names
from beatporter.beatport.sign_in import account_warning, open_account, uses_account
from beatporter.clock import utc_now
from beatporter.errors import ChartNotYet, SettingsError
from beatporter.memory.capture import Capture
from beatporter.playlist_kinds import PlaylistKind
from beatporter.progress import Progress, listening, report
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import load_sign_in, sign_in_warning
from beatporter.sync.outcome import (
    Outcome,
    calls_of_run,
    entry_outcomes,
    genre_outcome,
    keep_outcome,
    playlist_outcomes,
    resumes_at,
)
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.report import sync_report, utc, waiting_report
from beatporter.sync.scrape import CHALLENGED
from orchestration.artifacts import publish
from orchestration.blocks import open_account_store, open_store
from orchestration.events import chart_noted, playlist_updated, sign_in_old
from orchestration.failure import explain
from orchestration.links import genre_links
from orchestration.memory_profile import with_memory
from orchestration.run_key import run_id, run_key
from orchestration.workspace import open_workspace

Changes = dict[PlaylistKind, dict[str, Any]]
"""What a run changed in a list's playlists, or would change, by kind."""
DEFERRED = "Deferred"
STALE_AFTER = timedelta(hours=20)
"""A chart of the same day is younger, even in a run that is retried in the evening."""


class Notes(list[str]):
    """What the steps of a run report to the person.

    Attributes:
        about_chart: whether there is a note about the chart.
        challenged: an older chart is used, because Beatport asks for proof of a human.
    """

    about_chart = False
    challenged = False


@contextmanager
def notes_heard() -> Iterator[Notes]:
    """Collect what the steps in the block report, for the artifact: the chart's source, what is unusual, that an older one is used,
    why entries are deferred, what was left out of a playlist. Notes about the chart are Prefect events as well."""
    notes = Notes()

    def listen(progress: Progress) -> None:
        if progress.step in ("scrape", "match", "playlist", CHALLENGED) and progress.note:
            notes.append(progress.note)
            notes.challenged = notes.challenged or progress.step == CHALLENGED
            if progress.step in ("scrape", CHALLENGED):
                notes.about_chart = True
                chart_noted(progress.genre, progress.note, run_id())

    with listening(listen):
        yield notes


def publish_outcome(
    genre: str,
    beatport_ids: Sequence[int],
    changes: Changes,
    memory: Capture,
    notes: Notes,
    *,
    dry_run: bool = False,
) -> State[Any]:
    """Publish `sync-<genre>`, save the figures in the ledger, and return the final state: Completed, named Deferred if entries wait for a
    later run, and Challenged if an older chart is used because Beatport asks for proof of a human.

    Args:
        beatport_ids: the chart, in order.
        changes: by kind of playlist, the ids `added`; of a dry run what `preview-playlist` returned.
        memory: the run's capture, which is still recording.
        notes: from `notes_heard`.
        dry_run: nothing was changed; the ledger keeps the figures only for the parent run.
    """
    with memory.step("report"):
        return _publish_outcome(genre, beatport_ids, changes, memory, notes, dry_run=dry_run)


def _publish_outcome(
    genre: str, beatport_ids: Sequence[int], changes: Changes, memory: Capture, notes: Notes, *, dry_run: bool
) -> State[Any]:
    with open_workspace(run_key(), genre) as workspace:
        added = [track_id for change in changes.values() for track_id in change["added"]]
        entries = entry_outcomes(workspace, genre, beatport_ids, set(added), tuple(changes), dry_run=dry_run)
        outcome = genre_outcome(entries, added=len(added), spotify_calls=calls_of_run(workspace, genre))
        outcome = replace(outcome, playlists=playlist_outcomes(workspace, genre, changes))
        chart = workspace.ledger.charts.latest(workspace.genre(genre).genre_id)
        waits = waiting(outcome.deferred, resumes_at(workspace, outcome.deferred))
        ended_at = workspace.now()
        scraped_at = chart.scraped_at if chart else None
        said, challenged = list(notes), notes.challenged
        if not notes.about_chart and scraped_at and ended_at - scraped_at > STALE_AFTER and beatport_ids:
            said.insert(0, "This chart is older than today; the log of the run's first attempt says why.")
            challenged = workspace.ledger.challenges.rests_until("website", ended_at) is not None
        if challenged:
            outcome = replace(outcome, state="challenged")
        outcome = with_memory(outcome, memory)
        playlists = remembered_playlists(workspace, workspace.genre(genre), tuple(changes))
        keep_outcome(workspace, genre, outcome, run_id=run_id(), dry_run=dry_run)
    links = genre_links(genre, run_id(), {kind: one.playlist_id for kind, one in playlists.items()})
    markdown = sync_report(genre, entries, outcome, scraped_at, notes=[*said, *waits], links=links, dry_run=dry_run)
    figures = f"{outcome.matched} of {outcome.chart} on Spotify, {outcome.added} {'would be added' if dry_run else 'added'}"
    publish(names.sync_artifact(genre), markdown, f"{figures}, {outcome.deferred} deferred" if outcome.deferred else figures)
    report(Progress(genre, "done", outcome.chart, outcome.chart))
    for kind, one in playlists.items():
        if changes[kind]["added"] and not dry_run:
            playlist_updated(genre, one.playlist_id, replace(outcome, added=len(changes[kind]["added"])), run_id())
    if outcome.state == "challenged":
        return Completed(name="Challenged", message=said[0], data=asdict(outcome))
    if outcome.deferred:
        return Completed(name=DEFERRED, message=waits[0], data=asdict(outcome))
    return Completed(message=figures, data=asdict(outcome))


def publish_waiting(genre: str, error: ChartNotYet, *, dry_run: bool = False) -> State[Any]:
    """Publish `sync-<slug>` for a chart that is not out yet, and return the final state: Completed, named Waiting."""
    outcome = Outcome(state="waiting", error=None)
    with open_workspace(run_key(), genre) as workspace:
        keep_outcome(workspace, genre, outcome, run_id=run_id(), dry_run=dry_run)
    publish(names.sync_artifact(genre), waiting_report(genre, error), "waiting")
    report(Progress(genre, "done"))
    return Completed(name="Waiting", message=str(error), data=asdict(outcome))


def sign_in_notes() -> list[str]:
    """Say, also in the run's log, what to do about a sign-in to Spotify or Beatport that expires soon; empty if none does."""
    warnings = [warning for ask in (_spotify_warning, _beatport_warning) if (warning := ask())]
    for warning in warnings:
        get_run_logger().warning(warning)
        sign_in_old(warning, run_id())
    return warnings


def _spotify_warning() -> str | None:
    try:
        settings = load_settings()
        return sign_in_warning(load_sign_in(settings, open_store(settings)), utc_now())
    except SettingsError:  # the first task that needs the sign-in reports more
        return None


def _beatport_warning() -> str | None:
    try:
        settings = load_settings()
        if "api" not in settings.chart_source or not uses_account(settings):
            return None
        sign_in = open_account(settings, open_account_store(settings))
    except SettingsError:  # the step that reads the chart reports more
        return None
    return account_warning(sign_in, utc_now()) if sign_in is not None else None


def archive_notes(state: State[Any]) -> list[str]:
    """Report, also in the run's log, that archiving failed; the playlists are finished nevertheless."""
    if state.is_completed():
        return []
    note = f"The ledger was not archived: {explain(state)}"
    get_run_logger().warning(note)
    return [note]


def waiting(deferred: int, until: datetime | None) -> list[str]:
    """The sentence about what a later run has to do; empty if nothing is left."""
    if not deferred:
        return []
    entries = "1 entry waits" if deferred == 1 else f"{deferred} entries wait"
    return [f"{entries} for a later run" + (f"; Spotify can be asked again from {utc(until)}." if until else ".")]
