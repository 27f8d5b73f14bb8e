"""Scripts whose memory is captured, each in a child process, because memray traces once per process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[2]
MB = 2**20
PREAMBLE = """
import itertools, json, sys, threading, time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from beatporter.memory.capture import capture
from beatporter.memory.capture import step
from beatporter.memory.markdown import Surroundings, report_markdown
from beatporter.memory.records import RunFacts
from beatporter.memory.report import make_report
from tests.timeouts import TIMEOUT_S

MB = 2**20
HERE = Path(sys.argv[1])
FACTS = RunFacts("house", "run", "", False, "code", "host")

def hold_memory(megabytes):
    return [bytearray(b"x") * (MB + number) for number in range(megabytes)]

def told(captured, **more):
    report = make_report(captured, FACTS, timeout_s=TIMEOUT_S)
    print(json.dumps({"report": asdict(report), "markdown": report_markdown(report, Surroundings(None, 350.0)), **more}, default=str))
"""


def run(tmp_path: Path, body: str, *arguments: str, **environment: str) -> list[dict[str, Any]]:
    """The script's output, one JSON document per line."""
    script = tmp_path / "script.py"
    script.write_text(PREAMBLE + textwrap.dedent(body))
    child = subprocess.run(
        [sys.executable, str(script), str(tmp_path), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert child.returncode == 0, child.stderr
    return [json.loads(line) for line in child.stdout.splitlines()]


def linux_only() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux lets a process reset its peak")
