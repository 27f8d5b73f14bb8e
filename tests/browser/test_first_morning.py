"""A newcomer's first morning: `beatporter up --sandbox` in an empty folder, then clicks alone, from a failed genre to a completed one."""

from __future__ import annotations

import csv
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS
from tests.browser.v2 import pick, resume, retry, run_deployment, send_form, shot
from tests.prefect_api import artifact, ask, wait_for_end, wait_for_success
from tests.running_up import RunningUp
from tests.timeouts import TIMEOUT_S
from tests.webhook import Webhook

REFUSAL = {"service": "spotify", "method": "POST", "kind": "playlist-items", "fault": "server_error", "status": 403, "count": 1}
GENRE = "dubstep"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, chromium: Browser, webhook: Webhook) -> Iterator[RunningUp]:
    running = RunningUp(tmp_path_factory.mktemp("clone"), ["--notify", webhook.apprise_address])
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture
def clicks(chromium: Browser, up: RunningUp) -> Iterator[Page]:
    context = chromium.new_context(base_url=up.pages, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_clicked_failed_alerted_retried_and_completed(up: RunningUp, clicks: Page, webhook: Webhook) -> None:
    up.spoil({**REFUSAL, "count": 2})
    clicks.goto("/")
    expect(clicks).to_have_url(f"{up.pages}/v2/dashboard?seconds=-86400")
    run_deployment(clicks, up.api, "sync-genre/sync-genre", genre=GENRE)
    (run,) = ask(up.api, "/flow_runs/filter", {"flows": {"name": {"any_": ["sync-genre"]}}})
    failed = wait_for_end(up.api, run["id"], up.log)
    assert (failed["state"]["type"], failed["name"]) == ("FAILED", GENRE)
    searches = up.searches()
    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Failed", exact=True).first).to_be_visible()
    shot(clicks, "failed-run")
    retry(clicks)
    wait_for_end(up.api, run["id"], up.log, runs=2)
    webhook.wait_for(f"{GENRE} failed twice in a row", run["id"])

    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Failed", exact=True).first).to_be_visible()
    retry(clicks)
    wait_for_success(up.api, run["id"], up.log, runs=3)
    assert up.searches() == searches, "a retry searched again"
    clicks.goto(f"/v2/runs/flow-run/{run['id']}")
    expect(clicks.get_by_text("Completed", exact=True).first).to_be_visible()
    clicks.get_by_role("tab", name="Task Runs").click()
    expect(clicks.get_by_text("Cached", exact=True).first).to_be_visible()
    shot(clicks, "run")


def test_a_memory_report_leads_to_the_pages_that_up_serves(up: RunningUp) -> None:
    links = re.findall(r"\]\((http://127\.0\.0\.1:\d+)(/captures/[^)]+)\)", artifact(up.api, f"memory-{GENRE}"))
    assert {base for base, _ in links} == {up.addresses["Memory"]}
    assert "memray" in up.page("".join(links[0]))


def test_matches_in_doubt_are_reviewed_by_clicks(up: RunningUp, clicks: Page) -> None:
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
    send_form(clicks, dialog, "Resume", "/resume")
    done = wait_for_success(up.api, run["id"], up.log)
    assert done["state"]["message"].startswith("1 of "), "the answer was not kept"


def test_a_table_is_exported_and_imported_by_clicks(up: RunningUp, clicks: Page) -> None:
    said = run_and_wait(up, clicks, "export-table/export", table="script-history", kind="xlsx")
    count, file = said.split(" rows of script-history in ")
    assert int(count) > 50
    assert Path(file).stat().st_size > 0
    said = run_and_wait(up, clicks, "import-history/import", text=file)
    assert re.fullmatch(rf"\d+ of {count} rows would be taken, 0 left", said), said


def test_a_match_is_overruled_by_clicks(up: RunningUp, clicks: Page) -> None:
    file = run_and_wait(up, clicks, "export-table/export", table="charts", kind="csv").split(" in ")[1]
    with Path(file).open(encoding="utf-8-sig") as rows:
        entry = next(csv.DictReader(rows))
    number = int(entry["Beatport"].rpartition("/")[2])
    said = run_and_wait(up, clicks, "override-match/override-match", number=number, decision="never")
    assert entry["Title"] in said, said


def test_the_ledger_is_copied_and_checked_by_clicks(up: RunningUp, clicks: Page) -> None:
    said = run_and_wait(up, clicks, "back-up-ledger/back-up")
    assert Path(said.removeprefix("Copied to ")).stat().st_size > 0
    run_and_wait(up, clicks, "maintain-ledger/check")
    assert "Rows read" in artifact(up.api, "maintain-ledger")


def run_and_wait(up: RunningUp, clicks: Page, deployment: str, *, number: int | None = None, text: str = "", **choices: str) -> str:
    """Run a deployment by its form; the message of the run, which has to complete."""
    found = ask(up.api, f"/deployments/name/{deployment}")["id"]
    own = {"deployments": {"id": {"any_": [found]}}}
    before = {run["id"] for run in ask(up.api, "/flow_runs/filter", own)}
    run_deployment(clicks, up.api, deployment, number=number, text=text, **choices)
    (run,) = [run for run in ask(up.api, "/flow_runs/filter", own) if run["id"] not in before]
    return str(wait_for_success(up.api, run["id"], up.log)["state"]["message"])


def test_a_second_up_says_where_the_first_is_and_a_taken_port_is_named(up: RunningUp, tmp_path: Path) -> None:
    again = up.run("up", "--sandbox", "--port", str(up.port))
    assert again.returncode == 0
    assert "It is up already" in again.stdout
    assert up.pages in again.stdout
    other = up.run("up", "--sandbox", "--port", str(up.port), folder=tmp_path)
    assert other.returncode == 2
    assert f"port {up.port} is taken" in " ".join(other.stderr.replace("│", " ").split())


def test_the_doctor_finds_the_server_the_schedule_and_the_worker(up: RunningUp) -> None:
    said = up.run("doctor", "--offline", "--json", BEATPORTER_HOME=str(up.home))
    found = {one["check"]: one["verdict"] for one in json.loads(said.stdout)}
    assert {
        check: found[check] for check in ("Prefect's server", "Deployments", "Schedule", "Worker", "Alerts", "Ledger")
    } == dict.fromkeys(("Prefect's server", "Deployments", "Schedule", "Worker", "Alerts", "Ledger"), "good")
    assert found["Spotify sign-in"] == "bad", "the sandbox's sign-in is in the worker's environment only"


def test_everything_ends_with_it(up: RunningUp) -> None:
    """The last test of this file: SIGTERM, and no process of its home is left."""
    assert up.running(), "none of its processes was found"
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(TIMEOUT_S) == 0
    assert not up.running()
    assert not (up.home / "up.json").exists()
