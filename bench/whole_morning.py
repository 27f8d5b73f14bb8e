"""A whole morning end to end, beside Prefect's own time: `python -m bench.whole_morning`, part of `make bench`.

The second morning of all genres, with answers after 50 ms: inline (`beatporter sync --all` with its temporary server), and deployed (a
server, one worker, `sync-genres` with two runs at a time). Beside each, in the same run, the same number of empty flows with as many
tasks and artifacts. Wall time, CPU time of all processes but the sandbox's, and what the calls alone wait. Writes bench/whole_morning.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beatporter.settings import Settings
from tests.conftest import BIN, ROOT, free_port, process, register
from tests.memory.measured_runs import World, sandbox
from tests.prefect_api import ask, start_run

RESULTS = Path(__file__).with_suffix(".md")
ALL = Settings().enabled_genres()
LATENCY_MS = 50
AT_ONCE = 2
INLINE_AIM_S = 90.0
DEPLOYED_AIM = 1.4
LONGEST_S = 3600
EMPTY = """
import sys, time
from pathlib import Path
if __name__ == "__main__":
    from cli.embedded_prefect import use_embedded_prefect
    use_embedded_prefect(Path(sys.argv[1]), verbose=False)
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment

@task(persist_result=True)
def step(number: int) -> list[str]:
    return []

@flow(name="empty", persist_result=True)
def empty() -> None:
    for number in range(5):
        step(number)
    for key in ("first", "second"):
        create_markdown_artifact("nothing", key=key)

@flow(name="empties", persist_result=True)
def empties(number: int, at_once: int = 0) -> None:
    step(0)
    if not at_once:
        for _ in range(number):
            empty(return_state=True)
    with get_client(sync_client=True) as client:
        waiting, at_work = number if at_once else 0, []
        while waiting or at_work:
            while waiting and len(at_work) < at_once:
                at_work.append(run_deployment("empty/empty", timeout=0).id)
                waiting -= 1
            at_work = [one for one in at_work if not client.read_flow_run(one).state.is_final()]
            time.sleep(2 if at_work else 0)
    for key in ("summary", "missing", "briefing", "memory"):
        create_markdown_artifact("nothing", key=key)

if __name__ == "__main__":
    empties(int(sys.argv[2]))
"""
"""The tasks and artifacts of a morning without their work; with `at_once` each genre's run is one of a deployment."""


@dataclass(frozen=True, slots=True)
class Morning:
    """What a morning took.

    Attributes:
        cpu_s: of its processes and Prefect's server.
        latency_s: what its calls would wait one after the other.
    """

    wall_s: float
    cpu_s: float
    latency_s: float = 0.0


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the page; 1 if an aim is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--genres", type=int, default=len(ALL), help="how many genres the inline morning has")
    parser.add_argument("--deployed", type=int, default=len(ALL), help="how many the deployed morning has")
    chosen = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's second morning finds the bytecode of the first
    with tempfile.TemporaryDirectory() as folder:
        text, met = _page(*_measured(Path(folder), chosen.genres, chosen.deployed))
    print(text)
    RESULTS.write_text(text)
    return 0 if met else 1


