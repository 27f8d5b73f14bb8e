"""Counts from the ledger's runs how many days in a row something happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from beatporter.records.ledger import RunRow
from beatporter.sync.workspace import Workspace

LONGEST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row, including today.

    Attributes:
        days: 0 when it did not happen today (UTC).
        genre_ids: genres that it happened to today.
    """

    days: int
    genre_ids: tuple[int, ...] = ()


def is_deferred(row: RunRow) -> bool:
    """Whether the run left entries for another day's calls."""
    return row.deferred > 0


def is_challenged(row: RunRow) -> bool:
    """Whether Beatport asked for proof of a human: the run failed for it, or used an older chart."""
    return row.state == "challenged" or row.error_type == "ChallengeShown"


def days_running(workspace: Workspace, happened: Callable[[RunRow], bool]) -> Streak:
    """The streak of days on which a run of any genre met the condition."""
    today = workspace.now().date()
    start = workspace.now() - timedelta(days=LONGEST_DAYS)
    rows = [row for row in workspace.ledger.runs.since(start) if happened(row)]
    hit = {row.at.date() for row in rows}
    days = 0
    while today - timedelta(days=days) in hit:
        days += 1
    return Streak(days, tuple(dict.fromkeys(row.genre_id for row in rows if row.at.date() == today)))
