"""What recording memory costs a genre's run: `python -m bench.memory_cost`.

A first morning of a genre with answers after 50 ms, with tracing on and off in turns, each a process of its own with a sandbox of its own.
Beside the run's wall time stand the processor's time of the process, which a busy machine disturbs less, and the seconds that the report
takes at the end: stop the trace, have it read, publish the page, keep the rows. Results go to bench/memory_cost.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.memory.measured_runs import run_python, sandbox

RESULTS = Path(__file__).with_suffix(".md")
GENRE, LATENCY_MS = "house", 50
AT_MOST, END_S = 0.15, 0.5
RUN = """
import json, sys, time
from beatporter.settings import load_settings
from cli.embedded_prefect import use_embedded_prefect
use_embedded_prefect(load_settings().home, verbose=False)
from cli.sync import run_here
from orchestration import memory_profile
from beatporter.memory.capture import Capture
found, stop, forget = {}, Capture.stop, memory_profile.prune

def stopping(capture):
    found.setdefault("stopped", time.perf_counter())
    stop(capture)

def pruned(*arguments):
    forget(*arguments)
    found["reported"] = time.perf_counter()

Capture.stop, memory_profile.prune = stopping, pruned
cpu = time.process_time()
outcome = run_here(load_settings(), [sys.argv[1]], quiet=True)["genres"][sys.argv[1]]
assert outcome["added"] > 80, outcome
print(json.dumps({"duration_s": outcome["duration_s"], "cpu_s": time.process_time() - cpu, "end_s": found["reported"] - found["stopped"]}))
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, print and keep the page; 1 when an aim is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    found: dict[str, list[dict[str, Any]]] = {"off": [], "on": [], "native": []}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(chosen.rounds):
            for profile, runs in found.items():
                with sandbox(Path(folder) / f"{profile}-{turn}", LATENCY_MS, [GENRE]) as world:
                    runs.append(run_python(RUN, GENRE, environment={**world.environment, "BEATPORTER_PROFILE": profile}))
                print(turn + 1, profile, runs[-1], flush=True)
    text, met = report(found)
    print(text)
    RESULTS.write_text(text)
    return 0 if met else 1


def report(found: dict[str, list[dict[str, Any]]]) -> tuple[str, bool]:
    """The page, and whether every aim is met."""
    middle = {profile: {key: median(one[key] for one in runs) for key in runs[0]} for profile, runs in found.items()}
    least = {profile: min(one["duration_s"] for one in runs) for profile, runs in found.items()}
    lines = [
        "# What recording memory costs",
        "",
        f"`python -m bench.memory_cost`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end:",
        f"a first morning of {GENRE}, answers after {LATENCY_MS} ms, medians of {len(found['on'])} runs in turns.",
        "",
        "| BEATPORTER_PROFILE | seconds | fastest | processor's seconds | at the end |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {profile} | {one['duration_s']:.2f} | {least[profile]:.2f} | {one['cpu_s']:.2f} | {one['end_s']:.2f} |"
            for profile, one in middle.items()
        ),
        "",
    ]
    more = middle["on"]["duration_s"] / middle["off"]["duration_s"] - 1
    aims = [
        (f"At most {AT_MOST:.0%} more wall time: {more:+.0%} (the fastest runs: {least['on'] / least['off'] - 1:+.0%})", more <= AT_MOST),
        (f"At most {END_S} s at the end: {middle['on']['end_s']:.2f} s", middle["on"]["end_s"] <= END_S),
    ]
    return "\n".join([*lines, *(f"- {said}: {'met' if met else '**not met**'}." for said, met in aims), ""]), all(met for _, met in aims)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
