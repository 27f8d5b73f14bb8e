"""What earlier charts left open: entries that have left the chart before they were searched, or before their track was added.

A day without quota, without an answer or without power must not cost a playlist what charted that day. So an entry is looked after for
`KEPT_FOR` after it was last seen in its genre's chart; what the present chart asks for always comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from beatporter.genres import Genre
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.candidates import never_had
from beatporter.sync.workspace import Workspace

KEPT_FOR = timedelta(days=7)
"""How long: a week of outages is bridged, and a first fill's backlog does not outlive the charts that it came from for long."""


def earlier_entries(workspace: Workspace, genre: Genre, beatport_ids: Collection[int]) -> list[ChartEntry]:
    """Entries of the genre's charts of the last days that are not in the present one, the latest chart's first."""
    present = set(beatport_ids)
    since = workspace.now() - KEPT_FOR
    return [entry for entry in workspace.ledger.charts.since(genre.genre_id, since) if entry.beatport_id not in present]


def tracks_to_add(workspace: Workspace, genre: Genre, entries: Iterable[ChartEntry], decided: Mapping[int, Match]) -> list[str]:
    """Tracks that were found for such entries and that the genre's playlist never had, in the entries' order."""
    matches = [match for entry in entries if (match := decided.get(entry.beatport_id)) is not None and match.track_id]
    missing = never_had(workspace, genre, matches)
    return [match.track_id for match in matches if match.track_id in missing]
