"""Prefect's server stops in the middle of `match-tracks` and comes back: the run survives it, and the playlist is written once.

OUTAGE_S makes it longer: 300 was looked at by hand, see docs/decisions/prefect-server-away.md.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.world import Options, Sandbox
from tests.conftest import BIN, free_port, process, register, running_server
from tests.prefect_api import artifact, start_run, task_states, wait_for_log, wait_for_success
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

OUTAGE_S = float(os.environ.get("OUTAGE_S", "20"))
RATE = 4.0
PLAYLIST = "Beatport: House - Top 100"


class Server:
    """A Prefect server that can be stopped and started."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self._environment, self._logs = environment, logs
        self._stack = ExitStack()
        self.api = environment["PREFECT_API_URL"]

    def start(self) -> None:
        self._stack.enter_context(running_server(self._environment, self._logs / "server.log"))

    def stop(self) -> None:
        self._stack.close()
        self._stack = ExitStack()


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house",))) as running:
        yield running


@pytest.fixture
def own_environment(environment: dict[str, str], own_sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    address = f"http://127.0.0.1:{free_port()}/api"
    return {
        **environment,
        **own_sandbox.environment(),
        "BEATPORTER_HOME": str(tmp_path / "beatporter"),
        "BEATPORTER_SPOTIFY_RATE": str(RATE),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": address,
        "PREFECT_UI_API_URL": address,
    }


@pytest.fixture
def own_server(own_environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    server = Server(own_environment, tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_run_lives_through_a_server_that_is_away(
    own_server: Server, own_environment: dict[str, str], own_sandbox: Sandbox, tmp_path: Path
) -> None:
    register(own_environment)
    log = tmp_path / "worker.log"
    with process([str(BIN / "prefect"), "worker", "start", "--pool", "beatporter"], own_environment, log):
        run_id = start_run(own_server.api, "sync-genre/sync-genre", {"genre": "house"})
        _wait_for_searches(own_sandbox, 10, log)
        own_server.stop()
        asked, since = own_sandbox.requests.count(service="spotify", kind="search"), time.monotonic()
        time.sleep(OUTAGE_S)
        went_on, lasted_s = own_sandbox.requests.count(service="spotify", kind="search") - asked, time.monotonic() - since
        own_server.start()
        wait_for_success(own_server.api, run_id, log)
        wait_for_log(own_server.api, run_id, "Prefect's server does not answer", timeout_s=TIMEOUT_S)
    assert went_on > 5, "it did not go on without the server"
    assert went_on <= RATE * lasted_s + 2 * RATE, "it did not keep to the rate"
    tracks = own_sandbox.spotify.person.track_ids(PLAYLIST)
    assert len(tracks) >= 90
    assert not [track for track, count in Counter(tracks).items() if count > 1]
    assert own_sandbox.requests.count(service="spotify", method="POST", kind="playlist-items") == 1
    states = task_states(own_server.api, run_id)
    assert {states[name] for name in states} == {"Completed"}, "states of tasks were not reported when the server was back"
    assert len(states) == 5
    assert "| 1 |" in artifact(own_server.api, "sync-house")


def _wait_for_searches(sandbox: Sandbox, wanted: int, log: Path) -> None:
    end = time.monotonic() + TIMEOUT_S
    while sandbox.requests.count(service="spotify", kind="search") < wanted:
        assert time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.1)
