"""Every page that a run publishes is readable: at a desk and on a phone, dark and light, with 100 rows and names of every kind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.world import Options, Sandbox
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.v2 import shot
from tests.prefect_api import ask
from tests.timeouts import TIMEOUT_S

GENRE, GENRE_ID = "amapiano", 98
NAMES = (
    "<b>bold</b><script>document.title='taken over'</script>",
    "شبكة الليل والنهار في المدينة القديمة",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "| a | b | *c* _d_ [e](javascript:x) ![f](https://evil.example/f.png)",
)
KEYS = ("briefing", "summary", f"sync-{GENRE}", f"memory-{GENRE}", "memory")

PICTURES = {"briefing": "briefing", "summary": "summary", f"sync-{GENRE}": "sync"}
"""Pages that the documents show, by their file in docs/images."""


@pytest.fixture(scope="module")
def published(server: str, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A morning with such names; the address of each page."""
    home = tmp_path_factory.mktemp("names")
    with Sandbox(Options(genres=(GENRE, "trance-main-floor"))) as sandbox:
        tracks = {track.isrc: track for track in sandbox.catalogue.spotify_tracks([GENRE_ID], 0) if track.isrc}
        known = [entry for entry in sandbox.catalogue.chart(GENRE_ID, 0) if entry.isrc in tracks]
        for entry, name in zip(known, NAMES, strict=False):
            object.__setattr__(entry, "name", name)
            object.__setattr__(tracks[entry.isrc], "name", name)
        own = {**environment, **sandbox.environment(), "BEATPORTER_HOME": str(home)}
        command = [str(Path(sys.executable).with_name("beatporter")), "sync", GENRE, "trance-main-floor", "--json"]
        done = subprocess.run(command, cwd=home, env=own, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        html = home / "briefing.html"
        made = subprocess.run([command[0], "briefing", "--html", str(html)], cwd=home, env=own, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
    found = ask(server, "/artifacts/latest/filter", {"artifacts": {"key": {"any_": list(KEYS)}}})
    return {one["key"]: f"/v2/artifacts/artifact/{one['latest_id']}" for one in found} | {"html": html.as_uri()}


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=lambda known: f"{known[0]}-{known[1]}")
def reader(request: pytest.FixtureRequest, chromium: Browser, server: str) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(
        base_url=server.removesuffix("/api"), viewport={"width": width, "height": 900 if width > 400 else 844}, color_scheme=scheme
    )
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    yield context.new_page()
    context.close()


DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
NARROW = """() => {
    const wide = [...document.querySelectorAll('table, img, pre')].filter(one => {
        for (let box = one.parentElement; box; box = box.parentElement) {
            if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false;
        }
        return one.getBoundingClientRect().right > window.innerWidth + 1;
    });
    return wide.map(one => one.tagName + ' ' + Math.round(one.getBoundingClientRect().right));
}"""
"""Elements beyond the screen that cannot be scrolled to."""


def test_every_page_fits_its_screen_and_runs_no_markup(reader: Page, published: dict[str, str]) -> None:
    width = (reader.viewport_size or {})["width"]
    dark = reader.evaluate(DARK)
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    for key in KEYS:
        reader.goto(published[key])
        expect(reader.locator("main h1, .prose h1").first).to_be_visible()
        assert reader.evaluate("document.documentElement.scrollWidth") <= width + 1, f"{key} is wider than {width} pixels"
        assert not reader.evaluate(NARROW), f"{key}: out of reach at {width} pixels"
        assert "taken over" not in reader.title()
        if (width, dark) == (1280, False) and key in PICTURES:
            shot(reader, PICTURES[key])
        elif (width, dark) == (390, True) and key == "briefing":
            shot(reader, "briefing-phone")
    reader.goto(published[f"sync-{GENRE}"])
    expect(reader.locator("tbody tr")).to_have_count(100)
    assert not [url for url in asked if "evil.example" in url]


def test_the_briefing_as_a_file_is_a_page_of_its_own(reader: Page, published: dict[str, str]) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(published["html"])
    width = (reader.viewport_size or {})["width"]
    expect(reader.get_by_role("heading", level=1)).to_contain_text("eady")
    assert reader.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [published["html"]], "the page loads something"
    for name in NAMES[:2]:
        expect(reader.get_by_text(name).first).to_be_visible()
    colours = reader.evaluate("[document.documentElement, document.body].map(one => getComputedStyle(one).colorScheme)")
    assert "light dark" in colours, "the page does not follow the reader's theme"
