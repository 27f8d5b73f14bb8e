"""The daily run in figures: calls, wall time and peak memory of a genre's run, beside an empty Prefect flow in the same kind of process.

    python -m bench.daily_run          # what `make bench` does; writes bench/daily_run.md

The sandbox answers after 50 ms. Each run is a process of its own with a temporary Prefect server, as `beatporter sync GENRE` makes
it. The peak is the kernel's figure for the process (VmHWM), tracing off. Wall time is from the genre's first task to its last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

GENRES = ("house", "afro-house", "drum-bass")
LATENCY_MS = 50
SEARCHES_AT_ONCE = 4
EMPTY = """
import json, sys, time
from pathlib import Path
from cli.orchestration import use_embedded_prefect
use_embedded_prefect(Path(sys.argv[1]), verbose=False)
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
@task(persist_result=True)
def step(number): return []
@flow
def empty():
    since = time.perf_counter()
    for number in range(5): step(number)
    create_markdown_artifact("nothing", key="empty")
    return time.perf_counter() - since
seconds = empty()
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
print(json.dumps({"duration_s": seconds, "peak_memory_mb": peak}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ready = home / "sandbox.env"
        command = [sys.executable, "-m", "sandbox", "--latency-ms", str(LATENCY_MS), "--genres", ",".join(GENRES)]
        command += ["--env-file", str(ready), "--ports-file", str(home / "ports"), "--until-parent-ends"]
        sandbox = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                time.sleep(0.1)
            environment = dict(line.split("=", 1) for line in ready.read_text().splitlines() if "=" in line)
            environment |= {"BEATPORTER_HOME": str(home), "BEATPORTER_PROFILE": "off", "BEATPORTER_SPOTIFY_RATE": "100"}
            report(measure({**os.environ, **environment, "BEATPORTER_SPOTIFY_DAILY_BUDGET": "5000"}, home))
        finally:
            sandbox.terminate()
            sandbox.wait()


def measure(environment: dict[str, str], home: Path) -> dict[str, Any]:
    empty = run([sys.executable, "-c", EMPTY, str(home)], environment)
    first = {genre: sync(genre, environment) for genre in GENRES}
    control = next(value for value in find_addresses(home / "ports") if "control" in value[0])[1]
    urllib.request.urlopen(urllib.request.Request(f"{control}/next-day", method="POST"), timeout=30).close()
    return {"empty": empty, "first day": first, "next day": {genre: sync(genre, environment) for genre in GENRES}}


def find_addresses(ports: Path) -> list[tuple[str, str]]:
    document = json.loads(ports.read_text())
    return [(name, value if str(value).startswith("http") else f"http://127.0.0.1:{value}") for name, value in document.items()]


def sync(genre: str, environment: dict[str, str]) -> dict[str, Any]:
    beatporter = Path(sys.executable).with_name("beatporter")
    outcome: dict[str, Any] = run([str(beatporter), "sync", genre, "--json"], environment)["genres"][genre]
    return outcome


def run(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def report(figures: dict[str, Any]) -> None:
    empty = figures["empty"]
    lines = [
        "# The daily run in figures",
        "",
        f"`make bench`: sandbox with {LATENCY_MS} ms latency, each genre a process of its own, tracing off, {os.cpu_count()} cores.",
        f"An empty flow of five tasks in the same kind of process: {empty['peak_memory_mb']:.0f} MB, {empty['duration_s']:.1f} s.",
        "",
        "| day | genre | matched | added | calls | seconds | latency | beyond empty flow and latency | peak | above empty flow |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for day in ("first day", "next day"):
        for genre, one in figures[day].items():
            latency = LATENCY_MS / 1000 * (one["spotify_calls"] / SEARCHES_AT_ONCE + 3)
            own = one["duration_s"] - latency - empty["duration_s"]
            above = one["peak_memory_mb"] - empty["peak_memory_mb"]
            cells = (
                day,
                genre,
                one["matched"],
                one["added"],
                one["spotify_calls"],
                f"{one['duration_s']:.1f}",
                f"{latency:.1f}",
                f"{own:.1f}",
            )
            lines.append(f"| {' | '.join(map(str, cells))} | {one['peak_memory_mb']:.0f} MB | {above:.0f} MB |")
    text = "\n".join(lines) + "\n"
    print(text)
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
