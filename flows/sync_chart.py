"""Flow `sync-chart`: update a playlist from a chart other than a genre's Top 100.

That is the overall Top 100, a Hype 100, a DJ's chart by address or by a name with the date, a curator's newest chart, a label's or an
artist's Top 100, or the first ten of any of these. Five tasks and two artifacts, as in `sync-genre`. If this week's chart is not out yet,
the run ends as *Waiting*.
In a terminal: `beatporter sync chart:NAME/ID`, `beatporter sync overall`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError, ChartNotYet
from flows.sync_genre import sync_list
from orchestration.failure import failed
from orchestration.flow_options import LIST_RUN
from orchestration.lists import chart_slug
from orchestration.parameters import ChosenKinds, Searches, Top
from orchestration.report import publish_waiting


@flow(name="sync-chart", **LIST_RUN)
def sync_chart(
    chart: str, top: Top = None, kinds: ChosenKinds = None, dry_run: bool = False, refresh: bool = False, max_searches: Searches = None
) -> Any:
    """Update one chart's playlists. A failed run can be retried alone, and its finished work is not repeated.

    Args:
        chart: Its address, a name from [charts] of beatporter.toml, or overall, hype:house, chart:NAME/ID, newest:ARTIST/ID.
        top: How many of its first entries; empty for all.
        kinds: The kinds of playlist to update; empty for those of the settings.
        dry_run: Find everything, change no playlist, show what would change.
        refresh: Do everything again, even what this run finished before a retry.
        max_searches: Most Spotify searches to make; a parent run sets it.
    """
    try:
        slug = chart_slug(chart, top)
        return sync_list(slug, kinds, max_searches, dry_run=dry_run)
    except ChartNotYet as error:
        return publish_waiting(slug, error, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)
