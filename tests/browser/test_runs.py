"""What a person does in the browser: pick a genre for a run, and retry a failed one."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sandbox.world import Sandbox
from tests.prefect_api import ask, start_run, wait_for_end


@pytest.fixture
def deployment(server: str, worker: Path) -> str:
    return str(ask(server, "/deployments/name/sync-genre/sync-genre")["id"])


def test_the_run_form_lists_the_genres_and_explains_its_fields(page: Page, deployment: str) -> None:
    page.goto(f"/deployments/deployment/{deployment}/run")
    expect(page.get_by_text("Find everything, change no playlist.")).to_be_visible()
    expect(page.get_by_text("Do everything again")).to_be_visible()
    for hidden in ("max_searches", "run_key"):
        expect(page.get_by_text(hidden)).to_have_count(0)
    page.locator(".p-select-button__control").first.focus()
    page.keyboard.press("ArrowDown")
    options = page.locator(".p-select-option")
    expect(options).to_have_count(36)
    expect(options.filter(has_text="techno-peak-time-driving")).to_be_visible()


def test_a_failed_genre_is_retried_by_a_click_and_its_finished_tasks_are_cached(
    page: Page, server: str, worker: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add(service="spotify", method="POST", kind="playlist-items", fault="server_error", status=403)
    run = start_run(server, "sync-genre/sync-genre", {"genre": "dubstep"})
    wait_for_end(server, run, worker)
    page.goto(f"/runs/flow-run/{run}")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Retry").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    wait_for_end(server, run, worker, runs=2)
    page.goto(f"/runs/flow-run/{run}")  # reload: the open page polls only now and then
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    page.get_by_text("Task Runs", exact=True).first.click()
    for name, state in {"scrape-chart": "Cached", "match-tracks": "Cached", "update-playlist": "Completed"}.items():
        card = page.locator(".state-list-item", has_text=f"{name} dubstep")
        expect(card.filter(has_text=state).first).to_be_visible()
