"""Processes of several workers share one rate, through Prefect's server alone."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from orchestration.shared_rate import RATE_LIMIT, SLOTS_A_REQUEST
from tests.prefect_api import ask
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RATE = 5
PROCESSES = 4
TURNS = 25
WINDOW_S = 5.0
WORKER = f"""
import json, sys, time
from beatporter.settings import load_settings
from beatporter.http.pacing import Pacer
from orchestration.limits import shared_rate

settings = load_settings()
pacer = Pacer(1 / settings.spotify_rate, burst_s=1.0, acquire=shared_rate(settings))
print("ready", flush=True)
sys.stdin.readline()
turns = []
for _ in range({TURNS}):
    pacer.wait_turn()
    turns.append(time.monotonic())  # one clock for all processes, and nobody sets it
print(json.dumps(turns), flush=True)
"""


def test_workers_keep_to_one_rate_together(server: str, environment: dict[str, str]) -> None:
    deployed = {
        **environment,
        "BEATPORTER_SPOTIFY_RATE": str(RATE),
        "PREFECT__RUNTIME__DEPLOYMENT__ID": str(uuid.uuid4()),  # as in a run that a worker started
    }
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=deployed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        if RATE_LIMIT in {limit["name"] for limit in ask(server, "/v2/concurrency_limits/filter", {})}:
            ask(server, f"/v2/concurrency_limits/{RATE_LIMIT}", method="DELETE")  # so that they make it, all at once
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", "a worker did not start"
        turns = sorted(turn for answer in _go(workers) for turn in json.loads(answer))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert len(turns) == PROCESSES * TURNS
    most = max(sum(start <= turn < start + WINDOW_S for turn in turns) for start in turns)
    # Beyond the rate: the limit's initial slots, and a block that each process may still hold.
    assert most <= RATE * WINDOW_S + SLOTS_A_REQUEST + PROCESSES * SLOTS_A_REQUEST, (
        f"{most} requests would have left within {WINDOW_S:.0f} s"
    )


def _go(workers: list[subprocess.Popen[str]]) -> list[str]:
    """Start all at once; returns what each prints at its end."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    return [worker.communicate(timeout=TIMEOUT_S)[0] for worker in workers]
