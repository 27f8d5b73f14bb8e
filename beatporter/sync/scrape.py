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
from beatporter.sync.scrape_label import continue_label, scrape_label
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)

CHALLENGED = "challenged"
"""Progress step for: an older chart is used because Beatport showed a challenge."""


def scrape_chart(workspace: Workspace, slug: str) -> list[int]:
    """Beatport ids of the chart, in order; its rows go to the ledger's table `charts`, its source to `chart_reads`.

    When the chart is unavailable and `stale_chart_days` allows it, the last good chart is used. For a label these are the tracks to
    handle in this run, see `scrape_label`; when it is unavailable, those of earlier runs that are still undecided.

    Raises:
        ChartNotYet: the chart of this week or month is not out yet, and there is no earlier one.
        BeatporterError: what the sources reported, when no older chart is used.
    """
    genre = workspace.genre(slug)
    try:
        if isinstance(genre, Subscription) and genre.is_label:
            return scrape_label(workspace, genre)
        found = workspace.source.read_chart(genre)
    except (SettingsError, UnknownGenre, UnknownChart, ChartNotYet):
        raise
    except BeatporterError as error:
        return _of_last_good_read(workspace, genre, error)
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


def _of_last_good_read(workspace: Workspace, genre: Genre, error: BeatporterError) -> list[int]:
    days = workspace.settings.stale_chart_days
    if not days:
        raise error
    oldest = workspace.now() - timedelta(days=days)
    if isinstance(genre, Subscription) and genre.is_label:
        read = workspace.ledger.chart_reads.latest(genre.genre_id)
        if read is None or read.at < oldest:
            raise error
        ids = continue_label(workspace, genre)
        note = f"The {len(ids)} undecided tracks of earlier runs are used, the last of {read.at:%Y-%m-%d %H:%M} UTC, because the label"
    else:
        chart = workspace.ledger.charts.latest(genre.genre_id)
        if chart is None or chart.scraped_at < oldest:
            raise error
        ids = [entry.beatport_id for entry in chart.entries]
        note = f"The chart of {chart.scraped_at:%Y-%m-%d %H:%M} UTC is used, because today's"
    note += f" could not be read: {error}"
    logger.warning("%s: %s", genre.slug, note)
    report(Progress(genre.slug, CHALLENGED if isinstance(error, ChallengeShown) else "scrape", note=note))
    return ids
