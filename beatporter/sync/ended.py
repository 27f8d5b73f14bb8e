"""How a genre's run ended, kept in the ledger for `beatporter status`."""

from __future__ import annotations

from beatporter.errors import BeatporterError
from beatporter.records.ledger import RunRow
from beatporter.sync.outcome import Outcome
from beatporter.sync.workspace import Workspace


def keep_outcome(workspace: Workspace, slug: str, outcome: Outcome) -> None:
    """Keep the end of a run that came to it."""
    genre_id = workspace.genre(slug).genre_id
    row = RunRow(genre_id, outcome.state, outcome.added, outcome.not_found, outcome.deferred, outcome.error, workspace.now())
    workspace.ledger.runs.append(row)


def keep_failure(workspace: Workspace, slug: str, error: BeatporterError) -> None:
    """Keep that a run failed, and why."""
    workspace.ledger.runs.append(RunRow(workspace.genre(slug).genre_id, "failed", 0, 0, 0, str(error), workspace.now()))
