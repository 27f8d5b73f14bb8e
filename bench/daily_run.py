"""The daily run in figures: Spotify calls, wall time and peak memory of a genre's run, side by side with an empty Prefect flow.

    python -m bench.daily_run          # what `make bench` does; writes bench/daily_run.md

Every run is a separate process with a temporary Prefect server, as in `beatporter sync GENRE`, tracing off. Four things are
run for each genre and day, each against its own sandbox with the same charts:

- the flow, with answers after 50 ms: wall time and peak memory as a person sees them;
- the flow, with immediate answers: what remains is our own time and Prefect's;
- the five steps without Prefect, with immediate answers: our own time; the difference is Prefect's;
- an empty flow of five tasks: the floor of Prefect's memory and time.

Calls come from the sandbox's own record, peaks from the kernel (VmHWM).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.memory.measured_runs import EMPTY_FLOW, PEAK_ABOVE_EMPTY_MB, World, run_python, sandbox, sync

GENRES = ("house", "afro-house", "drum-bass")
DAYS = ("first day", "next day")
LATENCY_MS = 50
EMPTY_RUNS = 3
OWN_S = 2.0
SEARCHES_PER_ENTRY = 1.3

STEPS = """
import json, sys, time
from beatporter.ledger.ledger import open_ledger
from beatporter.settings import load_settings
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.backup import back_up_playlist
from beatporter.sync.history import append_history
from beatporter.sync.match import match_tracks
from beatporter.sync.playlist import update_playlist
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
slug, settings = sys.argv[1], load_settings()
with Workspace(settings, open_ledger(settings.ledger_address()), run_key=f"{slug} {time.time()}", slug=slug, reserve=3) as workspace:
    list_playlists(workspace)
    since = time.perf_counter()
    chart = scrape_chart(workspace, slug)
    added = update_playlist(workspace, slug, chart, match_tracks(workspace, slug, chart))
    append_history(workspace, slug, added)
    back_up_playlist(workspace, slug)
    print(json.dumps({"duration_s": time.perf_counter() - since}))
"""


@dataclass(frozen=True, slots=True)
class GenreRun:
    """A genre's run on one day.

    Attributes:
        outcome: the flow's `beatporter sync --json` with latency.
        decided: newly decided entries.
        calls: requests to Spotify by kind.
        at_once_s: the flow's seconds with immediate answers. steps_s: the same for the steps alone.
    """

    outcome: dict[str, Any]
    decided: int
    calls: Counter[str]
    at_once_s: float
    steps_s: float

    @property
    def searches_an_entry(self) -> float:
        return self.calls["read search"] / self.decided


def main() -> int:
    """Measure, print and save the table; 1 when an aim is not met."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        worlds = [
            stack.enter_context(sandbox(home / name, latency_ms, GENRES))
            for name, latency_ms in (("waiting", LATENCY_MS), ("at-once", 0), ("steps", 0))
        ]
        empty = [run_python(EMPTY_FLOW, str(home / "waiting"), environment=worlds[0].environment) for _ in range(EMPTY_RUNS)]
        floor_mb, floor_s = (median(one[key] for one in empty) for key in ("peak_memory_mb", "duration_s"))
        runs = {day: {genre: measure(genre, worlds) for genre in move_on(day, worlds)} for day in DAYS}
    text, met = report(runs, floor_mb, floor_s)
    print(text)
    Path(__file__).with_suffix(".md").write_text(text)
    return 0 if met else 1


def move_on(day: str, worlds: Sequence[World]) -> Sequence[str]:
    """The genres, once every sandbox shows that day."""
    if day != DAYS[0]:
        for world in worlds:
            world.next_day()
    return GENRES


def measure(genre: str, worlds: Sequence[World]) -> GenreRun:
    """One genre's run in each world."""
    waiting, at_once, steps = worlds
    before, undecided = waiting.calls(), decisions(waiting)
    outcome = sync(genre, waiting)
    return GenreRun(
        outcome=outcome,
        decided=decisions(waiting) - undecided,
        calls=waiting.calls() - before,
        at_once_s=sync(genre, at_once)["duration_s"],
        steps_s=run_python(STEPS, genre, environment=steps.environment)["duration_s"],
    )


def decisions(world: World) -> int:
    """Number of decisions in the world's ledger."""
    from sqlalchemy import func, select

    from beatporter.ledger.ledger import open_ledger
    from beatporter.ledger.tables import MATCHES

    with open_ledger(Path(world.environment["BEATPORTER_HOME"]) / "beatporter.db").database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(MATCHES)).scalar_one())


def report(runs: dict[str, dict[str, GenreRun]], floor_mb: float, floor_s: float) -> tuple[str, bool]:
    """The page, and whether every aim is met."""
    lines = [
        "# The daily run in figures",
        "",
        f"`make bench`: each run in a separate process, tracing off, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end.",
        f"An empty flow of five tasks in such a process: {floor_mb:.0f} MB, {floor_s:.2f} s (median of {EMPTY_RUNS}).",
        "",
        f"| day | genre | decided | searches | each | playlist reads | adds | all calls | added | seconds at {LATENCY_MS} ms "
        "| seconds, immediate answers | ours | Prefect's | peak | above empty flow |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [_row(day, genre, one, floor_mb) for day, genres in runs.items() for genre, one in genres.items()]
    every = [one for genres in runs.values() for one in genres.values()]
    searches, decided = sum(one.calls["read search"] for one in every), sum(one.decided for one in every)
    reads, writes = (sum(one.calls[kind] for one in every) for kind in ("read playlist-items", "write playlist-items"))
    gaining = sum(one.outcome["added"] > 0 for one in every)
    own_s, above_mb = max(one.steps_s for one in every), max(_above(one, floor_mb) for one in every)
    aims = [
        (f"At most {SEARCHES_PER_ENTRY} searches for each entry: {searches / decided:.2f}", searches <= SEARCHES_PER_ENTRY * decided),
        (f"No read of a playlist that nobody else changed: {reads}", not reads),
        (f"One write for each playlist that gains tracks: {writes} for {gaining}", writes == gaining),
        (f"Under {OWN_S:.0f} s of our own per genre: {own_s:.2f} s at most", own_s < OWN_S),
        (f"Peak under {PEAK_ABOVE_EMPTY_MB} MB above an empty flow's: {above_mb:.0f} MB at most", above_mb < PEAK_ABOVE_EMPTY_MB),
    ]
    lines += ["", *(f"- {words}: {'met' if met else 'NOT met'}." for words, met in aims)]
    return "\n".join(lines) + "\n", all(met for _, met in aims)


def _row(day: str, genre: str, one: GenreRun, floor_mb: float) -> str:
    cells = (
        day,
        genre,
        one.decided,
        one.calls["read search"],
        f"{one.searches_an_entry:.2f}",
        one.calls["read playlist-items"],
        one.calls["write playlist-items"],
        one.calls.total(),
        one.outcome["added"],
        f"{one.outcome['duration_s']:.1f}",
        f"{one.at_once_s:.1f}",
        f"{one.steps_s:.1f}",
        f"{one.at_once_s - one.steps_s:.1f}",
        f"{one.outcome['peak_memory_mb']:.0f} MB",
        f"{_above(one, floor_mb):.0f} MB",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _above(one: GenreRun, floor_mb: float) -> float:
    above: float = one.outcome["peak_memory_mb"] - floor_mb
    return above


if __name__ == "__main__":
    sys.exit(main())
