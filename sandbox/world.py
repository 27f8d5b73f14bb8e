"""The whole sandbox: a day in an invented world of music, and the servers that show it.

    with Sandbox(Options(genres=("house", "tech-house"))) as sandbox:
        os.environ.update(sandbox.environment())
        ...                                   # run the product
        sandbox.world.advance_day()           # the next morning
        sandbox.faults.add(service="spotify", kind="search", fault="drop")
        sandbox.requests.count(service="spotify", kind="search")
        sandbox.world.truth(beatport_id).same

Both services share a clock, a fault script and a request log. Everything stays on 127.0.0.1.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from beatporter.genres import all_genres, find_genre
from sandbox.beatport.models import BeatportState
from sandbox.beatport.routes import HOOKS, BeatportRoutes, vendor_error
from sandbox.calendar import World
from sandbox.catalogue import Catalogue, known_genre_ids
from sandbox.clock import SandboxClock
from sandbox.control import control_routes
from sandbox.faults import FaultScript
from sandbox.http import Route, Server
from sandbox.log import RequestLog
from sandbox.messages import Request, Response
from sandbox.spotify.models import SpotifyState
from sandbox.spotify.routes import HOOKS as SPOTIFY_HOOKS
from sandbox.spotify.routes import spotify_error, spotify_routes
from sandbox.spotify.search import SearchIndex
from sandbox.state import load_state, save_state

REFRESH_TOKEN: Final = "AQsandboxrefresh-listener"
"""The same in every sandbox, so that an environment survives a restart."""


@dataclass(frozen=True, slots=True)
class Options:
    """A sandbox's options.

    Attributes:
        seed: of the catalogue; the same seed gives the same world.
        latency_ms: real milliseconds before each answer of both services.
        state_file: where day, playlists and calls are saved; None: nowhere.
        spotify_shape: the Web API for new apps (new) or for the older cohort (old).
        daily_quota: Spotify calls in any rolling 24 h; None: no quota.
        rate_per_30s: Spotify calls in any rolling 30 s; None: no limit.
        genres: slugs that Beatport serves; None: all 36.
        late_labels: tracks of some labels reach Spotify late.
        isrc_miss_rate: share of the ISRCs that Spotify's search never finds.
        ports: of Beatport, Spotify and the control; 0: any free one.
    """

    seed: int = 1
    latency_ms: float = 0
    state_file: Path | None = None
    spotify_shape: Literal["new", "old"] = "new"
    daily_quota: int | None = None
    rate_per_30s: int | None = None
    genres: tuple[str, ...] | None = None
    late_labels: bool = False
    isrc_miss_rate: float = 0.01
    ports: tuple[int, int, int] = (0, 0, 0)


class Sandbox:
    """Beatport, Spotify and the control on 127.0.0.1, as a context manager.

    Attributes:
        options: its options.
        world, catalogue: the music and the day.
        beatport, spotify: the states of the two services; they can change at any time.
        faults: the script that spoils answers of either service ("spotify", "accounts", "beatport", "beatport-api").
        requests: the log of both services (not of the control).
        clock: the time for tokens, quotas and rates.
    """

    def __init__(self, options: Options | None = None) -> None:
        """Build everything; nothing listens before the context is entered.

        Raises:
            UnknownGenre: a slug in `genres` is unknown.
            StateUnreadable: the state file is unusable.
        """
        self.options = options or Options()
        kept = load_state(self.options.state_file, self.options.seed)
        self.clock = SandboxClock()
        self.faults = FaultScript()
        self.requests = RequestLog()
        self.catalogue = Catalogue(self.options.seed, late_labels=self.options.late_labels)
        genre_ids = known_genre_ids()
        if self.options.genres is not None:
            genre_ids = tuple(find_genre(slug, all_genres()).genre_id for slug in self.options.genres)
        self.world = World(self.catalogue, genre_ids, kept.get("day", 0), tuple(kept.get("labels", ())))
        self.beatport = BeatportState(
            self.catalogue, day=lambda: self.world.day, clock=self.clock, genre_ids=genre_ids, on_label=self.world.show_label
        )
        self.spotify = SpotifyState(
            clock=self.clock, seed=self.options.seed, rules="extended" if self.options.spotify_shape == "old" else "development"
        )
        self.spotify.limits.per_day = self.options.daily_quota
        self.spotify.limits.per_30_s = self.options.rate_per_30s
        if "spotify" in kept:
            self.spotify.restore(kept["spotify"])
        self.spotify.accounts.adopt(REFRESH_TOKEN, self.clock())
        self._saving = threading.Lock()
        self._stack = ExitStack()
        self._entered = False
        self.world.on_change(self._publish)
        self.world.on_change(self.save)
        self._servers = self._make_servers()

    # --- addresses -----------------------------------------------------------------------------------------------

    @property
    def beatport_url(self) -> str:
        return self._servers[0].url

    @property
    def beatport_api_url(self) -> str:
        return f"{self._servers[0].url}/v4"

    @property
    def spotify_api_url(self) -> str:
        return f"{self._servers[1].url}/v1"

    @property
    def spotify_accounts_url(self) -> str:
        return self._servers[1].url

    @property
    def control_url(self) -> str:
        return self._servers[2].url

    def environment(self) -> dict[str, str]:
        """The variables that point Beatporter at this sandbox."""
        return {
            "BEATPORTER_BEATPORT_URL": self.beatport_url,
            "BEATPORTER_BEATPORT_API_URL": self.beatport_api_url,
            "BEATPORTER_BEATPORT_TOKEN": self.beatport.token,
            "BEATPORTER_BEATPORT_INTERVAL_S": "0",
            "BEATPORTER_SPOTIFY_API_URL": self.spotify_api_url,
            "BEATPORTER_SPOTIFY_ACCOUNTS_URL": self.spotify_accounts_url,
            "BEATPORTER_SPOTIFY_CLIENT_ID": self.spotify.accounts.client_id,
            "BEATPORTER_SPOTIFY_CLIENT_SECRET": self.spotify.accounts.client_secret,
            "BEATPORTER_SPOTIFY_REFRESH_TOKEN": REFRESH_TOKEN,
        }

    # --- life ----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._entered = True
        self._publish()
        self.save()
        with ExitStack() as stack:
            stack.callback(self.save)
            for server in self._servers:
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)

    def next_day(self, days: int = 1) -> int:
        """Move to a later morning, with yesterday's calls out of Spotify's window. Returns the new day.

        May be called before the context is entered: the sandbox then starts on that day.
        """
        self.spotify.limits.reset()
        return self.world.advance_day(days)

    def set_latency(self, latency_ms: float) -> None:
        """Set the real milliseconds before each answer of both services."""
        for server in self._servers[:2]:
            server.latency_s = latency_ms / 1000

    def save(self) -> None:
        """Write the state file, if there is one. Called after each change over HTTP and at the end."""
        if self.options.state_file is None:
            return
        with self._saving:
            labels = sorted(self.world.labels)
            state = {"seed": self.options.seed, "day": self.world.day, "labels": labels, "spotify": self.spotify.to_json()}
            save_state(self.options.state_file, state)

    def _publish(self) -> None:
        """Give Spotify the tracks of today; before the servers start nobody can request them."""
        if not self._entered:
            return
        tracks = self.catalogue.spotify_tracks_of(self.world.spotify_keys(), self.world.day)
        index = SearchIndex(tracks, seed=self.options.seed, isrc_miss_rate=self.options.isrc_miss_rate)
        with self.spotify.lock:
            self.spotify.tracks = {track.track_id: track for track in tracks}
            self.spotify.index = index

    def _make_servers(self) -> tuple[Server, Server, Server]:
        make = partial(Server, clock=self.clock, latency_s=self.options.latency_ms / 1000, faults=self.faults, log=self.requests)
        beatport_port, spotify_port, control_port = self.options.ports
        routes = [self._saving_route(route) for route in spotify_routes(self.spotify)]
        return (
            make("beatport", BeatportRoutes(self.beatport).routes(), port=beatport_port, vendor_error=vendor_error, hooks=HOOKS),
            make("spotify", routes, port=spotify_port, vendor_error=spotify_error, hooks=SPOTIFY_HOOKS),
            Server("control", control_routes(self), port=control_port, clock=self.clock),
        )

    def _saving_route(self, route: Route) -> Route:
        """The same route; if it may change something, it saves the state before it answers."""
        if route.method == "GET":
            return route

        def handle(request: Request) -> Response:
            response = route.handler(request)
            self.save()
            return response

        return replace(route, handler=handle)

    def describe(self) -> dict[str, Any]:
        """Its current state, as `GET /state` of the control shows it."""
        return {
            "seed": self.options.seed,
            "day": self.world.day,
            "date": self.world.date.isoformat(),
            "clock": self.clock().isoformat(),
            "genres": [genre.slug for genre in self.beatport.genres.values()],
            "spotify_tracks": len(self.spotify.tracks),
            "spotify_calls_24h": self.spotify.limits.used(self.clock()),
            "requests": self.requests.last_number,
            "faults_fired": self.faults.fired,
            "urls": {"beatport": self.beatport_url, "spotify": self.spotify_accounts_url, "control": self.control_url},
        }
