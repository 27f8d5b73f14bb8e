"""The memory pages in a real Chromium: the index with a trend for each genre, and memray's flame graphs without foreign requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from cli.profile_runs import index_of
from cli.profile_server import HOST, make_server
from tests.memory.conftest import profiled_home  # noqa: F401 - a fixture


@pytest.fixture
def address(profiled_home: Path) -> Iterator[str]:  # noqa: F811 - the fixture
    settings = load_settings(home=profiled_home)
    server = make_server(settings.captures(), lambda: index_of(lambda: open_ledger(settings.ledger_address()), settings), 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{HOST}:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["flame graph", "flame graph over time", "what was left behind", "table"])
def test_a_genres_captures_are_opened_from_the_index_and_fetch_nothing(chromium: Browser, address: str, kind: str) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    expect(page.get_by_role("heading", name="house")).to_be_visible()
    expect(page.locator("#house svg")).to_be_visible()
    page.locator("#house > p").get_by_role("link", name=kind, exact=True).click()
    if kind == "table":
        expect(page.get_by_role("cell", name="MB").first).to_be_visible()
    elif kind != "what was left behind":
        expect(page.locator("svg, canvas").first).to_be_visible()
    assert not errors, "memray's page does not work under our policy"
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_index_fits_a_phone(chromium: Browser, address: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
