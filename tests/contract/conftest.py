"""Shared by the contract tests: a sandbox with one genre, the stand-in over real HTTP, and a client whose pauses take no time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.playlist_kinds import KINDS
from beatporter.quota.budget import CallBudget
from beatporter.records.track import SpotifyTrack
from beatporter.settings import Settings, load_settings
from beatporter.spotify.client import SpotifyClient, open_client
from sandbox.clock import SandboxClock
from sandbox.http import Request, Server
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.routes import spotify_server
from sandbox.world import Options, Sandbox
from tests.conftest import free_port, running_server
from tests.contract.listener import Listener
from tests.postgres import NoPostgres, Postgres, running_postgres
from tests.timeouts import TIMEOUT_S

SLUG = "dubstep"
NAME = "Beatport: Dubstep - Top 100"

START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Each process of tests that meets one of these starts a Prefect server for it."""
    for item in items:
        if isinstance(item, pytest.Function) and "prefect_api" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API's address of a Prefect server that tests share."""
    home = tmp_path_factory.mktemp("prefect")
    address = f"http://127.0.0.1:{free_port()}/api"
    own = {"PREFECT_HOME": str(home), "PREFECT_API_URL": address, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    with running_server({**os.environ, **own}, home / "server.log") as api:
        yield api


@pytest.fixture
def prefect(prefect_api: str) -> Iterator[None]:
    """Makes this process a client of that server."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield


def shown_by_prefect() -> str:
    """Every block as the API returns it to a page."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client._client.post("/block_documents/filter", json={}).text


@contextmanager
def sandbox_in_use(home: Path) -> Iterator[Sandbox]:
    """A sandbox with one genre, `SLUG`, that this process's settings point to; its playlist is called `NAME`."""
    with Sandbox(Options(genres=(SLUG,))) as running, pytest.MonkeyPatch.context() as monkeypatch:
        own = {"HOME": str(home), "SPOTIFY_DAILY_BUDGET": "5000", "SPOTIFY_RATE": "500"}
        use_settings(monkeypatch, {**running.environment(), **{f"BEATPORTER_{key}": value for key, value in own.items()}})
        yield running


def use_settings(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Set Beatporter's variables from an environment in this process."""
    for key, value in environment.items():
        if key.startswith("BEATPORTER_"):
            monkeypatch.setenv(key, value)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Sandbox]:
    """See `sandbox_in_use`."""
    with sandbox_in_use(tmp_path) as running:
        yield running


def track_id(number: int) -> str:
    return base62_id("track", str(number))


def track(number: int) -> SpotifyTrack:
    name = f"Night Bus {number}"
    return SpotifyTrack(
        track_id(number), name, (f"Ada Vale {number}",), name, "single", f"XXABC26{number:05d}", 300_000 + number, None, "2026-10-30"
    )


class SpotifySandbox:
    """The stand-in with 400 tracks and one account, and clients for it.

    Attributes:
        state, server, clock: of the stand-in; the clock moves only with the client's pauses.
        slept: the client's pauses in seconds; none takes real time.
        told: the calls of `on_wait`.
    """

    def __init__(self, home: Path, rules: str) -> None:
        self.clock = SandboxClock(START, manual=True)
        tracks = [track(number) for number in range(400)]
        self.state = SpotifyState(tracks, clock=self.clock, rules="extended" if rules == "old" else "development")
        self.server: Server = spotify_server(self.state)
        self.slept: list[float] = []
        self.told: list[tuple[float, str]] = []
        self.home = home
        self.ledger: Ledger = open_ledger(home / "beatporter.db")
        self.refresh_token = self.state.accounts.sign_in()
        self.before_pause: Callable[[], None] = lambda: None
        self._open: list[SpotifyClient] = []
        self._lock = threading.Lock()

    def settings(self, **changes: object) -> Settings:
        values: dict[str, object] = {
            "home": self.home,
            "spotify_api_url": f"{self.server.url}/v1",
            "spotify_accounts_url": self.server.url,
            "spotify_client_id": self.state.accounts.client_id,
            "spotify_client_secret": SecretStr(self.state.accounts.client_secret),
            "spotify_refresh_token": SecretStr(self.refresh_token),
            "spotify_rate": 1000.0,
            "spotify_daily_budget": 100_000,
            "http_timeout_s": 0.3,
        }
        return load_settings(**{**values, **changes})

    def budget(self, run_key: str = "run", daily: int = 100_000) -> CallBudget:
        return CallBudget(self.ledger.calls, daily, run_key, now=self.clock)

    def client(self, budget: CallBudget | None = None, **changes: object) -> SpotifyClient:
        client = open_client(
            self.settings(**changes),
            budget or self.budget(),
            now=self.clock,
            sleep=self.sleep,
            timer=lambda: self.clock().timestamp(),
            on_wait=lambda seconds, why: self.told.append((seconds, why)),
        )
        self._open.append(client)
        return client

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.clock.advance(seconds)
            self.before_pause()

    def playlist(self, name: str = "House", holds: Sequence[int] = ()) -> str:
        """Create a playlist of the account by hand; returns its id."""
        made = self.state.create_playlist(name)
        for number in holds:
            self.state.person.add_track(made.playlist_id, track_id(number))
        return made.playlist_id

    def held(self, playlist_id: str) -> list[str]:
        """What a playlist really holds, whatever reads show."""
        return [uri.rpartition(":")[2] for uri in self.state.playlists[playlist_id].uris]

    def sent(self, method: str = "", kind: str = "") -> int:
        """Requests to the Web API that reached the server."""
        entries = self.server.log.entries(service="spotify")
        return sum(method in ("", entry.method) and kind in ("", entry.kind) for entry in entries)

    def hangs(self, request: requests.PreparedRequest) -> bool:
        """Whether the stand-in is about to leave this request unanswered."""
        method, path = request.method or "", unquote(urlsplit(request.url or "").path)
        asked, _ = self.server.route(Request(self.server.service, method, path, "", {}, b"", self.server.url))
        rule = self.server.faults.foresee(asked.service, asked.method, asked.kind, asked.path)
        return rule is not None and rule.fault == "hang"

    def close(self) -> None:
        for client in self._open:
            client.close()


@pytest.fixture
def rules() -> str:
    """The stand-in's shape, new or old; tests parametrize it."""
    return "new"


@pytest.fixture
def spotify(tmp_path: Path, rules: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpotifySandbox]:
    made = SpotifySandbox(tmp_path, rules)
    send = HTTPAdapter.send

    def send_patiently(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Use the short time-out only for requests that hang: on a slow machine other answers would miss it."""
        return send(adapter, request, **(options if made.hangs(request) else {**options, "timeout": TIMEOUT_S}))

    monkeypatch.setattr(HTTPAdapter, "send", send_patiently)
    with made.server:
        yield made
        made.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def ledger_server(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    """Where the listener's ledger is: None for a file."""
    if request.param == "sqlite":
        yield None
        return
    try:
        with running_postgres() as running:
            yield running
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture
def listener(world: Sandbox, ledger_server: Postgres | None, tmp_path: Path) -> Listener:
    """See `Listener`; with all kinds of playlist."""
    database = str(tmp_path / "beatporter.db") if ledger_server is None else ledger_server.new_database()
    return Listener(world, database, playlist_kinds=KINDS, daily_size=10)
