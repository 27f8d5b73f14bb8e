"""How a genre's run ended, kept in the ledger: for `beatporter status`, for its parent run, and to find what changed a playlist."""

from __future__ import annotations

from dataclasses import fields, replace

from beatporter.errors import BeatporterError
from beatporter.records.ledger import RunRow
from beatporter.sync.outcome import Outcome
from beatporter.sync.workspace import Workspace


def keep_outcome(workspace: Workspace, slug: str, outcome: Outcome, *, run_id: str = "", dry_run: bool = False) -> None:
    """Keep the end of a run that came to it.

    Args:
        run_id: of the genre's own run, as the scheduler knows it.
        dry_run: it wrote nothing; only its parent run asks what it came to.
    """
    figures = {field.name: getattr(outcome, field.name) for field in fields(RunRow) if hasattr(outcome, field.name)}
    _keep(workspace, slug, RunRow(**figures, genre_id=0, at=workspace.now(), run_id=run_id or None, dry_run=int(dry_run)))


def keep_failure(workspace: Workspace, slug: str, error: BeatporterError, *, run_id: str = "") -> None:
    """Keep that a run failed, and why."""
    row = RunRow(0, "failed", 0, 0, 0, str(error), workspace.now(), run_id=run_id or None, error_type=type(error).__name__)
    _keep(workspace, slug, row)


def kept_outcome(workspace: Workspace, slug: str) -> Outcome | None:
    """What the genre's last run under the workspace's run key came to; None when it did not end yet, or a version before kept it."""
    row = workspace.ledger.runs.of_run(workspace.run_key).get(workspace.genre(slug).genre_id)
    return None if row is None else outcome_of(row)


def outcome_of(row: RunRow) -> Outcome:
    """A kept run's figures."""
    known = {field.name: value for field in fields(Outcome) if (value := getattr(row, field.name)) is not None}
    return Outcome(**known)


def failures_in_a_row(workspace: Workspace, slug: str, most: int = 30) -> int:
    """How many of the genre's last runs failed one after the other, `most` at most."""
    rows = workspace.ledger.runs.recent(workspace.genre(slug).genre_id, most)
    return next((number for number, row in enumerate(rows) if row.state != "failed"), len(rows))


def _keep(workspace: Workspace, slug: str, row: RunRow) -> None:
    genre_id = workspace.genre(slug).genre_id
    playlist = workspace.ledger.playlists.latest(genre_id)
    kept = replace(row, genre_id=genre_id, run_key=workspace.run_key, playlist_id=playlist.playlist_id if playlist else None)
    workspace.ledger.runs.append(kept)
