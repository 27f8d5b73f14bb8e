"""The world of the quota's bench: 36 genres' charts and a Spotify that enforces its own quota, over HTTP, on a clock of its own.

No real time passes in it: a request takes a seeded latency, the pace of a few requests a second and every wait pass on the clock, so a
week of mornings plays in a minute or two. Charts stand still until `next_day`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from beatporter.genres import all_genres
from beatporter.spotify.rate import RateLimiter
from sandbox.beatport.models import BeatportState
from sandbox.beatport.routes import HOOKS, BeatportRoutes, vendor_error
from sandbox.calendar import World
from sandbox.catalogue import Catalogue
from sandbox.clock import SandboxClock
from sandbox.faults import FaultScript
from sandbox.http import Route, Server
from sandbox.log import RequestLog
from sandbox.messages import Request, Response
from sandbox.spotify.limits import CallLimits
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.routes import spotify_error, spotify_routes
from sandbox.spotify.search import SearchIndex

LATENCY_S: Final = (0.05, 0.4)
"""Least and most that a request of either service takes."""
RATE: Final = 5.0
"""Requests a second, the default of BEATPORTER_SPOTIFY_RATE."""
ISRC_MISS_RATE: Final = 0.01
"""Share of ISRCs that Spotify's search never finds, as in the sandbox."""
REFRESH_TOKEN: Final = "AQsandboxrefresh-quota"


class QuotaWorld:
    """Beatport, Spotify and their clock; a context manager.

    Attributes:
        clock: stands still but for requests, pauses and `clock.set`.
        log: every request of both services.
        waited_s: what runs waited so far, beside their pace.
    """

    def __init__(self, slugs: tuple[str, ...], *, seed: int, quota: int, start: datetime) -> None:
        self.slugs, self.seed = slugs, seed
        self.clock = SandboxClock(start, manual=True)
        self.faults, self.log = FaultScript(), RequestLog()
        self.waited_s = 0.0
        self._dice = random.Random(f"latency {seed}")
        genre_ids = tuple(all_genres()[slug].genre_id for slug in slugs)
        self.calendar = World(Catalogue(seed), genre_ids)
        self.spotify = SpotifyState(clock=self.clock, seed=seed, limits=CallLimits(per_day=quota))
        self.spotify.accounts.adopt(REFRESH_TOKEN, self.clock())
        beatport = BeatportState(
            self.calendar.catalogue,
            day=lambda: self.calendar.day,
            clock=self.clock,
            genre_ids=genre_ids,
            on_label=self.calendar.show_label,
        )
        common: dict[str, Any] = {"clock": self.clock, "faults": self.faults, "log": self.log}
        spotify_side = [self._slow(route) for route in spotify_routes(self.spotify)]
        beatport_side = [self._slow(route) for route in BeatportRoutes(beatport).routes()]
        self._spotify = Server("spotify", spotify_side, vendor_error=spotify_error, **common)
        self._beatport = Server("beatport", beatport_side, vendor_error=vendor_error, hooks=HOOKS, **common)
        self._stack = ExitStack()
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

        limiter = RateLimiter(RATE, sleep=pause, clock=lambda: self.clock().timestamp())

        def acquire(slots: int) -> None:
            for _ in range(slots):
                limiter.wait_turn()

        return acquire

    def settings(self, home: Path, budget: int) -> dict[str, Any]:
        """Overrides that point a run here."""
        return {
            "home": home,
            "storage": str(home / "ledger"),
            "beatport_url": self._beatport.url,
            "beatport_interval_s": 0.0,
            "spotify_api_url": f"{self._spotify.url}/v1",
            "spotify_accounts_url": self._spotify.url,
            "spotify_client_id": self.spotify.accounts.client_id,
            "spotify_client_secret": self.spotify.accounts.client_secret,
            "spotify_refresh_token": REFRESH_TOKEN,
            "spotify_rate": 1000.0,  # the process's own pace passes in real time; see `pace`
            "spotify_daily_budget": budget,
        }

    def most_calls_in_a_day(self) -> int:
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
