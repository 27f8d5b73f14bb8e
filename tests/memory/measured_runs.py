"""Runs of whole processes against a sandbox, measured by the kernel: for the memory tests, and for `make bench`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEAK_ABOVE_EMPTY_MB = 60
"""What a genre's run may take above an empty flow whose process has no part of Prefect's server in it (91 MB). An empty flow for which
Prefect itself starts a server takes 172 MB: that is more than a genre's run."""
_PEAK = 'next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024'
EMPTY_FLOW = f"""
import json, sys, time
from pathlib import Path
from cli.embedded_prefect import use_embedded_prefect
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
print(json.dumps({{"duration_s": empty(), "peak_memory_mb": {_PEAK}}}))
"""


@dataclass(frozen=True, slots=True)
class World:
    """A sandbox, and the environment of runs against it."""

    environment: dict[str, str]
    control: str

    def next_day(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.control}/next-day", method="POST"), timeout=60).close()

    def calls(self) -> Counter[str]:
        """Requests to Spotify so far by kind, and whether they write."""
        with urllib.request.urlopen(f"{self.control}/requests", timeout=60) as answer:
            found = [entry for entry in json.load(answer) if entry["service"] == "spotify"]
        return Counter(f"{'read' if entry['method'] == 'GET' else 'write'} {entry['kind']}" for entry in found)


@contextmanager
def sandbox(home: Path, latency_ms: float, genres: Sequence[str]) -> Iterator[World]:
    """A separate sandbox process, with a home for the runs against it."""
    home.mkdir(parents=True)
    ready, ports = home / "sandbox.env", home / "ports.json"
    command = [sys.executable, "-m", "sandbox", "--latency-ms", str(latency_ms), "--genres", ",".join(genres)]
    command += ["--until-parent-ends", str(os.getpid())]
    process = subprocess.Popen([*command, "--env-file", str(ready), "--ports-file", str(ports)], stdout=subprocess.DEVNULL)
    try:
        while not ready.exists():
            assert process.poll() is None, "the sandbox did not start"
            time.sleep(0.1)
        settings = dict(line.split("=", 1) for line in ready.read_text().splitlines() if "=" in line)
        settings |= {"BEATPORTER_HOME": str(home), "BEATPORTER_PROFILE": "off", "BEATPORTER_SPOTIFY_RATE": "1000"}
        settings |= {"BEATPORTER_SPOTIFY_DAILY_BUDGET": "5000", "BEATPORTER_BEATPORT_INTERVAL_S": "0"}
        yield World({**os.environ, **settings}, json.loads(ports.read_text())["control"])
    finally:
        process.terminate()
        process.wait()


def sync(genre: str, world: World) -> dict[str, Any]:
    """The genre's part of the output of `beatporter sync GENRE --json`."""
    beatporter = Path(sys.executable).with_name("beatporter")
    document = run([str(beatporter), "sync", genre, "--json"], world.environment)
    outcome: dict[str, Any] = document["genres"][genre]
    return outcome


def run_python(program: str, argument: str, *, environment: dict[str, str]) -> dict[str, Any]:
    return run([sys.executable, "-c", program, argument], environment)


def run(command: Sequence[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    document: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])  # Prefect may print a warning before it
    return document
