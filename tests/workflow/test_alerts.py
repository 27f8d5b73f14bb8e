"""The consequences of a failing genre: events, an alert that arrives, a retry by command, and an updated parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Sandbox
from tests.conftest import ROOT
from tests.prefect_api import (
    artifact,
    ask,
    impatient,
    start_run,
    task_states,
    wait_for_end,
    wait_for_log,
    wait_for_rest,
    wait_for_success,
    wait_until,
)
from tests.timeouts import TIMEOUT_S
from tests.webhook import Webhook

pytestmark = pytest.mark.slow

KILLED = "Check whether the flow run exceeded its memory allocation"
"""A worker says this of a run whose process was killed, twice: before it reports the run's state, and after that."""


def events(server: str, prefix: str) -> list[dict[str, Any]]:
    """Events of that kind, newest first."""
    found: list[dict[str, Any]] = ask(server, "/events/filter", {"limit": 50, "filter": {"event": {"prefix": [prefix]}}})["events"]
    return found


def child_of(server: str, parent: str, genre: str) -> dict[str, Any]:
    runs: list[dict[str, Any]] = ask(server, "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [parent]}}})
    return next(run for run in runs if run["parameters"].get("genre") == genre)


def beatporter(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("beatporter")), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def test_a_genre_that_fails_twice_alerts_and_its_retry_brings_the_parent_up_to_date(
    server: str, worker: Path, sandbox: Sandbox, environment: dict[str, str], webhook: Webhook, genre: str, second_genre: str
) -> None:
    refusal = {"service": "spotify", "method": "POST", "kind": "playlist-items", "fault": "server_error", "status": 403}
    beatporter(environment, "retry", "--failed")  # what earlier tests left: later this command is to find our own genre alone
    wait_for_rest(server)
    sandbox.faults.add(**refusal)
    parent = start_run(server, "sync-genres/daily", {"genres": [genre, second_genre], "fan_out": "deployments", "max_concurrent": 1})
    failed = wait_for_end(server, parent, worker)
    assert failed["state"]["message"] == f"1 of 2 genres failed: {genre}"
    child = child_of(server, parent, genre)
    assert child["name"] == genre
    assert set(child["tags"]) == {"beatporter", genre, time.strftime("%Y-%m-%d", time.gmtime())}
    summary = artifact(server, "summary")
    assert summary.startswith(f"# 1 of 2 genres failed: {genre}")
    assert f"/v2/runs/flow-run/{child['id']}" in summary
    assert "not found" not in next(row for row in summary.splitlines() if row.startswith(f"| [{genre}]"))
    assert artifact(server, "briefing").startswith("# Not ready: 1 of 2 genres")
    searches = sandbox.requests.count(service="spotify", kind="search")

    sandbox.faults.add(**refusal)
    assert beatporter(environment, "retry", genre).returncode == 0
    wait_for_end(server, child["id"], worker, runs=2)
    webhook.wait_for(f"{genre} failed twice in a row", child["id"])
    second = {"genre": genre, "failures_in_a_row": 2, "kind": "RequestRefused"}
    wait_until(lambda: any(second.items() <= event["payload"].items() for event in events(server, "beatporter.genre.failed")))

    assert beatporter(environment, "retry", "--failed").returncode == 0
    wait_for_success(server, child["id"], worker, runs=3)
    assert {task_states(server, child["id"])[name] for name in ("scrape-chart", "match-tracks")} == {"Cached"}
    assert sandbox.requests.count(service="spotify", kind="search") == searches, "a retry searched again"
    end = time.monotonic() + TIMEOUT_S
    while ask(server, f"/flow_runs/{parent}")["state"]["type"] != "COMPLETED":
        assert time.monotonic() < end, "the parent stays failed after its genre was retried"
        time.sleep(1)
    assert artifact(server, "summary").startswith("# 2 genres, ")
    assert artifact(server, "briefing").startswith("# Ready: ")
    both = {genre, second_genre}
    wait_until(lambda: both <= {event["payload"]["genre"] for event in events(server, "beatporter.playlist.updated")})
    assert beatporter(environment, "retry", genre).returncode == 1, "a completed genre is not retried"


def test_the_log_says_the_work_in_lines_and_has_no_traceback(server: str, worker: Path, sandbox: Sandbox, genre: str) -> None:
    sandbox.faults.add(service="spotify", method="POST", kind="playlist-items", fault="server_error", status=403)
    run = start_run(server, "sync-genre/sync-genre", {"genre": genre})
    wait_for_end(server, run, worker)
    wait_for_log(server, run, " of 100 found, ", " substitutes")
    said = wait_for_log(server, run, "Finished in state Failed('Spotify refused")  # the run's own last line
    assert [line for line in said if line.startswith(f"{genre}: 100 entries in the chart")]
    assert not [line for line in said if "Traceback" in line], "an expected failure printed a traceback"


def test_a_run_that_falls_silent_becomes_crashed_and_can_be_retried(server: str, worker: Path, sandbox: Sandbox, genre: str) -> None:
    """As after a power cut, neither the process nor its worker reports anything: the process is stopped, so no worker sees its end.

    The automation acts after ten seconds here, so a heartbeat begins the wait and none can end it.
    """
    sandbox.faults.add(service="spotify", kind="search", fault="hang", seconds=600, count=8)
    run = start_run(server, "sync-genre/sync-genre", {"genre": genre})
    silent, killed = _engine_of(run), worker.read_text().count(KILLED)
    try:
        with impatient(server, "process died", 10):
            wait_until(lambda: any(run in one["resource"]["prefect.resource.id"] for one in events(server, "prefect.flow-run.heartbeat")))
            os.kill(silent, signal.SIGSTOP)
            ended = wait_for_end(server, run, worker)
    finally:
        os.kill(silent, signal.SIGKILL)
    wait_until(lambda: worker.read_text().count(KILLED) == killed + 2)  # a real worker would be dead as well, and report nothing later
    assert ended["state"]["type"] == "CRASHED"
    assert "Retry" in ended["state"]["message"]
    sandbox.faults.clear()
    ask(server, f"/flow_runs/{run}/set_state", {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}})
    wait_for_success(server, run, worker, runs=2)


def _engine_of(run: str) -> int:
    """The id of the run's process."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system has no /proc to find the run's process in")
    found: list[int] = []

    def look() -> bool:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                its = f"PREFECT__FLOW_RUN_ID={run}".encode() in (folder / "environ").read_bytes().split(b"\0")
                if its and b"prefect.engine" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
        return bool(found)

    wait_until(look)
    return found[0]
