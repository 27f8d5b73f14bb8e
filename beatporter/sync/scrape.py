"""Step 1: read the chart and keep it in the ledger."""

from __future__ import annotations

import logging
from datetime import timedelta

from beatporter.errors import BeatporterError, ChallengeShown, ChartNotYet, SettingsError, UnknownChart, UnknownGenre
from beatporter.genres import Genre
from beatporter.progress import Progress, report
from beatporter.records.chart import Chart
from beatporter.records.ledger import ChartReadRow
from beatporter.subscriptions import Subscription
from beatporter.sync.inbox import INBOX
from beatporter.sync.scrape_label import scrape_label
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)

CHALLENGED = "challenged"
"""Progress step for: an older chart is used because Beatport showed a challenge."""


def scrape_chart(workspace: Workspace, slug: str) -> list[int]:
    """Beatport ids of the chart, in order; its rows go to the ledger's table `charts`, its source to `chart_reads`.

    When the chart is unavailable and `stale_chart_days` allows it, the last good chart is used. For a label these are the tracks to
    handle in this run, see `scrape_label`.

    Raises:
        ChartNotYet: the chart of this week or month is not out yet, and there is no earlier one.
        BeatporterError: what the sources reported, when no older chart is used.
    """
    genre = workspace.genre(slug)
    if isinstance(genre, Subscription) and genre.is_label:
        return scrape_label(workspace, genre)
    try:
        found = workspace.source.read_chart(genre)
    except (SettingsError, UnknownGenre, UnknownChart, ChartNotYet):
        raise
    except BeatporterError as error:
        return [entry.beatport_id for entry in _last_good_chart(workspace, genre, error).entries]
    for note in found.notes:
        logger.info("%s: %s", slug, note)
        report(Progress(slug, "scrape", note=note))
    if found.source == INBOX and not (isinstance(genre, Subscription) and genre.top):  # otherwise the ledger has it since it was provided
        return [entry.beatport_id for entry in found.entries]
    chart = Chart(genre.genre_id, found.entries, workspace.now())
    with workspace.ledger.transaction():
        workspace.ledger.charts.append(chart)
        workspace.ledger.chart_reads.append(ChartReadRow(genre.genre_id, found.source, chart.scraped_at, len(found.entries)))
    return [entry.beatport_id for entry in chart.entries]


def _last_good_chart(workspace: Workspace, genre: Genre, error: BeatporterError) -> Chart:
    days = workspace.settings.stale_chart_days
    chart = workspace.ledger.charts.latest(genre.genre_id) if days else None
    if chart is None or workspace.now() - chart.scraped_at > timedelta(days=days):
        raise error
    note = f"The chart of {chart.scraped_at:%Y-%m-%d %H:%M} UTC is used, because today's could not be read: {error}"
    logger.warning("%s: %s", genre.slug, note)
    report(Progress(genre.slug, CHALLENGED if isinstance(error, ChallengeShown) else "scrape", note=note))
    return chart
