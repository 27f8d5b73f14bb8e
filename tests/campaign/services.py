"""One account's Spotify and one Beatport over HTTP, for benchmarks that play many days on a simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sandbox.beatport.models import BeatportState
from sandbox.beatport.routes import HOOKS, BeatportRoutes, vendor_error
from sandbox.faults import FaultScript
from sandbox.http import Route, Server
from sandbox.log import RequestLog
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.routes import HOOKS as SPOTIFY_HOOKS
from sandbox.spotify.routes import spotify_error, spotify_routes

REFRESH_TOKEN: Final = "AQsandboxrefresh-bench"


def unchanged(route: Route) -> Route:
    return route


class StandIns:
    """Both services; a context manager.

    Args:
        spotify, beatport: their states.
        clock: theirs and the runs'.
        spotify_route, beatport_route: return each route, or a replacement.

    Attributes:
        faults: the fault script. log: every request.
    """

    def __init__(
        self,
        spotify: SpotifyState,
        beatport: BeatportState,
        clock: Callable[[], datetime],
        *,
        spotify_route: Callable[[Route], Route] = unchanged,
        beatport_route: Callable[[Route], Route] = unchanged,
    ) -> None:
        self.spotify, self.beatport = spotify, beatport
        self.faults, self.log = FaultScript(), RequestLog()
        spotify.accounts.adopt(REFRESH_TOKEN, clock())
        common: dict[str, Any] = {"clock": clock, "faults": self.faults, "log": self.log}
        self._spotify = Server(
            "spotify", list(map(spotify_route, spotify_routes(spotify))), vendor_error=spotify_error, hooks=SPOTIFY_HOOKS, **common
        )
        routes = list(map(beatport_route, BeatportRoutes(beatport).routes()))
        self._beatport = Server("beatport", routes, vendor_error=vendor_error, hooks=HOOKS, **common)
        self._stack = ExitStack()

    def settings(self, home: Path) -> dict[str, Any]:
        """Overrides that point a run here and keep everything under `home`; no pacing, which would take real time."""
        return {
            "home": home,
            "beatport_url": self._beatport.url,
            "beatport_interval_s": 0.0,
            "spotify_api_url": f"{self._spotify.url}/v1",
            "spotify_accounts_url": self._spotify.url,
            "spotify_client_id": self.spotify.accounts.client_id,
            "spotify_client_secret": self.spotify.accounts.client_secret,
            "spotify_refresh_token": REFRESH_TOKEN,
            "spotify_rate": 1000.0,
        }

    def most_calls_in_a_day(self) -> int:
        """The most calls of the Web API that arrived within any 24 hours."""
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
