"""The world of the quota's bench: 36 genres' charts and a Spotify that enforces its own quota, over HTTP, on a clock of its own.

No real time passes in it: a request takes a seeded latency, the pace of a few requests a second and every wait pass on the clock, so a
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
"""Least and most that a request of either service takes."""
RATE: Final = 5.0
"""Requests a second, the default of BEATPORTER_SPOTIFY_RATE."""
ISRC_MISS_RATE: Final = 0.01
"""Share of ISRCs that Spotify's search never finds, as in the sandbox."""


class QuotaWorld(StandIns):
    """Beatport, Spotify and their clock; a context manager.

    Attributes:
        clock: stands still but for requests, pauses and `clock.set`.
        log: every request of both services.
        waited_s: what runs waited so far, beside their pace.
    """

    def __init__(self, slugs: tuple[str, ...], *, seed: int, quota: int, start: datetime) -> None:
        self.slugs, self.seed = slugs, seed
        self.clock = SandboxClock(start, manual=True)
        self.waited_s = 0.0
        self._dice = random.Random(f"latency {seed}")
        genre_ids = tuple(all_genres()[slug].genre_id for slug in slugs)
        self.calendar = World(Catalogue(seed), genre_ids)
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
        """Charts move on by a day, and what is new comes to Spotify. The clock is not touched."""
        self.calendar.advance_day()
        self._publish()

    def sleep(self, seconds: float) -> None:
        """Let time pass that a run waits on purpose."""
        self.waited_s += seconds
        self.clock.advance(seconds)

    def now(self) -> datetime:
        """At the resolution of the domain's own clock."""
        return self.clock().replace(microsecond=0)

    def pace(self) -> Callable[[int], None]:
        """Takes slots of the rate, on this clock; what Prefect's limit is to several workers."""

        def pause(seconds: float) -> None:
            self.clock.advance(seconds)

        pacer = Pacer(1 / RATE, burst_s=1.0, sleep=pause, clock=lambda: self.clock().timestamp())

        def acquire(slots: int) -> None:
            for _ in range(slots):
                pacer.wait_turn()

        return acquire

    def _slow(self, route: Route) -> Route:
        """The same route, whose answers take their time on the clock."""

        def handle(request: Request) -> Response:
            self.clock.advance(self._dice.uniform(*LATENCY_S))
            return route.handler(request)

        return replace(route, handler=handle)

    def _publish(self) -> None:
        """Hand Spotify what it has by today."""
        tracks = self.calendar.catalogue.spotify_tracks_of(self.calendar.spotify_keys(), self.calendar.day)
        index = SearchIndex(tracks, seed=self.seed, isrc_miss_rate=ISRC_MISS_RATE)
        with self.spotify.lock:
            self.spotify.tracks = {track.track_id: track for track in tracks}
            self.spotify.index = index
