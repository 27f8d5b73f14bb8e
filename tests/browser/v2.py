"""What a person does in Prefect's default interface, and pictures of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, Response, expect

from tests.prefect_api import ask


def run_deployment(page: Page, api: str, deployment: str, *, number: int | None = None, text: str = "", **choices: str) -> None:
    """Fill in the form of a deployment's run and submit it.

    Args:
        number, text: for its first field of that kind.
        choices: for its lists, by name.
    """
    found = ask(api, f"/deployments/name/{deployment}")["id"]
    form = f"/v2/deployments/deployment/{found}/run"
    page.goto(form)
    for name, choice in choices.items():
        page.get_by_role("button", name=f"Select {name}").click()
        page.get_by_role("option", name=choice, exact=True).click()
    if number is not None:
        page.get_by_role("spinbutton").fill(str(number))
    if text:
        page.get_by_role("textbox").nth(1).fill(text)  # the first is the run's name
    _sent(page, page.get_by_role("button", name="Submit").click, "/create_flow_run")
    expect(page).not_to_have_url(re.compile(re.escape(form)))


def retry(page: Page) -> None:
    """Retry the run whose page is open."""

    def confirm() -> None:
        _menu(page, "Retry")
        page.get_by_role("alertdialog").get_by_role("button", name="Retry").click()  # this closes the dialog, whatever the server says

    _sent(page, confirm, "/set_state")
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def resume(page: Page) -> Locator:
    """Open the form of the suspended run whose page is open."""
    expect(page.get_by_text("Suspended", exact=True).first).to_be_visible()
    _menu(page, "Resume")
    return page.get_by_role("dialog")


def pick(page: Page, dialog: Locator, now: str, choice: str) -> None:
    """Choose something in the first list that shows `now`."""
    dialog.get_by_role("button").filter(has_text=now).first.click()
    page.get_by_role("option", name=choice).click()


def send_form(page: Page, dialog: Locator, button: str, path: str) -> None:
    """Press the form's button; the server must accept the form."""
    answer = _sent(page, dialog.get_by_role("button", name=button).click, path)
    assert answer.json()["status"] == "ACCEPT", answer.text()


def _sent(page: Page, send: Callable[[], None], path: str) -> Response:
    """Send a request by clicks and wait for the server's answer; send it again, as a person does, while the server is too busy (503)."""
    for _ in range(5):
        with page.expect_response(lambda answer: answer.url.endswith(path)) as sent:
            send()
        if sent.value.status != 503:
            break
    assert sent.value.ok, f"{sent.value.status} {sent.value.text()}"
    return sent.value


def shot(page: Page, name: str) -> None:
    """Take a picture for docs/images if the environment names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.wait_for_timeout(1500)
        page.screenshot(path=Path(folder) / f"{name}.png")


def _menu(page: Page, item: str) -> None:
    page.get_by_role("button", name="Open menu").first.click()
    page.get_by_role("menuitem", name=item).click()
