"""`beatporter up` starts the inbox and the memory pages too, and nothing that it started outlives it, even when it is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BIN, ROOT, free_port
from tests.prefect_api import ask, start_run
from tests.timeouts import TIMEOUT_S

SANDBOX_HOME = ".beatporter/sandbox"


class Up:
    """`beatporter up --sandbox` in a folder of its own.

    Attributes:
        home: Beatporter's.
        addresses: of what it started, by name.
        log: what it printed.
    """

    def __init__(self, folder: Path) -> None:
        self.home, self.log = folder / SANDBOX_HOME, folder / "up.log"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
        self.environment = {**inherited, "PYTHONPATH": str(ROOT), "PREFECT_WORKER_QUERY_SECONDS": "1"}
        ports = [f"--{name}={free_port()}" for name in ("port", "pages-port", "inbox-port")]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(BIN / "beatporter"), "up", "--sandbox", *ports], cwd=folder, env=self.environment, stdout=out, stderr=out
            )
        self.addresses: dict[str, str] = {}

    def wait(self) -> None:
        end = time.monotonic() + TIMEOUT_S
        while "Everything is up" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.5)
        self.addresses = json.loads((self.home / "up.json").read_text())

    def running(self) -> dict[int, str]:
        """Its processes and theirs, by id: those that have its home in their environment."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if f"BEATPORTER_HOME={self.home}".encode() in (path / "environ").read_bytes():
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def page(self, name: str) -> str:
        """The first page at an address, once it answers."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                with urllib.request.urlopen(self.addresses[name], timeout=TIMEOUT_S) as answer:
                    return str(answer.read().decode())
            except OSError:
                assert time.monotonic() < end, f"{name} does not answer: {self.log.read_text()}"
                time.sleep(0.5)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            running.process.kill()
        for number in running.running():
            os.kill(number, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_inbox_and_memory_pages_are_up_and_nothing_outlives_a_killed_up(up: Up) -> None:
    assert "Recently handed over" in up.page("Inbox")
    assert "<title>" in up.page("Memory")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", up.addresses["Inbox"])
    assert (up.home / "up.json").stat().st_mode & 0o077 == 0, "the inbox's secret can be read by others"
    found = _doctor(up)
    assert {found[check] for check in ("Spotify", "Charts from website", "Charts", "Worker", "Alerts")} == {"good"}, found
    assert "bad" not in found.values(), found
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


def _doctor(up: Up) -> dict[str, str]:
    """What `beatporter doctor --sandbox` finds in the folder: verdicts by what was looked at."""
    command = [str(BIN / "beatporter"), "doctor", "--sandbox", "--json"]
    done = subprocess.run(
        command, cwd=up.home.parents[1], env=up.environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return {one["check"]: one["verdict"] for one in json.loads(done.stdout)}


def _start_a_run(up: Up) -> None:
    """Have the worker begin a genre's run, and return while it is at work."""
    api = f"{up.addresses['Prefect']}/api"
    run_id = start_run(api, "sync-genre/sync-genre", {"genre": "house"})
    end = time.monotonic() + TIMEOUT_S
    while (state := ask(api, f"/flow_runs/{run_id}")["state"]["type"]) != "RUNNING":
        assert state in ("SCHEDULED", "PENDING"), f"the run is {state} already"
        assert time.monotonic() < end, "the run did not start"
        time.sleep(0.2)
