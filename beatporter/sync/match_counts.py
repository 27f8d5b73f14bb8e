"""Counts the progress of a chart's matching, for a log line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beatporter.sync.outcome import LONGEST_RUN
from beatporter.sync.workspace import Workspace, calls_key


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """Entries found, substitutes among them, and the searches that the genre's run has made so far."""

    found: int
    substitutes: int
    searches: int


def match_counts(workspace: Workspace, slug: str, beatport_ids: Sequence[int]) -> MatchCounts:
    """Read the current figures from the ledger."""
    matches = workspace.ledger.matches.latest(beatport_ids).values()
    searches = workspace.ledger.calls.by_kind(workspace.now() - LONGEST_RUN, calls_key(workspace.run_key, slug)).get("search", 0)
    found = [match for match in matches if match.track_id]
    return MatchCounts(len(found), sum(match.version == "substitute" for match in found), searches)
