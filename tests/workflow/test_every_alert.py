"""Each shipped alert, as the real server sends it to a webhook; test_alerts.py has the genre that failed twice and the silent run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.world import Sandbox
from tests.conftest import BIN, ROOT, free_port, process, register, running_server
from tests.prefect_api import ask, impatient, start_run, wait_for_end, wait_until
from tests.timeouts import TIMEOUT_S
from tests.webhook import Webhook

pytestmark = pytest.mark.slow

REPORTED = """
from uuid import uuid4
from beatporter.sync.streaks import Streak
from orchestration import events

run = uuid4()
events.sign_in_old("signed in 151 days ago", run)
events.quota_deferred(4711, 800, Streak(2), run)
events.quota_deferred(4712, 800, Streak(3), run)
events.chart_challenged(["psy-trance"], Streak(2), run)
events.chart_challenged(["drum-bass"], Streak(3), run)
"""
"""What a morning's report sends when a person has to act, and what it sends the day before."""


def test_what_needs_a_person_arrives_once_it_is_due(server: str, worker: Path, environment: dict[str, str], webhook: Webhook) -> None:
    done = subprocess.run([sys.executable, "-c", REPORTED], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    webhook.wait_for("sign in to Spotify again", "signed in 151 days ago")
    webhook.wait_for("entries were deferred 3 days running", "4712 entries wait")
    webhook.wait_for("charts were refused 3 days running", "drum-bass: use another source")
    sent = [message["title"] + message["message"] for message in webhook.messages]
    assert not [words for words in sent if "2 days running" in words]


def test_a_run_over_its_memory_budget_alerts(server: str, worker: Path, environment: dict[str, str], webhook: Webhook, genre: str) -> None:
    own = {**environment, "BEATPORTER_MEMORY_BUDGET_MB": "5"}
    command = [str(BIN / "beatporter"), "sync", genre, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert '"budget_left"' in done.stdout, done.stderr
    assert webhook.wait_for(f"{genre} took ", "Its budget is 5")["title"].endswith(" MB")


def test_a_daily_run_that_does_not_end_alerts(server: str, worker: Path, sandbox: Sandbox, webhook: Webhook, genre: str) -> None:
    """The alert waits for ten seconds here, the least that Prefect allows, instead of five hours."""
    sandbox.faults.add(service="spotify", kind="search", fault="hang", seconds=30)
    with impatient(server, "has not ended by noon", 10):
        run = start_run(server, "sync-genres/daily", {"genres": [genre]})
        webhook.wait_for("the daily run has not ended", run)
        wait_for_end(server, run, worker)


def test_a_pool_without_a_worker_alerts(environment: dict[str, str], tmp_path: Path) -> None:
    """The worker is killed; its heartbeats come every second here, and the server looks as often."""
    own = {
        **environment,
        "PREFECT_API_URL": f"http://127.0.0.1:{free_port()}/api",
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "1",
        "PREFECT_WORKER_HEARTBEAT_SECONDS": "1",
    }
    log = tmp_path / "worker.log"
    with Webhook() as webhook, running_server(own, tmp_path / "server.log"):
        register(own, "--notify", webhook.apprise_address)
        with process([str(BIN / "prefect"), "worker", "start", "--pool", "beatporter"], own, log) as started:
            wait_until(lambda: ask(own["PREFECT_API_URL"], "/work_pools/beatporter")["status"] == "READY")
            assert not webhook.messages
            started.kill()
            webhook.wait_for("no worker is online", "beatporter up")
