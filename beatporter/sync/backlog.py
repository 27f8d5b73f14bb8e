"""What earlier charts left open: entries that have left the chart before they were searched, or before their track was added.

A day without quota, without an answer or without power must not cost a playlist what charted that day. So an entry is looked after for
`BACKLOG_KEPT_FOR` after it was last seen in its genre's chart; what the present chart asks for always comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.candidates import never_had
from beatporter.sync.workspace import Workspace

BACKLOG_KEPT_FOR = timedelta(days=7)
"""How long: a week of outages is bridged, and a first fill's backlog does not outlive the charts that it came from for long."""


def chart_and_backlog(workspace: Workspace, genre: Genre, beatport_ids: Sequence[int]) -> tuple[list[ChartEntry], list[ChartEntry]]:
    """The present chart's entries in its order, and those of the last days' charts that are not in it, the latest chart's first.

    Args:
        beatport_ids: the present chart.
    """
    charts = workspace.ledger.charts
    recent = {entry.beatport_id: entry for entry in charts.since(genre.genre_id, workspace.now() - BACKLOG_KEPT_FOR)}
    present = set(beatport_ids)
    if not present <= recent.keys():  # an old chart stands in
        recent |= charts.entries(genre.genre_id, present - recent.keys())
    chart = [recent[beatport_id] for beatport_id in beatport_ids if beatport_id in recent]
    return chart, [entry for beatport_id, entry in recent.items() if beatport_id not in present]


def tracks_to_add(workspace: Workspace, genre: Genre, entries: Iterable[ChartEntry], decided: Mapping[int, Match]) -> list[str]:
    """Tracks that were found for such entries and that the genre's playlist never had, in the entries' order."""
    matches = [match for entry in entries if (match := decided.get(entry.beatport_id)) is not None and match.track_id]
    missing = never_had(workspace, genre, matches)
    return [match.track_id for match in matches if match.track_id in missing]
