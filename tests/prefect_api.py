"""Prefect's REST API for tests with a real server; Prefect's pages use it too."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.timeouts import TIMEOUT_S

FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def ask(api: str, path: str, body: Mapping[str, Any] | None = None, *, method: str | None = None) -> Any:
    """An answer's JSON; with a body the request is a POST unless another method is named."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{api}{path}", data=data, headers={"Content-Type": "application/json"}, method=method)
    for wait_s in (1, 2, 4, 8, 15, 30, 0):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            if error.code != 503 or not wait_s:  # 503: SQLite is busy, which Prefect's own client waits for too
                raise
            time.sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def start_run(api: str, deployment: str, parameters: Mapping[str, Any]) -> str:
    """Start a run like the button in the UI; returns its id."""
    found = ask(api, f"/deployments/name/{deployment}")
    return str(ask(api, f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters, "state": {"type": "SCHEDULED"}})["id"])


def wait_until(happened: Callable[[], bool]) -> None:
    """Fail if it does not happen in time."""
    end = time.monotonic() + TIMEOUT_S
    while not happened():
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.5)


def wait_for_rest(api: str, *, timeout_s: float = 60) -> None:
    """Wait until no run is at work or about to be: runs that an earlier test left behind would meet the next test's faults."""
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    at_work = {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}}
    due = {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": soon}}
    end = time.monotonic() + timeout_s
    while any(ask(api, "/flow_runs/filter", {"flow_runs": runs, "limit": 1}) for runs in (at_work, due)) and time.monotonic() < end:
        time.sleep(1)


def wait_for_end(api: str, run_id: str, log: Path, *, runs: int = 1) -> dict[str, Any]:
    """Wait until attempt number `runs` of the flow run has ended; returns the run."""
    end = time.monotonic() + 2 * TIMEOUT_S
    while time.monotonic() < end:
        run: dict[str, Any] = ask(api, f"/flow_runs/{run_id}")
        if run["state"] and run["state"]["type"] in FINAL and run["run_count"] >= runs:
            return run
        time.sleep(1)
    pytest.fail(f"run {run_id} did not end: {run['state']}\n{log.read_text()[-3000:]}")


def wait_for_success(api: str, run_id: str, log: Path, *, runs: int = 1) -> dict[str, Any]:
    """Wait as `wait_for_end` does and require that the run completed; a failure shows what the run and every run below it said."""
    run = wait_for_end(api, run_id, log, runs=runs)
    if run["state"]["type"] != "COMPLETED":
        said = "\n".join(_failures_below(api, run_id))
        pytest.fail(f"{run['name']}: {run['state']['message']}\n{said}\nThe worker's log:\n{log.read_text()[-2000:]}")
    return run


def _failures_below(api: str, run_id: str) -> list[str]:
    """Whatever went wrong in a run and in the runs that it started: states, warnings and errors."""
    said = []
    for kind in ("flow_runs", "task_runs"):
        below = {"flow_runs": {"parent_flow_run_id" if kind == "flow_runs" else "id": {"any_": [run_id]}}}
        for run in ask(api, f"/{kind}/filter", below):
            if run["state"] and run["state"]["type"] in FINAL - {"COMPLETED"}:
                said.append(f"{run['name']}: {run['state']['name']}: {run['state']['message']}")
            if kind == "flow_runs":
                said += _failures_below(api, run["id"])
    return said + _warnings(api, run_id)


def keep_schedules_away(api: str) -> None:
    """Move every schedule to a time zone in which it is night, hours before the first: a test must not meet the run of seven o'clock."""
    hours_west = (datetime.now(UTC).hour - 1) % 24
    zone = f"Etc/GMT{'+' if hours_west <= 12 else '-'}{hours_west if hours_west <= 12 else 24 - hours_west}"
    for deployment in ask(api, "/deployments/filter", {}):
        for one in deployment["schedules"]:
            moved = {"schedule": one["schedule"] | {"timezone": zone}}
            ask(api, f"/deployments/{deployment['id']}/schedules/{one['id']}", moved, method="PATCH")


def task_states(api: str, run_id: str) -> dict[str, str]:
    """The last state's name of each task of a run, by the task's name."""
    runs = ask(api, "/task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}, "sort": "EXPECTED_START_TIME_ASC"})
    return {run["name"].partition(" ")[0]: run["state"]["name"] for run in runs}


def artifact(api: str, key: str) -> str:
    return str(ask(api, f"/artifacts/{key}/latest")["data"])


def genre_runs(api: str, parent: str) -> list[tuple[str, str, int]]:
    """Name, state and attempts of a parent's genre runs."""
    asked = {"flows": {"name": {"any_": ["sync-genre"]}}, "flow_runs": {"parent_flow_run_id": {"any_": [parent]}}}
    return [(run["name"], run["state"]["type"], run["run_count"]) for run in ask(api, "/flow_runs/filter", asked)]


def histories(api: str, parent: str) -> str:
    """Every state that the runs below a parent were in and what they warned about, for a test that fails."""
    lines = []
    for run in ask(api, "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [parent]}}}):
        lines.append(f"{run['name']}:")
        for state in ask(api, f"/flow_run_states/?flow_run_id={run['id']}"):
            lines.append(f"  {state['timestamp']} {state['name']}: {state['message']}")
        lines += _warnings(api, run["id"])
    return "\n".join([*lines, "The parent's warnings:", *_warnings(api, parent)])


def _warnings(api: str, run_id: str) -> list[str]:
    warned = {"flow_run_id": {"any_": [run_id]}, "level": {"ge_": logging.WARNING}}
    return [f"  {log['message']}" for log in ask(api, "/logs/filter", {"logs": warned})]


def logs_of(api: str, run_id: str) -> list[str]:
    """What a flow run and its tasks logged."""
    return [log["message"] for log in ask(api, "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})]


def wait_for_log(api: str, run_id: str, *words: str, timeout_s: float = 60) -> list[str]:
    """All messages of a run once one of them contains all the words: Prefect sends logs every two seconds, also after a run's end."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        said = logs_of(api, run_id)
        if any(all(word in line for word in words) for line in said):
            return said
        time.sleep(1)
    pytest.fail(f"no line with {words}: {logs_of(api, run_id)}")


def wait_for_artifact(api: str, key: str, words: str, *, timeout_s: float = 60) -> str:
    """The newest version of an artifact that contains these words: a hook publishes it after the run has ended."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            text = artifact(api, key)
        except urllib.error.HTTPError:
            text = "there is none"
        if words in text:
            return text
        time.sleep(1)
    pytest.fail(f"{key} does not say {words!r}: {text[:500]}")


@contextmanager
def impatient(server: str, words: str, seconds: int) -> Iterator[None]:
    """Have the shipped automation of that name wait only so long for what it expects."""
    (found,) = [one for one in ask(server, "/automations/filter", {}) if words in one["name"]]

    def put(within: int) -> None:
        made = {name: found[name] for name in ("name", "description", "enabled", "tags", "actions")}
        changed = made | {"trigger": found["trigger"] | {"within": within}}
        ask(server, f"/automations/{found['id']}", changed, method="PUT")

    put(seconds)
    try:
        yield
    finally:
        put(found["trigger"]["within"])
