"""The three ways to a chart behind one protocol, and the one call that gives a `Chart`.

Which way is `chart_source` in the settings; only the chosen one is loaded. Keeping the chart and falling back to an older
one are not done here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from beatporter.clock import Clock, utc_now
from beatporter.errors import ChartUnavailable
from beatporter.genres import Genre
from beatporter.records.chart import Chart, ChartEntry
from beatporter.settings import Settings

_FOLDER = "beatport"


class ChartSource(Protocol):
    """A way to charts."""

    def fetch_chart(self, genre: Genre) -> tuple[ChartEntry, ...]:
        """The genre's chart in its order, as it is now; empty when the chart has no rows.

        Raises:
            BeatporterError: why it cannot be had.
        """


def open_source(
    settings: Settings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Clock = utc_now,
) -> ChartSource:
    """The source that the settings name. Nothing is asked of Beatport yet.

    Args:
        sleep: waits so many seconds (pauses between requests, before retries).

    Raises:
        SettingsError: `chart_source` is api and the token is missing.
    """
    if settings.chart_source == "file":
        from beatporter.beatport.file import Folder

        return Folder(settings.chart_files, frozenset(settings.all_genres()), now=now)
    return _open_network(settings, sleep, now)


def fetch_chart(source: ChartSource, genre: Genre, now: datetime) -> Chart:
    """The genre's chart as a record.

    Args:
        now: when it is fetched; aware.

    Raises:
        ChartUnavailable: the chart is empty.
        BeatporterError: as the source.
    """
    entries = source.fetch_chart(genre)
    if not entries:
        raise ChartUnavailable(f"Beatport's chart of {genre.name} is empty.", "Look at it on the website; the next run tries again.")
    return Chart(genre.genre_id, entries, now.astimezone(UTC).replace(microsecond=0))


def _open_network(settings: Settings, sleep: Callable[[float], None], now: Clock) -> ChartSource:
    from beatporter.beatport.api import Api, bearer_token
    from beatporter.beatport.client import BeatportClient
    from beatporter.beatport.website import Website
    from beatporter.http.pacing import Pacer
    from beatporter.http.session import HttpSession

    folder = settings.home / _FOLDER
    auth = bearer_token(settings) if settings.chart_source == "api" else None
    pacer = Pacer(settings.beatport_interval_s, file=folder / "next-request", sleep=sleep)
    client = BeatportClient(HttpSession(settings.http_timeout_s, follow_redirects=True), pacer, now=now, sleep=sleep, auth=auth)
    if settings.chart_source == "api":
        return Api(client, settings.beatport_api_url)
    return Website(client, settings.beatport_url, folder)
