"""A newcomer's first morning: `beatporter up --sandbox` in an empty folder, then clicks alone, from a failed genre to a completed one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS
from tests.browser.v2 import pick, resume, retry, run_deployment, shot
from tests.conftest import free_port
from tests.prefect_api import ask, wait_for_end
from tests.timeouts import TIMEOUT_S
from tests.webhook import Webhook

REFUSAL = {"service": "spotify", "method": "POST", "kind": "playlist-items", "fault": "server_error", "status": 403, "count": 1}
GENRE = "dubstep"


class Up:
    """`beatporter up` running in its own folder.

    Attributes:
        api, pages: the server's API and its pages.
        control: of the sandbox.
    """

    def __init__(self, folder: Path, webhook: Webhook) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / "up.log"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
        self.environment = {**inherited, "PREFECT_WORKER_QUERY_SECONDS": "1"}
        options = ["--sandbox", "--port", str(self.port), "--pages-port", str(free_port())]
        options += ["--inbox-port", str(free_port()), "--notify", webhook.apprise_address]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(self._command("up", *options), cwd=folder, env=self.environment, stdout=out, stderr=out)
        self.pages = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.pages}/api"

    def wait(self) -> None:
        end = time.monotonic() + TIMEOUT_S
        while "Everything is up" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.5)
        known = json.loads((self.folder / ".beatporter/sandbox/up.json").read_text())
        self.control = known["Sandbox"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = self._command(*arguments)
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    def spoil(self, *faults: dict[str, Any]) -> None:
        body = json.dumps(list(faults)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.control}/faults", data=body), timeout=TIMEOUT_S).close()

    def searches(self) -> int:
        with urllib.request.urlopen(f"{self.control}/requests?service=spotify&kind=search", timeout=TIMEOUT_S) as answer:
            return len(json.load(answer))

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("beatporter")), *arguments]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, chromium: Browser, webhook: Webhook) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("clone"), webhook)
    try:
        running.wait()
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        try:
            running.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            running.process.kill()


@pytest.fixture
def clicks(chromium: Browser, up: Up) -> Iterator[Page]:
    context = chromium.new_context(base_url=up.pages, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_clicked_failed_alerted_retried_and_completed(up: Up, clicks: Page, webhook: Webhook) -> None:
    up.spoil({**REFUSAL, "count": 2})
    clicks.goto("/")
    expect(clicks).to_have_url(f"{up.pages}/v2/dashboard?seconds=-86400")
    run_deployment(clicks, up.api, "sync-genre/sync-genre", GENRE)
    (run,) = ask(up.api, "/flow_runs/filter", {"flows": {"name": {"any_": ["sync-genre"]}}})
    failed = wait_for_end(up.api, run["id"], up.log)
    assert (failed["state"]["type"], failed["name"]) == ("FAILED", GENRE)
    searches = up.searches()
    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Failed", exact=True).first).to_be_visible()
    shot(clicks, "failed-run")
    retry(clicks)
    wait_for_end(up.api, run["id"], up.log, runs=2)
    assert run["id"] in webhook.wait_for(f"{GENRE} failed twice in a row")["message"]

    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Failed", exact=True).first).to_be_visible()
    retry(clicks)
    done = wait_for_end(up.api, run["id"], up.log, runs=3)
    assert done["state"]["type"] == "COMPLETED", done["state"]["message"]
    assert up.searches() == searches, "a retry searched again"
    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Completed", exact=True).first).to_be_visible()
    clicks.get_by_role("tab", name="Task Runs").click()
    expect(clicks.get_by_text("Cached", exact=True).first).to_be_visible()
    shot(clicks, "run")


def test_matches_in_doubt_are_reviewed_by_clicks(up: Up, clicks: Page) -> None:
    run_deployment(clicks, up.api, "review-matches/review-matches")
    (run,) = ask(up.api, "/flow_runs/filter", {"flows": {"name": {"any_": ["review-matches"]}}})
    end = time.monotonic() + TIMEOUT_S
    while (state := ask(up.api, f"/flow_runs/{run['id']}")["state"])["name"] != "Suspended":
        assert time.monotonic() < end, state
        assert state["type"] not in ("FAILED", "CRASHED", "COMPLETED"), state
        time.sleep(1)
    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    dialog = resume(clicks)
    expect(dialog.get_by_text("in doubt. Pick one for each")).to_be_visible()
    shot(clicks, "review")
    pick(clicks, dialog, "later", "none: take nothing for it, ever")
    dialog.get_by_role("button", name="Resume").click()
    done = wait_for_end(up.api, run["id"], up.log)
    assert done["state"]["type"] == "COMPLETED", done["state"]["message"]
    assert done["state"]["message"].startswith("1 of "), "the answer was not kept"


def test_a_second_up_says_where_the_first_is_and_a_taken_port_is_named(up: Up, tmp_path: Path) -> None:
    again = up.run("up", "--sandbox", "--port", str(up.port))
    assert again.returncode == 0
    assert "It is up already" in again.stdout
    assert up.pages in again.stdout
    up.folder, kept = tmp_path, up.folder
    try:
        other = up.run("up", "--sandbox", "--port", str(up.port))
    finally:
        up.folder = kept
    assert other.returncode == 2
    assert f"port {up.port} is taken" in " ".join(other.stderr.replace("│", " ").split())


def test_the_doctor_finds_the_server_the_schedule_and_the_worker(up: Up) -> None:
    up.environment["BEATPORTER_HOME"] = str(up.folder / ".beatporter/sandbox")
    try:
        said = up.run("doctor", "--offline", "--json")
    finally:
        del up.environment["BEATPORTER_HOME"]
    found = {one["check"]: one["verdict"] for one in json.loads(said.stdout)}
    assert {
        check: found[check] for check in ("Prefect's server", "Deployments", "Schedule", "Worker", "Alerts", "Ledger")
    } == dict.fromkeys(("Prefect's server", "Deployments", "Schedule", "Worker", "Alerts", "Ledger"), "good")
    assert found["Spotify sign-in"] == "bad", "the sandbox's sign-in is in the worker's environment only"


def test_everything_ends_with_it(up: Up) -> None:
    """The last test of this file: SIGTERM, and no process of its session is left."""
    groups = [int(path.name) for path in Path("/proc").glob("[0-9]*") if _belongs(path, up.folder)]
    assert groups, "none of its processes was found"
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(TIMEOUT_S) == 0
    assert not [number for number in groups if Path(f"/proc/{number}").exists() and _belongs(Path(f"/proc/{number}"), up.folder)]
    assert not (up.folder / ".beatporter/sandbox/up.json").exists()


def _belongs(process: Path, folder: Path) -> bool:
    """Whether a process has this folder's home in its environment."""
    try:
        return str(folder / ".beatporter").encode() in (process / "environ").read_bytes()
    except OSError:
        return False
