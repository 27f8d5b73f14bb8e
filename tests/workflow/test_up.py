"""`beatporter up` starts the inbox and the memory pages too, and nothing that it started outlives it, even when it is killed."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prefect_api import ask, start_run
from tests.running_up import RunningUp
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow


@pytest.fixture
def up(tmp_path: Path) -> Iterator[RunningUp]:
    running = RunningUp(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_inbox_and_memory_pages_are_up_and_nothing_outlives_a_killed_up(up: RunningUp) -> None:
    assert "Recently handed over" in up.page(up.addresses["Inbox"])
    assert "<title>" in up.page(up.addresses["Memory"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", up.addresses["Inbox"])
    assert (up.home / "up.json").stat().st_mode & 0o077 == 0, "the inbox's secret can be read by others"
    found = _doctor(up)
    others = [one for one in found if one["verdict"] != "good"]
    assert not {one["check"] for one in others} & {"Spotify", "Charts from website", "Charts", "Worker", "Alerts"}, others
    assert not [one for one in others if one["verdict"] == "bad"]
    _start_a_run(up)
    started = up.running()
    for part in ("prefect server start", "prefect worker start", "profile serve", "beatporter inbox"):
        assert any(part in command for command in started.values()), f"{part} is not at work: {started}"

    up.process.kill()
    up.process.wait()
    end = time.monotonic() + TIMEOUT_S
    while left := up.running():
        assert time.monotonic() < end, f"still at work: {left}"
        time.sleep(0.5)


def _doctor(up: RunningUp) -> list[dict[str, str]]:
    """What `beatporter doctor --sandbox` finds in the folder."""
    done = up.run("doctor", "--sandbox", "--json")
    return list(json.loads(done.stdout))


def _start_a_run(up: RunningUp) -> None:
    """Have the worker begin a genre's run, and return while it is at work."""
    run_id = start_run(up.api, "sync-genre/sync-genre", {"genre": "house"})
    end = time.monotonic() + TIMEOUT_S
    while (state := ask(up.api, f"/flow_runs/{run_id}")["state"]["type"]) != "RUNNING":
        assert state in ("SCHEDULED", "PENDING"), f"the run is {state} already"
        assert time.monotonic() < end, "the run did not start"
        time.sleep(0.2)
