"""How long a person waits for a command: `python -m bench.start` (`make bench-start`).

Whole processes from start to end, each beside its floor in the same round: bare Python, or a Prefect flow that does nothing but has as
many tasks and artifacts. Answers are immediate, so what remains is our time and Prefect's. Prints the median of the rounds, and
writes bench/start.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.conftest import BIN, ROOT, free_port, process, register, running_server
from tests.memory.measured_runs import World, sandbox
from tests.prefect_api import ask, start_run, wait_for_end

RESULTS = Path(__file__).with_suffix(".md")
GENRES = ("house", "afro-house", "drum-bass", "deep-house")
DEMO_AIM_S = 25.0
EMPTY_FLOW = """
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact

@task(persist_result=True)
def step(number: int) -> list[str]:
    return []

@flow(name="empty", persist_result=True)
def empty() -> None:
    for number in range(5):
        step(number)
    for key in ("first", "second", "third", "fourth"):
        create_markdown_artifact("nothing", key=key)

if __name__ == "__main__":
    empty()
"""
"""As many tasks and artifacts as a genre's run in a process of its own, with its parent's."""


@dataclass
class Row:
    """One command, measured side by side with its floor.

    Attributes:
        aim: the most that is allowed, from the floor's median.
        ours, floors: (seconds, MB) of each round; MB None where several processes work.
    """

    name: str
    floor: str
    aim: Callable[[float], float]
    aim_text: str
    ours: list[tuple[float, float | None]] = field(default_factory=list)
    floors: list[tuple[float, float | None]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return median(one for one, _ in self.ours)

    @property
    def floor_s(self) -> float:
        return median(one for one, _ in self.floors) if self.floors else 0.0

    def line(self) -> str:
        peaks = [peak for _, peak in self.ours if peak is not None]
        shown = f"{median(peaks):.0f} MB" if peaks else ""
        floor = f"{self.floor}: {self.floor_s:.2f} s" if self.floors else "–"
        met = "met" if self.seconds <= self.aim(self.floor_s) else "**not met**"
        return f"| {self.name} | {self.seconds:.2f} s | {shown} | {floor} | {self.aim_text} | {met} |"


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the page; 1 if an aim is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's second command finds the bytecode of the first
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *_commands(Path(folder), rounds),
            *_syncs(Path(folder), rounds),
            _demo(Path(folder), rounds),
            _deployed(Path(folder), rounds),
        ]
    text = _page(rows, rounds)
    print(text)
    RESULTS.write_text(text)
    return int("not met" in text)


def _commands(folder: Path, rounds: int) -> list[Row]:
    """Commands that only look something up, in a home with one morning."""
    rows = [
        Row("`beatporter --help`", "bare Python", lambda floor: 0.3, "0.3 s"),
        *(Row(f"`beatporter {name}`", "bare Python", lambda floor: 0.5, "0.5 s") for name in ("genres", "status", "match show house")),
    ]
    with sandbox(folder / "commands", 0, ["house"]) as world:
        _run([_beatporter(), "sync", "house"], world.environment)
        for _ in range(rounds):
            for row in rows:
                row.ours.append(_run([_beatporter(), *row.name.strip("`").split()[1:]], world.environment))
                row.floors.append(_run([sys.executable, "-c", "pass"], world.environment))
    return rows


def _syncs(folder: Path, rounds: int) -> list[Row]:
    """The next morning of a genre, with a temporary and with a running server, and of four genres."""
    own = Row("`sync house`, next morning, temporary server", "empty flow", lambda floor: floor + 2, "empty flow + 2 s")
    running = Row("the same with a running server", "empty flow", lambda floor: floor + 1.5, "empty flow + 1.5 s")
    further = Row("each further genre in the same process", "", lambda floor: 1.0, "1 s")
    flow = folder / "empty.py"
    flow.write_text(EMPTY_FLOW)
    with ExitStack() as stack:
        world = stack.enter_context(sandbox(folder / "syncs", 0, GENRES))
        own_server = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300"}
        plain = {**world.environment, **own_server, "PREFECT_HOME": str(folder / "empty")}
        served = {**world.environment, **_server(stack, folder / "server", world.environment)}
        _run([_beatporter(), "sync", *GENRES], world.environment)
        _run([sys.executable, str(flow)], plain)
        _run([sys.executable, str(flow)], served)
        for _ in range(rounds):
            for row, ours, floor in ((own, world.environment, plain), (running, served, served)):
                world.next_day()
                row.ours.append(_run([_beatporter(), "sync", GENRES[0]], ours))
                row.floors.append(_run([sys.executable, str(flow)], floor))
            further.ours.append(_further(world, served))
    return [own, running, further]


def _further(world: World, environment: Mapping[str, str]) -> tuple[float, None]:
    """Seconds for each genre after the first."""
    world.next_day()
    alone, _ = _run([_beatporter(), "sync", GENRES[0]], environment)
    world.next_day()
    together, _ = _run([_beatporter(), "sync", *GENRES], environment)
    return (together - alone) / (len(GENRES) - 1), None


def _demo(folder: Path, rounds: int) -> Row:
    """The demo's second and later mornings, sandbox included."""
    row = Row("`make demo`, next morning, six genres", "", lambda floor: DEMO_AIM_S, f"{DEMO_AIM_S:.0f} s")
    home = folder / "demo"
    home.mkdir()
    for number in range(rounds + 1):
        measured = _run([_beatporter(), "demo"], os.environ, cwd=home)
        if number:
            row.ours.append((measured[0], None))
    return row


