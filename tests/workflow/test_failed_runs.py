"""What a run leaves after its process was killed or a person cancelled it: hooks on the worker report it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import RunRow
from beatporter.settings import load_settings
from sandbox.world import Sandbox
from tests.prefect_api import ask, genre_runs, start_run, task_states, wait_for_artifact, wait_for_end, wait_for_log, wait_for_success
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow


@pytest.fixture
def slow_searches(sandbox: Sandbox) -> None:
    """Until the sandbox's faults are cleared."""
    sandbox.faults.add(service="spotify", kind="search", fault="hang", seconds=10, count=None)


@pytest.fixture
def at_work(server: str, worker: Path, sandbox: Sandbox, slow_searches: None, genre: str) -> str:
    """A run in the middle of its searches."""
    asked = sandbox.requests.count(service="spotify", kind="search")
    run = start_run(server, "sync-genre/sync-genre", {"genre": genre})
    wait_for_search(sandbox, asked, worker)
    return run


def wait_for_search(sandbox: Sandbox, asked: int, worker: Path) -> None:
    """Wait until there were more searches than so many."""
    end = time.monotonic() + TIMEOUT_S
    while sandbox.requests.count(service="spotify", kind="search") == asked:
        assert time.monotonic() < end, f"the run does not search:\n{worker.read_text()[-3000:]}"
        time.sleep(0.2)


def kill(run: str) -> None:
    """Kill every process of the run, like a machine that is out of memory."""
    mark = f"PREFECT__FLOW_RUN_ID={run}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    assert found, "the run has no process"
    for number in found:
        os.kill(number, signal.SIGKILL)


def last_row(environment: dict[str, str], genre: str) -> RunRow:
    ledger = open_ledger(Path(environment["BEATPORTER_HOME"]) / "beatporter.db")
    row = ledger.runs.latest(load_settings().all_genres()[genre].genre_id)
    assert row is not None
    return row


def test_a_killed_run_leaves_its_artifact_and_its_row(
    server: str, worker: Path, environment: dict[str, str], at_work: str, genre: str
) -> None:
    kill(at_work)
    assert wait_for_end(server, at_work, worker)["state"]["type"] == "CRASHED"
    page = wait_for_artifact(server, f"sync-{genre}", at_work)
    assert f"{genre}: failed" in page
    assert "Crashed: Process exited with status code: -9" in page.replace("\\", "")
    assert "Retry this run" in page
    assert last_row(environment, genre).state == "failed"
    assert "Crashed" in str(last_row(environment, genre).error)


def test_a_cancelled_run_leaves_its_artifact_and_its_row(
    server: str, worker: Path, environment: dict[str, str], at_work: str, genre: str
) -> None:
    ask(server, f"/flow_runs/{at_work}/set_state", {"state": {"type": "CANCELLING"}})
    assert wait_for_end(server, at_work, worker)["state"]["type"] == "CANCELLED"
    assert "The run was cancelled" in wait_for_artifact(server, f"sync-{genre}", at_work)
    assert last_row(environment, genre).error == "The run was cancelled. Retry it to continue."


def test_a_parent_retries_a_killed_run_once(server: str, worker: Path, sandbox: Sandbox, slow_searches: None, genre: str) -> None:
    asked = sandbox.requests.count(service="spotify", kind="search")
    parent = start_run(server, "sync-genres/daily", {"genres": [genre]})
    wait_for_search(sandbox, asked, worker)
    below = {"flows": {"name": {"any_": ["sync-genre"]}}, "flow_runs": {"parent_flow_run_id": {"any_": [parent]}}}
    (run,) = ask(server, "/flow_runs/filter", below)
    kill(run["id"])
    sandbox.faults.clear()
    wait_for_success(server, parent, worker)
    assert genre_runs(server, parent) == [(genre, "COMPLETED", 2)]
    assert task_states(server, run["id"])["scrape-chart"] == "Cached"
    assert f"{genre} crashed and is retried" in "".join(wait_for_log(server, parent, "is retried"))
