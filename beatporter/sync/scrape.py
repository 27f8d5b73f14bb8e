"""Step 1: read the genre's chart and keep it in the ledger."""

from __future__ import annotations

import logging
from datetime import timedelta

from beatporter.beatport.sources import fetch_chart
from beatporter.errors import BeatporterError, SettingsError, UnknownGenre
from beatporter.genres import Genre
from beatporter.progress import Progress, report
from beatporter.records.chart import Chart
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)


def scrape_chart(workspace: Workspace, slug: str) -> list[int]:
    """Beatport ids of the genre's chart, in chart order; its rows go to the ledger's table `charts`.

    When the chart is unavailable and `stale_chart_days` allows it, the last good chart is used.

    Raises:
        BeatporterError: what Beatport or the file reported, when no older chart is used.
    """
    genre = workspace.genre(slug)
    try:
        chart = fetch_chart(workspace.source, genre, workspace.now())
    except (SettingsError, UnknownGenre):
        raise
    except BeatporterError as error:
        chart = _last_good_chart(workspace, genre, error)
    else:
        workspace.ledger.charts.append(chart)
    return [entry.beatport_id for entry in chart.entries]


def _last_good_chart(workspace: Workspace, genre: Genre, error: BeatporterError) -> Chart:
    days = workspace.settings.stale_chart_days
    chart = workspace.ledger.charts.latest(genre.genre_id) if days else None
    if chart is None or workspace.now() - chart.scraped_at > timedelta(days=days):
        raise error
    note = f"The chart of {chart.scraped_at:%Y-%m-%d %H:%M} UTC is used, because today's could not be read: {error}"
    logger.warning("%s: %s", genre.slug, note)
    report(Progress(genre.slug, "scrape", note=note))
    return chart
