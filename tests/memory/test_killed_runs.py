"""A run that dies still gets its report: after a kill, or out of memory under a limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[2]
MB = 2**20
RUN = """
import resource, sys, time
from dataclasses import asdict
from pathlib import Path
from beatporter.memory.capture import capture, step
from beatporter.memory.flight_record import keep_record, record_file
from beatporter.memory.records import RunFacts

FOLDER = Path(sys.argv[1])
FACTS = RunFacts("house", "run", "", False, "code", "host")

def hold_everything(megabytes):
    return [bytearray(b"x") * (2**20 + number) for number in range(megabytes)]

def begin(captured):
    record = record_file(FOLDER / "memory-house.bin", captured.started_at)
    captured.on_step = lambda now: keep_record(record, FACTS, now)
"""
REPORTER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from beatporter.memory.flight_record import left_records
from beatporter.memory.markdown import killed_line
from beatporter.memory.report import report_killed
from tests.timeouts import TIMEOUT_S
for record in left_records(Path(sys.argv[1])):
    report = report_killed(record, timeout_s=TIMEOUT_S)
    print(json.dumps({"report": asdict(report), "line": killed_line(report)}, default=str))
"""


def start(folder: Path, program: str) -> subprocess.Popen[str]:
    script = folder / "script.py"
    script.write_text(RUN + textwrap.dedent(program))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(script), str(folder)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def reports(folder: Path) -> list[dict[str, Any]]:
    """Another process's report of the killed runs."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", REPORTER, str(folder)], env=environment, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_killed_run_is_reported_with_where_it_was_and_who_held_what(tmp_path: Path) -> None:
    child = start(
        tmp_path,
        """
        with capture(FOLDER / "memory-house.bin") as captured:
            begin(captured)
            with step("scrape-chart"):
                pass
            with step("match-tracks"):
                kept = hold_everything(64)
                time.sleep(1)
                print("now", flush=True)
                time.sleep(1000)
        """,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "now\n"
    assert reports(tmp_path) == [], "it is at work"
    child.send_signal(signal.SIGKILL)
    child.wait()
    (told,) = reports(tmp_path)
    report = told["report"]
    assert report["state"] == "killed"
    assert report["rss_after_bytes"] > 64 * MB
    assert [one["name"] for one in report["steps"]] == ["scrape-chart", "match-tracks"]
    assert report["steps"][1]["end_s"] is None
    assert "in match-tracks, held by hold_everything (64 MB)" in told["line"].replace("<listcomp>", "hold_everything")
    assert report["details"]["left"][0]["held_bytes"] >= 64 * MB
    assert reports(tmp_path) == [], "it is reported once"


def test_a_run_out_of_memory_says_who_held_it(tmp_path: Path) -> None:
    """RLIMIT_AS makes an allocation fail, as a container's limit makes the kernel kill: the run's own report or the next run's has it."""
    if sys.platform != "linux":
        pytest.skip("only Linux keeps to RLIMIT_AS")
    child = start(
        tmp_path,
        """
        limit = 2**20 * 600 + int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        with capture(FOLDER / "memory-house.bin") as captured:
            begin(captured)
            with step("match-tracks"):
                kept = []
                try:
                    while True:
                        kept.append(hold_everything(8))
                        time.sleep(0.005)
                except MemoryError:
                    time.sleep(0.5)
                    import os
                    os._exit(137)  # as a process ends that can do nothing any more
        """,
    )
    _, errors = child.communicate(timeout=TIMEOUT_S)
    assert child.returncode == 137, errors
    (told,) = reports(tmp_path)
    assert 200 * MB < told["report"]["rss_after_bytes"] < 700 * MB
    assert "in match-tracks" in told["line"]
    assert told["report"]["details"]["left"][0]["held_bytes"] > 200 * MB


def test_a_run_that_was_killed_without_a_trace_has_its_steps(tmp_path: Path) -> None:
    child = start(
        tmp_path,
        """
        with capture(FOLDER / "memory-house.bin", enabled=False) as captured:
            begin(captured)
            with step("scrape-chart"):
                kept = hold_everything(8)
            with step("match-tracks"):
                print("now", flush=True)
                time.sleep(1000)
        """,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "now\n"
    child.kill()
    child.wait()
    time.sleep(0.1)
    (told,) = reports(tmp_path)
    assert told["line"] == "Killed at unknown, in match-tracks."
    assert told["report"]["steps"][0]["peak_bytes"] > 8 * MB
