"""The current decisions about the entries of the last charts, and a decision in a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.match import is_undecided
from beatporter.sync.workspace import Workspace


def current_decisions(workspace: Workspace, slugs: Sequence[str]) -> Iterator[tuple[str, ChartEntry, Match]]:
    """Each decided entry of the genres' last charts with its genre, in chart order; an entry of two charts comes once."""
    seen: set[int] = set()
    for slug in slugs:
        chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id)
        entries = chart.entries if chart else ()
        matches = workspace.ledger.matches.latest([entry.beatport_id for entry in entries])
        for entry in entries:
            match = matches.get(entry.beatport_id)
            if match is not None and entry.beatport_id not in seen:
                seen.add(entry.beatport_id)
                yield slug, entry, match


def verdict(match: Match | None) -> str:
    """A decision in a word or two: same, substitute, not found, never, undecided."""
    if match is None or is_undecided(match):
        return "undecided"
    return match.version or ("never" if match.method == "person" else "not found")
