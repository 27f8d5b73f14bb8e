"""Publishes a parent run's pages `summary`, `missing`, `memory` and `briefing`, and sets its final state.

It uses each genre's outcome, when the parent ends and again after a genre was retried alone, see `parent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.playlist_kinds import PlaylistKind
from beatporter.records.ledger import RememberedPlaylist, RunRow
from beatporter.spotify.sign_in import load_sign_in, sign_in_words
from beatporter.sync.briefing import read_briefing
from beatporter.sync.briefing_page import briefing_markdown, readiness
from beatporter.sync.missing import read_missing
from beatporter.sync.missing_page import missing_headline, missing_markdown
from beatporter.sync.outcome import Outcome, calls_of_run, resumes_at
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.report import GenreLinks, headline, summary_report
from beatporter.sync.streaks import days_running, is_challenged, is_deferred
from beatporter.sync.workspace import Workspace
from orchestration.artifacts import latest_versions, publish_for
from orchestration.events import chart_challenged, quota_deferred
from orchestration.links import artifact_path, genre_links
from orchestration.memory_profile import publish_memory
from orchestration.report import DEFERRED, waiting
from orchestration.results import GenresFailed
from orchestration.run_key import run_id, run_key
from orchestration.workspace import open_workspace


def publish_summary(outcomes: Mapping[str, Outcome], *, one_process: bool, notes: Sequence[str] = (), dry_run: bool = False) -> State[Any]:
    """Publish the current parent's pages and return its final state: Failed with the names of the failed genres, else Completed.

    The state's data is the document that `beatporter sync --json` prints; in a failed state it is the error with that document.

    Args:
        one_process: the genres ran in this process.
        notes: sentences for the person, shown above the figures.
        dry_run: nothing was written, so no event reports waiting entries.
    """
    publish_memory(outcomes, one_process=one_process)
    return conclude(outcomes, run_key(), UUID(run_id()), notes=notes, dry_run=dry_run)


def conclude(outcomes: Mapping[str, Outcome], key: str, parent: UUID, *, notes: Sequence[str] = (), dry_run: bool = False) -> State[Any]:
    """Publish `summary`, `missing` and `briefing` for a parent run and return its final state.

    Args:
        key: the parent's run key.
        dry_run: nothing was written, so no event reports waiting entries or refused charts.
    """
    with open_workspace(key) as workspace:
        rows = workspace.ledger.runs.of_run(key)
        calls = calls_of_run(workspace) + sum(outcome.spotify_calls for outcome in outcomes.values())
        left = workspace.budget.left(workspace.now())
        deferred = sum(outcome.deferred for outcome in outcomes.values())
        waits = waiting(deferred, resumes_at(workspace, deferred))
        ended_at = workspace.now()
        links = _links(
            {slug: rows.get(workspace.genre(slug).genre_id) for slug in outcomes},
            {slug: remembered_playlists(workspace, workspace.genre(slug)) for slug in outcomes},
            {slug: workspace.ledger.runs.last_change(workspace.genre(slug).genre_id) for slug in outcomes},
        )
        read = read_briefing(workspace, list(outcomes), _sign_ins(workspace))
        missing = read_missing(workspace, list(outcomes))
        if not dry_run:
            _tell(workspace, deferred, calls, parent)
    publish_for(parent, names.MISSING, missing_markdown(missing, ended_at), missing_headline(missing))
    pages = ((missing_headline(missing), artifact_path(names.MISSING)),)
    said, line = [*notes, *waits], headline(outcomes, dry_run=dry_run)
    markdown = summary_report(
        outcomes,
        spotify_calls=calls,
        budget_left=left,
        ended_at=ended_at,
        notes=said,
        links=links,
        pages=pages,
        dry_run=dry_run,
    )
    publish_for(parent, names.SUMMARY, markdown, line + (f", {deferred} deferred" if deferred else ""))
    publish_for(parent, names.BRIEFING, briefing_markdown(read, links), readiness(read))
    genres = {slug: outcome.document() for slug, outcome in outcomes.items()}
    document = {"genres": genres, "spotify_calls": calls, "budget_left": left}
    if any(outcome.state == "failed" for outcome in outcomes.values()):
        return Failed(message=line, data=GenresFailed(line, document))
    if deferred:
        return Completed(name=DEFERRED, message=waits[0], data=document)
    return Completed(message=line, data=document)


def _links(
    rows: Mapping[str, RunRow | None],
    playlists: Mapping[str, Mapping[PlaylistKind, RememberedPlaylist]],
    changes: Mapping[str, RunRow | None],
) -> dict[str, GenreLinks]:
    """What each genre's name leads to: its run, its page as it is now, its playlists, and the run that changed that last."""
    try:
        with get_client(sync_client=True) as client:
            pages = latest_versions(client, [names.sync_artifact(slug) for slug in rows])
    except HTTPError:  # the link to the list of versions works without it
        pages = {}
    return {
        slug: genre_links(
            slug,
            row.run_id if row else None,
            {kind: one.playlist_id for kind, one in playlists[slug].items()},
            pages.get(names.sync_artifact(slug)),
            change.run_id if (change := changes.get(slug)) else None,
        )
        for slug, row in rows.items()
    }


def _sign_ins(workspace: Workspace) -> list[str]:
    try:
        words = sign_in_words(load_sign_in(workspace.settings, workspace.sign_in_store), workspace.now())
    except SettingsError as error:
        return [str(error)]
    return [f"Spotify sign-in: {words}"]


def _tell(workspace: Workspace, deferred: int, calls: int, parent: UUID) -> None:
    """Send the events that concern the whole account."""
    if deferred:
        quota_deferred(deferred, calls, days_running(workspace, is_deferred), parent)
    refused = days_running(workspace, is_challenged)
    if refused.days:
        slugs = {one.genre_id: slug for slug, one in workspace.settings.all_lists().items()}
        chart_challenged([slugs[number] for number in refused.genre_ids if number in slugs], refused, parent)
