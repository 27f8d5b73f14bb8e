"""What earlier charts left open: entries that left the chart before they were searched or before their track was added.

A day without quota, network or power must not cost a playlist that day's entries. So an entry is kept for `BACKLOG_KEPT_FOR` after it
was last seen in its genre's chart. What the current chart asks for always comes first.
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
"""Bridges a week of outages, while the backlog of a first fill does not outlive its charts for long."""


def chart_and_backlog(workspace: Workspace, genre: Genre, beatport_ids: Sequence[int]) -> tuple[list[ChartEntry], list[ChartEntry]]:
    """The current chart's entries in order, then those of the last days' charts that are not in it, latest chart first.

    Args:
        beatport_ids: the current chart.
    """
    charts = workspace.ledger.charts
    recent = {entry.beatport_id: entry for entry in charts.since(genre.genre_id, workspace.now() - BACKLOG_KEPT_FOR)}
    present = set(beatport_ids)
    if not present <= recent.keys():  # an old chart is used instead
        recent |= charts.entries(genre.genre_id, present - recent.keys())
    chart = [recent[beatport_id] for beatport_id in beatport_ids if beatport_id in recent]
    if workspace.settings.playlist_options(genre).kinds == ("mirror",):
        return chart, []  # a mirror shows nothing that left the chart
    return chart, [entry for beatport_id, entry in recent.items() if beatport_id not in present]


def tracks_to_add(workspace: Workspace, genre: Genre, entries: Iterable[ChartEntry], decided: Mapping[int, Match]) -> list[str]:
    """Tracks that were found for these entries and never were in the genre's playlist, in the entries' order."""
    matches = [match for entry in entries if (match := decided.get(entry.beatport_id)) is not None and match.track_id]
    missing = never_had(workspace, genre, matches)
    return [match.track_id for match in matches if match.track_id in missing]