def _measured(folder: Path, genres: int, deployed: int) -> tuple[int, Morning, Morning, int, Morning, Morning]:
    slugs = ALL
    flow = folder / "flows" / "empties.py"
    flow.parent.mkdir()
    flow.write_text(EMPTY)
    with sandbox(folder / "world", 0, slugs[: max(genres, deployed)]) as world:
        own = {**world.environment, "PYTHONPATH": str(ROOT), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        empty = [sys.executable, str(flow), str(folder / "empty")]
        _run([str(BIN / "beatporter"), "sync", *slugs[: max(genres, deployed)]], own)
        _run([*empty, "1"], own)
        _set_latency(world)
        with _next_morning(world) as calls:
            wall_s, cpu_s = _run([str(BIN / "beatporter"), "sync", *slugs[:genres]], own)
        inline = Morning(wall_s, cpu_s, calls[0] * LATENCY_MS / 1000)
        floor = Morning(*_run([*empty, str(genres)], own))
        ours, empties = _deployed(folder, flow, world, own, slugs[:deployed])
    return genres, inline, floor, deployed, ours, empties


def _deployed(folder: Path, flow: Path, world: World, own: Mapping[str, str], slugs: Sequence[str]) -> tuple[Morning, Morning]:
    """The deployed morning, and as many empty deployed flows."""
    api = f"http://127.0.0.1:{free_port()}/api"
    environment = {**own, "PREFECT_HOME": str(folder / "server"), "PREFECT_API_URL": api, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    prefect = [str(BIN / "prefect"), "--no-prompt"]
    serve = [*prefect, "server", "start", "--host", "127.0.0.1", "--port", api.split(":")[2].split("/")[0]]
    with process(serve, environment, folder / "server.log") as server:
        _wait_for(api)
        register(environment)
        for name, entry in (("empty", "empty"), ("empties", "empties")):
            _run([*prefect, "deploy", f"{flow.name}:{entry}", "--name", name, "--pool", "beatporter"], environment, cwd=flow.parent)
        parameters = {"genres": list(slugs), "fan_out": "deployments", "max_concurrent": AT_ONCE}
        with _next_morning(world) as calls:
            wall_s, cpu_s = _on_worker(folder, environment, server, "sync-genres/daily", parameters)
        ours = Morning(wall_s, cpu_s, calls[0] * LATENCY_MS / 1000)
        empties = Morning(*_on_worker(folder, environment, server, "empties/empties", {"number": len(slugs), "at_once": AT_ONCE}))
    return ours, empties


def _on_worker(
    folder: Path, environment: Mapping[str, str], server: subprocess.Popen[bytes], deployment: str, parameters: Mapping[str, Any]
) -> tuple[float, float]:
    """Seconds from a run's expected start to its end on a worker of its own; CPU seconds of worker, runs and server."""
    api = environment["PREFECT_API_URL"]
    served_s, ended_s = _cpu_of_tree(server.pid), _cpu_of_ended()
    with process([str(BIN / "prefect"), "worker", "start", "--pool", "beatporter"], environment, folder / "worker.log"):
        run = start_run(api, deployment, parameters)
        end = time.monotonic() + LONGEST_S
        while (found := ask(api, f"/flow_runs/{run}"))["state"]["type"] not in ("COMPLETED", "FAILED", "CRASHED"):
            assert time.monotonic() < end, found["state"]
            time.sleep(2)
        assert found["state"]["type"] == "COMPLETED", found["state"]["message"]
    begin, ended = (datetime.fromisoformat(found[name]) for name in ("expected_start_time", "end_time"))
    return (ended - begin).total_seconds(), _cpu_of_tree(server.pid) - served_s + _cpu_of_ended() - ended_s


@contextmanager
def _next_morning(world: World) -> Iterator[list[int]]:
    """The sandbox's next day; afterwards the list holds the number of calls to both services."""
    world.next_day()
    before, calls = _calls(world), [0]
    yield calls
    calls[0] = _calls(world) - before


def _calls(world: World) -> int:
    with urllib.request.urlopen(f"{world.control}/requests", timeout=60) as answer:
        return len(json.load(answer))


def _set_latency(world: World) -> None:
    body = json.dumps({"ms": LATENCY_MS}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{world.control}/latency", data=body, method="POST"), timeout=60).close()


def _run(command: Sequence[str], environment: Mapping[str, str], cwd: Path = ROOT) -> tuple[float, float]:
    """Seconds of a process from start to end, and its CPU seconds with its children's."""
    since, cpu_s = time.perf_counter(), _cpu_of_ended()
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, env=dict(environment), cwd=cwd, stdout=output, stderr=subprocess.STDOUT, check=False)
        lasted = time.perf_counter() - since
        output.seek(0)
        assert done.returncode == 0, output.read()[-2000:].decode()
    return lasted, _cpu_of_ended() - cpu_s


def _cpu_of_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and its living children."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if pid in (int(folder.name), int(fields[1])):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _wait_for(api: str) -> None:
    end = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(f"{api}/health", timeout=10).close()
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.5)
        else:
            return


def _page(genres: int, inline: Morning, floor: Morning, deployed: int, ours: Morning, empties: Morning) -> tuple[str, bool]:
    ratio = ours.wall_s / empties.wall_s
    scaled = "" if genres == len(ALL) else f" ({len(ALL)} genres at this rate: {inline.wall_s / genres * len(ALL):.0f} s)"
    aims = [
        (f"Inline under {INLINE_AIM_S:.0f} s: {inline.wall_s:.0f} s{scaled}", inline.wall_s / genres * len(ALL) < INLINE_AIM_S),
        (f"Deployed at most {DEPLOYED_AIM:.1f} times as long as empty flows: {ratio:.2f}", ratio <= DEPLOYED_AIM),
    ]
    rows = [
        _row("inline, temporary server", genres, inline, floor),
        _row(f"deployed, one worker, {AT_ONCE} at a time", deployed, ours, empties),
    ]
    lines = [
        "# A whole morning",
        "",
        f"`make bench`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end: the next morning,",
        f"answers after {LATENCY_MS} ms, tracing off. *Prefect's*: as many empty flows, tasks and artifacts, measured in the same run.",
        "CPU: of all processes but the sandbox's, Prefect's server included.",
        "",
        "| | genres | wall | Prefect's wall | a genre | Prefect's | CPU | of it Prefect's | ours, a genre | latency of its calls |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
        "",
        *(f"- {words}: {'met' if met else 'NOT met'}." for words, met in aims),
    ]
    return "\n".join(lines) + "\n", all(met for _, met in aims)


def _row(name: str, genres: int, one: Morning, floor: Morning) -> str:
    cells = (
        name,
        genres,
        f"{one.wall_s:.0f} s",
        f"{floor.wall_s:.0f} s",
        f"{one.wall_s / genres:.2f} s",
        f"{floor.wall_s / genres:.2f} s",
        f"{one.cpu_s:.0f} s",
        f"{floor.cpu_s:.0f} s",
        f"{(one.cpu_s - floor.cpu_s) / genres:.2f} s",
        f"{one.latency_s:.0f} s",
    )
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
