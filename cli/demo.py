"""`beatporter demo`: a morning of Beatporter against the sandbox; the next demo is the next morning."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from beatporter.errors import PermanentError
from beatporter.home import make_home
from beatporter.settings import load_settings
from cli.sync import Verbose, run_here, show
from cli.terminal import Terminal

GENRES = ("afro-house", "deep-house", "drum-bass", "melodic-house-techno", "tech-house", "trance-main-floor")
HOME = Path(".beatporter/demo")
START_S = 60.0
DEMO_LIMITS = {"BEATPORTER_SPOTIFY_DAILY_BUDGET": "20000", "BEATPORTER_SPOTIFY_RATE": "100"}
"""A demo's mornings are minutes apart, so a real day's budget is not enough."""
OWN = {"BEATPORTER_HOME": str(HOME), "BEATPORTER_CHART_SOURCE": "website", **DEMO_LIMITS}
"""Settings of every demo; the sandbox's addresses are added."""


def demo(
    all_genres: Annotated[bool, typer.Option("--all", help="All 36 genres instead of six.")] = False,
    verbose: Verbose = False,
) -> None:
    """Run a morning's work against local stand-ins for Beatport and Spotify; needs no account."""
    console = Terminal()
    first = not (HOME / "sandbox.json").exists()
    morning = "the first morning: every playlist is new" if first else "the next morning: the charts have moved on by a day"
    console.print(f"A demo against a sandbox of Beatport and Spotify on this machine. It is {morning}.", highlight=False)
    os.environ.update(OWN)
    settings = load_settings()
    with _sandbox(next_day=not first) as wait_until_ready:
        document = run_here(settings, settings.enabled_genres() if all_genres else GENRES, verbose=verbose, before=wait_until_ready)
    show(document)
    searched = document["spotify_calls"]
    console.print(f"{searched} calls to Spotify, of about 800 that a real account has a day.", highlight=False)
    console.print(
        "Next: [bold]make demo[/] again is the next morning; [bold]make ui[/] shows runs, artifacts and memory reports in the browser."
    )
    if any(outcome["state"] == "failed" for outcome in document["genres"].values()):
        raise typer.Exit(1)


@contextmanager
def _sandbox(*, next_day: bool) -> Iterator[Callable[[], None]]:
    """Start the sandbox as a separate process; yields a function that waits for it and points the environment at it."""
    make_home(HOME)
    ready = HOME / "sandbox.env"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox", "--state", str(HOME / "sandbox.json"), "--env-file", str(ready)]
    command += ["--until-parent-ends", str(os.getpid())]
    with (HOME / "sandbox.log").open("w") as log:
        process = subprocess.Popen([*command, *(["--next-day"] if next_day else [])], stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own module

    def wait_until_ready() -> None:
        _wait_for(ready, process)
        lines = (line.split("=", 1) for line in ready.read_text().splitlines() if "=" in line)
        os.environ.update(dict(lines) | OWN)

    try:
        yield wait_until_ready
    finally:
        process.terminate()
        process.wait()


def _wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise PermanentError("The sandbox did not start.", f"Its output is in {HOME / 'sandbox.log'}.")
        time.sleep(0.05)
