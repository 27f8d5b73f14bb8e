"""The world of the quota benchmark: 36 genres' charts and a Spotify that enforces its own quota, over HTTP, on a simulated clock.

No real time passes in it: a request takes a seeded latency, and the pace of requests and every wait pass on the clock, so a
week of mornings plays in a minute or two. Charts stand still until `next_day`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from beatporter.genres import all_genres
from beatporter.http.pacing import Pacer
from sandbox.beatport.models import BeatportState
from sandbox.calendar import World
from sandbox.catalogue import Catalogue
from sandbox.clock import SandboxClock
from sandbox.http import Route
from sandbox.messages import Request, Response
from sandbox.spotify.limits import CallLimits
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.search import SearchIndex
from tests.campaign.services import StandIns

LATENCY_S: Final = (0.05, 0.4)
"""Shortest and longest latency of a request to either service."""
RATE: Final = 5.0
"""Requests per second, the default of BEATPORTER_SPOTIFY_RATE."""
ISRC_MISS_RATE: Final = 0.01
"""Fraction of ISRCs that Spotify's search never finds, as in the sandbox."""


class QuotaWorld(StandIns):
    """Beatport, Spotify and their clock; a context manager.

    Attributes:
        clock: moves only with requests, pauses and `clock.set`.
        log: every request of both services.
        waited_s: how long runs have waited so far, besides their pace.
    """

    def __init__(self, slugs: tuple[str, ...], *, seed: int, quota: int, start: datetime, late_labels: bool = False) -> None:
        self.slugs, self.seed = slugs, seed
        self.clock = SandboxClock(start, manual=True)
        self.waited_s = 0.0
        self._dice = random.Random(f"latency {seed}")
        genre_ids = tuple(all_genres()[slug].genre_id for slug in slugs)
        self.calendar = World(Catalogue(seed, late_labels=late_labels), genre_ids)
        beatport = BeatportState(
            self.calendar.catalogue,
            day=lambda: self.calendar.day,
            clock=self.clock,
            genre_ids=genre_ids,
            on_label=self.calendar.show_label,
        )
        spotify = SpotifyState(clock=self.clock, seed=seed, limits=CallLimits(per_day=quota))
        super().__init__(spotify, beatport, self.clock, spotify_route=self._slow, beatport_route=self._slow)
        self._publish()

    def next_day(self) -> None:
        """Move the charts by a day, and let new tracks arrive on Spotify. The clock does not change."""
        self.calendar.advance_day()
        self._publish()

    def sleep(self, seconds: float) -> None:
        """Let time pass for a deliberate wait."""
        self.waited_s += seconds
        self.clock.advance(seconds)

    def now(self) -> datetime:
        """The time at the resolution of the domain's clock."""
        return self.clock().replace(microsecond=0)

    def pace(self) -> Callable[[int], None]:
        """Takes slots of the rate, on this clock, like Prefect's limit shared by several workers."""

        def pause(seconds: float) -> None:
            self.clock.advance(seconds)

        pacer = Pacer(1 / RATE, burst_s=1.0, sleep=pause, clock=lambda: self.clock().timestamp())

        def acquire(slots: int) -> None:
            for _ in range(slots):
                pacer.wait_turn()

        return acquire

    def _slow(self, route: Route) -> Route:
        """The same route, whose answers take time on the clock."""

        def handle(request: Request) -> Response:
            self.clock.advance(self._dice.uniform(*LATENCY_S))
            return route.handler(request)

        return replace(route, handler=handle)

    def _publish(self) -> None:
        """Give Spotify the tracks of today."""
        tracks = self.calendar.catalogue.spotify_tracks_of(self.calendar.spotify_keys(), self.calendar.day)
        index = SearchIndex(tracks, seed=self.seed, isrc_miss_rate=ISRC_MISS_RATE)
        with self.spotify.lock:
            self.spotify.tracks = {track.track_id: track for track in tracks}
            self.spotify.index = index
