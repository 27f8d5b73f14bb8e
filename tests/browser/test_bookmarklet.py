"""The bookmarklet in a real Chromium, on the sandbox's pages: normally, when the page forbids it to send, and on a stale page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route

from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.sync.inbox import Inbox, make_inbox
from cli.inbox_server import InboxServer
from sandbox.world import Options, Sandbox
from tests.browser.conftest import TIMEOUT_MS

HOUSE = "/genre/house/5/top-100"


@pytest.fixture(scope="module")
def beatport() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house", "dubstep"))) as running:
        yield running


@pytest.fixture
def inbox(beatport: Sandbox, tmp_path: Path) -> Iterator[InboxServer]:
    settings = load_settings(home=tmp_path, beatport_url=beatport.beatport_url)
    make_inbox(settings)
    ledger = open_ledger(settings.ledger_address())
    with InboxServer(settings, Inbox(settings, ledger, now=lambda: datetime.now(UTC).replace(microsecond=0)), port=0) as running:
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.set_default_timeout(TIMEOUT_MS)
    yield made
    made.close()


def bookmark(context: BrowserContext, inbox: InboxServer) -> str:
    """The script of the bookmark that the person drags from the inbox's page."""
    page = context.new_page()
    page.goto(f"{inbox.address}/")
    address = page.get_by_role("link", name="Hand over to Beatporter").get_attribute("href") or ""
    page.close()
    assert address.startswith("javascript:")
    return unquote(address.removeprefix("javascript:"))


def click(page: Page, script: str) -> str:
    """The browser's message after a click on the bookmark."""
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.accept()

    page.on("dialog", hear)
    with page.expect_event("dialog"):
        page.evaluate(f"() => {{ {script} }}")
    page.remove_listener("dialog", hear)
    return said[0]


def test_a_click_hands_the_page_over_and_says_what_was_read(context: BrowserContext, inbox: InboxServer, beatport: Sandbox) -> None:
    script = bookmark(context, inbox)
    page = context.new_page()
    page.goto(f"{beatport.beatport_url}{HOUSE}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    assert click(page, script) == "Beatporter: House, 100 entries, today."
    assert [taken.accepted for taken in inbox.taken] == [True]
    assert len(sent) == 1
    assert set(re.findall(r'^{"(\w+)":|,"(data)":"', sent[0])) == {("address", ""), ("", "data")}, "the address and the data, nothing else"
    assert "<html" not in sent[0]


def test_a_page_that_may_send_nowhere_hands_over_through_a_window_of_the_inboxs_own(
    context: BrowserContext, inbox: InboxServer, beatport: Sandbox
) -> None:
    script = bookmark(context, inbox)
    page = context.new_page()

    def forbid(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "connect-src 'self'"})

    page.route(f"**{HOUSE}", forbid)
    page.goto(f"{beatport.beatport_url}{HOUSE}")
    with page.expect_popup() as opened:
        page.evaluate(f"() => {{ {script} }}")
    opened.value.get_by_text("House, 100 entries, today.").wait_for()
    assert [taken.message for taken in inbox.taken] == ["House, 100 entries, today."]


def test_a_page_of_another_site_can_neither_send_nor_open_its_way_in(
    context: BrowserContext, inbox: InboxServer, beatport: Sandbox
) -> None:
    script = bookmark(context, inbox)
    with Sandbox(Options(genres=("house",))) as stranger:  # another port is another origin
        page = context.new_page()
        page.goto(f"{stranger.beatport_url}{HOUSE}")
        with page.expect_popup() as opened:
            page.evaluate(f"() => {{ {script} }}")
        opened.value.wait_for_timeout(500)
        assert "Waiting for the page" in (opened.value.text_content("#said") or "")
    assert not inbox.taken


def test_a_page_whose_data_is_of_the_page_before_is_told_to_be_reloaded(
    context: BrowserContext, inbox: InboxServer, beatport: Sandbox
) -> None:
    script = bookmark(context, inbox)
    page = context.new_page()
    page.goto(f"{beatport.beatport_url}{HOUSE}")
    page.evaluate("() => history.pushState({}, '', '/genre/dubstep/18/top-100')")
    assert "Reload the page" in click(page, script)
    page.reload()
    assert click(page, script) == "Beatporter: Dubstep, 100 entries, today."


def test_a_page_without_data_and_an_inbox_that_is_not_there_are_told(
    context: BrowserContext, inbox: InboxServer, beatport: Sandbox
) -> None:
    script = bookmark(context, inbox)
    beatport.beatport.challenges = True
    try:
        page = context.new_page()
        page.goto(f"{beatport.beatport_url}{HOUSE}")
        assert "no chart data" in click(page, script)
    finally:
        beatport.beatport.challenges = False
