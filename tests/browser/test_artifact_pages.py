"""A morning's run in the browser: tables, links, pictures, and hostile names as plain text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

HOSTILE = "|<img src=x onerror=\"document.title='taken over'\">[a](javascript:x) *b* & <b>c</b> `d` https://evil.example"
GENRE, GENRE_ID = "amapiano", 98


def plant(sandbox: Sandbox) -> int:
    """Give a chart entry, and its Spotify track with the same ISRC, a hostile name; returns its position."""
    tracks = {track.isrc: track for track in sandbox.catalogue.spotify_tracks([GENRE_ID], 0) if track.isrc}
    position, entry = next(
        (position, entry) for position, entry in enumerate(sandbox.catalogue.chart(GENRE_ID, 0), 1) if entry.isrc in tracks
    )
    for track in (entry, tracks[entry.isrc]):
        object.__setattr__(track, "name", HOSTILE)
    return position


@pytest.fixture(scope="module")
def position(server: str, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> int:
    """A morning with two genres, run from the command line; returns the position of the hostile entry."""
    home = tmp_path_factory.mktemp("morning")
    with Sandbox(Options(genres=(GENRE, "trance-main-floor"))) as sandbox:
        planted = plant(sandbox)
        own = {**environment, **sandbox.environment(), "BEATPORTER_HOME": str(home)}
        command = [str(Path(sys.executable).with_name("beatporter")), "sync", GENRE, "trance-main-floor", "--json"]
        done = subprocess.run(command, cwd=home, env=own, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["genres"][GENRE]["matched"] > 85
    return planted


def open_artifact(page: Page, key: str) -> None:
    """Open it like a person, through the artifact's list of versions, newest first."""
    page.goto(f"/artifacts/key/{key}")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    expect(page.locator("h1").first).to_be_visible()


def row(page: Page, position: int) -> Any:
    return page.locator("tbody tr").nth(position - 1)


def test_each_chart_entry_has_its_row_with_a_link_to_spotify(page: Page, position: int) -> None:
    open_artifact(page, f"sync-{GENRE}")
    expect(page.locator("tbody tr")).to_have_count(100)
    expect(page.get_by_text("100 entries (chart of ")).to_contain_text("UTC")
    links = page.get_by_role("link", name="listen")
    assert links.count() > 85
    assert (links.first.get_attribute("href") or "").startswith("https://open.spotify.com/track/")


@pytest.mark.parametrize("interface", ["", "/v2"])
def test_a_hostile_name_is_shown_literally_and_does_nothing(page: Page, position: int, interface: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_artifact(page, f"sync-{GENRE}")
    if interface:
        page.goto(page.url.replace("/artifacts/", f"{interface}/artifacts/"))
    cells = row(page, position).locator("td")
    expect(cells).to_have_count(4)
    for cell in (cells.nth(1), cells.nth(2)):
        shown = " ".join((cell.text_content() or "").split())
        assert "".join(HOSTILE.split()) in "".join(shown.split()), shown
    assert row(page, position).locator("img, b, em, code").count() == 0, "the name became markup"
    hrefs = [link.get_attribute("href") or "" for link in row(page, position).locator("a").all()]
    assert not [href for href in hrefs if href.startswith("javascript")]
    assert "taken over" not in page.title()
    assert not [url for url in asked if url.endswith("/x")], "the name made the browser load something"


@pytest.mark.parametrize("interface", ["", "/v2"])
def test_a_memory_report_has_its_figures_and_a_picture(page: Page, position: int, interface: str) -> None:
    open_artifact(page, f"memory-{GENRE}")
    if interface:
        page.goto(page.url.replace("/artifacts/", f"{interface}/artifacts/"))
    for words in ("Step by step", "What holds the peak", "Which processes there are", "Looking closer"):
        expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()
    for step in ("scrape-chart", "match-tracks", "update-playlist", "append-history", "back-up-playlist", "report"):
        expect(page.get_by_role("cell", name=step, exact=True).first).to_be_visible()
    assert (page.get_by_role("link", name="flame graph", exact=True).get_attribute("href") or "").endswith("/flamegraph")
    picture = page.get_by_role("img", name="Memory over time")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0, "the picture is broken"


def test_the_parents_pages_show_all_genres_side_by_side(page: Page, position: int) -> None:
    open_artifact(page, "summary")
    expect(page.locator("tbody tr")).to_have_count(2)
    open_artifact(page, "memory")
    for genre in (GENRE, "trance-main-floor"):
        expect(page.get_by_role("cell", name=genre, exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="this run", exact=True)).to_be_visible()
    picture = page.get_by_role("img", name="Memory by genre")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0, "the picture is broken"
