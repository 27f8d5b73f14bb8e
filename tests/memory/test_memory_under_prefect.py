"""Memory under a real Prefect server and worker: a run above its budget, and one that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Sandbox
from tests.prefect_api import artifact, ask, start_run, wait_for_artifact, wait_for_end, wait_for_success
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

BEATPORTER = str(Path(sys.executable).with_name("beatporter"))
EVENT = "beatporter.memory.over-budget"


def test_a_run_above_its_budget_is_an_event_and_with_strict_a_failure(server: str, environment: dict[str, str], tmp_path: Path) -> None:
    own = {**environment, "BEATPORTER_HOME": str(tmp_path / "home"), "BEATPORTER_MEMORY_BUDGETS_MB": '{"dubstep": 50}'}
    own["BEATPORTER_MEMORY_STRICT"] = "true"
    command = [BEATPORTER, "sync", "dubstep", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 1, done.stdout + done.stderr
    error = json.loads(done.stdout[done.stdout.index("{") :])["genres"]["dubstep"]["error"]
    assert "its budget is 50 MB" in error
    assert "memory-dubstep" in error
    assert "> **Over budget.**" in artifact(server, "memory-dubstep")
    assert "Over budget" in artifact(server, "memory")
    event = wait_for_event(server)
    assert event["resource"]["prefect.resource.id"] == "beatporter.genre.dubstep"
    assert event["payload"]["budget_mb"] == 50
    assert event["payload"]["peak_mb"] > 100
    assert [one for one in event["related"] if one["prefect.resource.role"] == "flow-run"]


def wait_for_event(server: str) -> dict[str, Any]:
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        found = ask(server, "/events/filter", {"filter": {"event": {"name": [EVENT]}}, "limit": 10})["events"]
        if found:
            event: dict[str, Any] = found[0]
            return event
        time.sleep(1)
    raise AssertionError(f"no event {EVENT} reached the server")


def test_a_run_that_is_killed_gets_its_report_from_the_next_one(
    server: str, worker: Path, environment: dict[str, str], sandbox: Sandbox
) -> None:
    sandbox.set_latency(400)
    try:
        run = start_run(server, "sync-genre/sync-genre", {"genre": "house"})
        pid = wait_for_step(Path(environment["BEATPORTER_HOME"]) / "profiles", "match-tracks")
        time.sleep(1)
        os.kill(pid, signal.SIGKILL)
    finally:
        sandbox.set_latency(0)
    assert wait_for_end(server, run, worker)["state"]["type"] == "CRASHED"
    wait_for_success(server, start_run(server, "sync-genre/sync-genre", {"genre": "tech-house"}), worker)
    page = wait_for_artifact(server, "memory-house", "Killed at")
    assert "MB, in match-tracks" in page
    assert "| 2 | match-tracks | unknown | – | did not end |" in page.replace("unknown | unknown", "unknown | –")
    assert "data:image/svg+xml;base64," in page
    (killed,) = ask(server, "/artifacts/filter", {"artifacts": {"key": {"any_": ["memory-house"]}}, "sort": "CREATED_DESC", "limit": 1})
    assert killed["flow_run_id"] == run, "the report belongs to the run that was killed"


def wait_for_step(folder: Path, step: str) -> int:
    """The process of the active run once it is in that step."""
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        for path in folder.glob("memory-house.*.run.json"):
            record = json.loads(path.read_text())
            if record["steps"] and record["steps"][-1]["name"] == step:
                return int(record["process"].split("/")[1])
        time.sleep(0.1)
    raise AssertionError(f"no run came to {step}")
