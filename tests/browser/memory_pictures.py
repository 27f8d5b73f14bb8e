"""Pictures of the memory pages for docs/images, from genres that ran as deployments: `python -m tests.browser.memory_pictures`.

A sandbox, a Prefect server, a worker and the memory pages are started, each with free ports; several mornings are run, so that there is a
trend. The pages are shown in Chromium: Prefect's own and ours, dark and light, and on a phone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from sandbox.world import Options, Sandbox
from tests.browser.conftest import ARGUMENTS, NAMES, TIMEOUT_MS
from tests.conftest import BIN, ROOT, free_port, process
from tests.prefect_api import ask, start_run, wait_for_end
from tests.timeouts import TIMEOUT_S

IMAGES = ROOT / "docs" / "images"
GENRES = ("house", "tech-house", "afro-house", "dubstep")
MORNINGS = 5
DESKTOP, PHONE = (1280, 1000), (390, 844)
Scheme = Literal["dark", "light"]


def main(folder: Path) -> int:
    """Run the mornings and take the pictures."""
    with ExitStack() as stack, Sandbox(Options(genres=GENRES, latency_ms=50)) as sandbox:
        environment, pages_url = surroundings(folder, sandbox)
        api = environment["PREFECT_API_URL"]
        stack.enter_context(
            process(
                [str(BIN / "prefect"), "server", "start", "--port", api.split(":")[2].split("/")[0]], environment, folder / "server.log"
            )
        )
        wait_until(f"{api}/health")
        for command in (("work-pool", "create", "beatporter", "--type", "process"), ("deploy", "--all")):
            with process([str(BIN / "prefect"), "--no-prompt", *command], environment, folder / "deploy.log") as deploying:
                assert deploying.wait(TIMEOUT_S) == 0, (folder / "deploy.log").read_text()
        stack.enter_context(process([str(BIN / "prefect"), "worker", "start", "--pool", "beatporter"], environment, folder / "worker.log"))
        stack.enter_context(
            process(
                [str(BIN / "beatporter"), "profile", "serve", "--port", pages_url.rpartition(":")[2]], environment, folder / "pages.log"
            )
        )
        for morning in range(MORNINGS):
            run = start_run(api, "sync-genres/daily", {"fan_out": "deployments", "genres": list(GENRES), "max_concurrent": 1})
            ended = wait_for_end(api, run, folder / "worker.log")
            assert ended["state"]["type"] == "COMPLETED", ended["state"]
            print(f"morning {morning + 1} is done", flush=True)
            sandbox.next_day()
        wait_until(pages_url)
        take_all(api, pages_url)
    return 0


def surroundings(folder: Path, sandbox: Sandbox) -> tuple[dict[str, str], str]:
    """What server, worker and pages share, and the address of the memory pages."""
    port, pages_url = free_port(), f"http://127.0.0.1:{free_port()}"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    return {
        **inherited,
        **sandbox.environment(),
        "BEATPORTER_HOME": str(folder / "beatporter"),
        "BEATPORTER_GENRES": ",".join(GENRES),
        "BEATPORTER_SPOTIFY_DAILY_BUDGET": "5000",
        "BEATPORTER_SPOTIFY_RATE": "100",
        "BEATPORTER_MEMORY_URL": pages_url,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }, pages_url


def wait_until(url: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.5)


def take_all(api: str, pages_url: str) -> None:
    """Every picture."""
    base = api.removesuffix("/api")
    with browser() as chromium:
        for scheme in ("dark", "light"):
            for key in ("memory-house", "memory"):
                take(chromium, artifact_address(api, base, key), f"{key.replace('house', 'genre')}-{scheme}", scheme, DESKTOP)
            take(chromium, pages_url, f"memory-pages-{scheme}", scheme, DESKTOP)
        take(chromium, artifact_address(api, base, "memory-house"), "memory-genre-phone", "dark", PHONE)
        take(chromium, f"{pages_url}{newest_flame_graph(chromium, pages_url)}", "memory-flame-graph", "light", DESKTOP, whole=False)


def artifact_address(api: str, base: str, key: str) -> str:
    asked = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
    return f"{base}/v2/artifacts/artifact/{ask(api, '/artifacts/filter', asked)[0]['id']}"


def newest_flame_graph(chromium: Browser, pages_url: str) -> str:
    with shown(chromium, pages_url, "light", DESKTOP) as page:
        return page.locator("#house a").first.get_attribute("href") or ""


def take(chromium: Browser, address: str, name: str, scheme: Scheme, size: tuple[int, int], *, whole: bool = True) -> None:
    with shown(chromium, address, scheme, size) as page:
        assert page.get_by_text("Something went wrong").count() == 0, f"{address} shows an error"
        if whole:
            grow(page)
        shorten_paths(page)
        page.screenshot(path=IMAGES / f"{name}.png")
        print(name, flush=True)


def shorten_paths(page: Page) -> None:
    """Leave out where on this machine Python, the libraries and Beatporter lie; a library's own path stays."""
    page.evaluate(
        """() => {
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
            while (texts.nextNode()) {
                const text = texts.currentNode
                if (text.data.includes("/"))
                    text.data = text.data.replace(/(?<=^|\\s)\\/\\S*\\/(site-packages|python3\\.\\d+)\\//g, "")
                        .replace(/(?<=^|\\s)\\/\\S*?\\/(?=(beatporter|flows|tasks|orchestration|cli)\\/)/g, "")
            }
        }"""
    )


def grow(page: Page) -> None:
    """Make the window as high as the page's longest column, which scrolls by itself."""
    height = page.evaluate("Math.max(...[...document.querySelectorAll('*')].map(one => one.scrollHeight))")
    width = page.viewport_size["width"] if page.viewport_size else DESKTOP[0]
    page.set_viewport_size({"width": width, "height": min(int(height) + 40, 4000)})
    page.wait_for_timeout(1000)


@contextmanager
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert path, f"there is no Chromium here (looked for {', '.join(NAMES)})"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def shown(chromium: Browser, address: str, scheme: Scheme, size: Sequence[int]) -> Iterator[Page]:
    """A page after it has loaded everything."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(3000)
    yield page
    context.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="beatporter-pictures-") as temporary:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)))