def _deployed(folder: Path, rounds: int) -> Row:
    """A deployed genre on a worker, from when it should start until it has completed."""
    row = Row("a deployed genre, from scheduled to completed", "empty flow, deployed", lambda floor: floor + 2, "Prefect's own + 2 s")
    flow = folder / "deployed" / "empty.py"
    flow.parent.mkdir()
    flow.write_text(EMPTY_FLOW)
    with ExitStack() as stack:
        world = stack.enter_context(sandbox(folder / "world", 0, ["house"]))
        environment = {**world.environment, **_server(stack, folder / "pool", world.environment)}
        api, log = environment["PREFECT_API_URL"], folder / "worker.log"
        register(environment)
        prefect = [str(BIN / "prefect"), "--no-prompt"]
        _run([*prefect, "deploy", f"{flow.name}:empty", "--name", "empty", "--pool", "beatporter"], environment, cwd=flow.parent)
        stack.enter_context(process([*prefect, "worker", "start", "--pool", "beatporter"], environment, log))
        _ended(api, "sync-genre/sync-genre", {"genre": "house"}, log)
        _ended(api, "empty/empty", {}, log)
        for _ in range(rounds):
            world.next_day()
            row.ours.append(_ended(api, "sync-genre/sync-genre", {"genre": "house"}, log))
            row.floors.append(_ended(api, "empty/empty", {}, log))
    return row


def _ended(api: str, deployment: str, parameters: Mapping[str, Any], log: Path) -> tuple[float, None]:
    """Seconds from a run's expected start to its end."""
    run = wait_for_end(api, start_run(api, deployment, parameters), log)
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    begin, end = (datetime.fromisoformat(ask(api, f"/flow_runs/{run['id']}")[name]) for name in ("expected_start_time", "end_time"))
    return (end - begin).total_seconds(), None


def _server(stack: ExitStack, home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that points at a server of its own."""
    home.mkdir()
    api = f"http://127.0.0.1:{free_port()}/api"
    own = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    stack.enter_context(running_server({**environment, **own}, home / "server.log"))
    return own


def _beatporter() -> str:
    return str(BIN / "beatporter")


def _run(command: Sequence[str], environment: Mapping[str, str], cwd: Path = ROOT) -> tuple[float, float]:
    """Seconds of a process from start to end, and its peak in MB."""
    since = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        started = subprocess.Popen(command, env=dict(environment), cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(started.pid, 0)
        lasted = time.perf_counter() - since
        started.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        assert started.returncode == 0, output.read()[-2000:].decode()
    return lasted, usage.ru_maxrss / 1024


def _page(rows: Sequence[Row], rounds: int) -> str:
    return "\n".join(
        [
            "# How long a person waits",
            "",
            f"`make bench-start`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end: whole",
            f"processes with immediate answers from the services, each beside its floor; medians of {rounds} rounds.",
            "",
            "| command | takes | peak | floor | aim | |",
            "|---|--:|--:|---|---|---|",
            *(row.line() for row in rows),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
