"""The world that a fault schedule is played in: charts of a few rows, Spotify, and a record of every state of every playlist.

Music (catalogue, charts, search index) is made once for many schedules; a `Place` is one account's Spotify and one Beatport over it.
Nothing comes late to Spotify here, so what is found for a chart entry does not depend on the day on which it is searched.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from beatporter.genres import all_genres
from bench.fault_runs import SharedClock
from sandbox.beatport.models import API_TOKEN, BeatportState, Listing
from sandbox.beatport.routes import HOOKS, BeatportRoutes, vendor_error
from sandbox.catalogue import Catalogue
from sandbox.faults import FaultScript
from sandbox.http import Route, Server
from sandbox.log import RequestLog
from sandbox.messages import Request, Response
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.routes import spotify_error, spotify_routes
from sandbox.spotify.search import SearchIndex

SLUGS: Final = ("house", "afro-house")
ROWS: Final = 10
"""Rows of each chart."""
CHART_DAYS: Final = (0, 4)
"""Days of the catalogue that the schedule's first and second day show: four days apart, so that a third of the rows is new."""
SETTLED_DAY: Final = 60
"""A day by which everything that ever comes to Spotify is there."""
REFRESH_TOKEN: Final = "AQsandboxrefresh-campaign"
SECRETS: Final = ("AQsandbox", "BQsandbox", "sandbox-client-secret", API_TOKEN)
"""Beginnings of everything that must not be found in a log, a ledger file, a kept result or an error's text."""


class Music:
    """What there is to chart and to find; the same for every schedule of a seed."""

    def __init__(self, seed: int, slugs: tuple[str, ...] = SLUGS) -> None:
        self.seed, self.slugs = seed, slugs
        self.genre_ids = tuple(all_genres()[slug].genre_id for slug in slugs)
        self.catalogue = Catalogue(seed)
        charts = [self.catalogue.days.chart(genre_id, day) for genre_id in self.genre_ids for day in CHART_DAYS]
        keys = dict.fromkeys(key for chart in charts for key in chart[:ROWS])
        self.tracks = self.catalogue.spotify_tracks_of(keys, SETTLED_DAY)
        self.index = SearchIndex(self.tracks, seed=seed)


class _ShortCharts(BeatportState):
    """A Beatport whose whole charts have a few rows."""

    def top_100(self, genre_id: int) -> Listing:
        tracks = super().top_100(genre_id).tracks[:ROWS]
        return Listing(tracks, len(tracks))


class Place:
    """One account's Spotify and one Beatport, over HTTP; a context manager.

    Attributes:
        day: 0 or 1, the schedule's day.
        states: every state that a playlist had: (playlist id, snapshot id) to track ids from the top on.
        held: every track that a playlist ever held, by playlist id.
    """

    def __init__(self, music: Music, clock: SharedClock) -> None:
        self.music, self.clock = music, clock
        self.day = 0
        self.faults, self.log = FaultScript(), RequestLog()
        self.states: dict[tuple[str, str], tuple[str, ...]] = {}
        self.held: dict[str, set[str]] = {}
        self.beatport = _ShortCharts(
            music.catalogue, day=lambda: CHART_DAYS[self.day], clock=clock, genre_ids=music.genre_ids, on_label=lambda label: None
        )
        self.spotify = SpotifyState(music.tracks, clock=clock, index=music.index, seed=music.seed)
        self.spotify.accounts.adopt(REFRESH_TOKEN, clock())
        routes = [self._recording(route) for route in spotify_routes(self.spotify)]
        common: dict[str, Any] = {"clock": clock, "faults": self.faults, "log": self.log}
        self._spotify = Server("spotify", routes, vendor_error=spotify_error, **common)
        self._beatport = Server("beatport", BeatportRoutes(self.beatport).routes(), vendor_error=vendor_error, hooks=HOOKS, **common)
        self._stack = ExitStack()

    def settings(self, root: Path) -> dict[str, Any]:
        """Overrides that point a run here and keep everything under `root`."""
        return {
            "home": root,
            "beatport_url": self._beatport.url,
            "beatport_interval_s": 0.0,
            "spotify_api_url": f"{self._spotify.url}/v1",
            "spotify_accounts_url": self._spotify.url,
            "spotify_client_id": self.spotify.accounts.client_id,
            "spotify_client_secret": self.spotify.accounts.client_secret,
            "spotify_refresh_token": REFRESH_TOKEN,
            "spotify_rate": 1000.0,
        }

    def record(self) -> None:
        """Note what every playlist holds now."""
        with self.spotify.lock:
            for playlist in self.spotify.playlists.values():
                ids = tuple(item.uri.rpartition(":")[2] for item in playlist.items)
                self.states[playlist.playlist_id, playlist.snapshot_id] = ids
                self.held.setdefault(playlist.playlist_id, set()).update(ids)

    def calls_in_any_day(self) -> int:
        """Most calls of the Web API that arrived within any 24 hours."""
        times = [entry.at for entry in self.log.entries(service="spotify")]
        most = first = 0
        for last, at in enumerate(times):
            while times[first] <= at - timedelta(hours=24):
                first += 1
            most = max(most, last - first + 1)
        return most

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._spotify)
            stack.enter_context(self._beatport)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    def _recording(self, route: Route) -> Route:
        """The same route; one that may change a playlist has every state noted before it answers."""
        if route.method == "GET":
            return route

        def handle(request: Request) -> Response:
            response = route.handler(request)
            self.record()
            return response

        return replace(route, handler=handle)
