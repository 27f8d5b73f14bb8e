"""What a person sees in the form of a genre's run, in Prefect's default interface."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from beatporter.settings import load_settings
from tests.prefect_api import ask


def test_the_run_form_lists_the_genres_and_explains_its_fields(page: Page, server: str, worker: Path) -> None:
    deployment = ask(server, "/deployments/name/sync-genre/sync-genre")["id"]
    page.goto(f"/v2/deployments/deployment/{deployment}/run")
    expect(page.get_by_text("Find everything, change no playlist, show what would change.")).to_be_visible()
    expect(page.get_by_text("Do everything again")).to_be_visible()
    expect(page.get_by_text("The kinds of playlist to update")).to_be_visible()
    for hidden in ("max_searches", "run_key"):
        expect(page.get_by_text(hidden)).to_have_count(0)
    page.get_by_role("button", name="Select genre").click()
    options = page.get_by_role("option")
    expect(options).to_have_count(len(load_settings().all_genres()))
    expect(options.filter(has_text="techno-peak-time-driving")).to_be_visible()
