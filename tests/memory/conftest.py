"""A home with two runs of a genre in its ledger and a real capture of each."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from beatporter.memory.capture import capture_file
from beatporter.memory.past_runs import rows_of
from beatporter.memory.records import Holder
from tests.timeouts import TIMEOUT_S
from tests.unit.memory_examples import AT, DETAILS, MB, READ_ROW, REPORT

ROOT = Path(__file__).parents[2]
HOUSE = 5
CAPTURING = """
import sys
from datetime import datetime
from pathlib import Path
from beatporter.memory.capture import capture

def hold_memory(megabytes):
    kept = []
    for number in range(megabytes):
        kept.append(bytearray(b"x") * (2**20 + number))
    return kept

for text, megabytes in (argument.split("=") for argument in sys.argv[2:]):
    with capture(Path(sys.argv[1]) / "memory-house.bin", now=lambda: datetime.fromisoformat(text)):
        kept = hold_memory(int(megabytes))
        del kept
"""


@pytest.fixture(scope="session")
def profiled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second of the runs holds 14 MB more in match-tracks, 12 of them in read_group."""
    home = tmp_path_factory.mktemp("profiled") / "home"
    times: tuple[datetime, ...] = (AT, AT + timedelta(days=1))
    arguments = [f"{at.isoformat()}={megabytes}" for at, megabytes in zip(times, (16, 24), strict=True)]
    command = [sys.executable, "-c", CAPTURING, str(home / "profiles"), *arguments]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=TIMEOUT_S)
    more = Holder("read_group", "beatporter/ledger/x.py:9", 12 * MB, 1, True)
    later = replace(
        REPORT,
        started_at=times[1],
        peak_rss_bytes=194 * MB,
        facts=replace(REPORT.facts, code_version="fedcba987654"),
        steps=(REPORT.steps[0], replace(REPORT.steps[1], peak_bytes=194 * MB)),
        details=replace(DETAILS, steps=(DETAILS.steps[0], replace(DETAILS.steps[1], own=(more, READ_ROW)))),
    )
    with open_ledger(home / "beatporter.db") as ledger:
        for report in (REPORT, later):
            named = replace(report, capture=capture_file(Path("memory-house.bin"), report.started_at).name)
            ledger.memory.append(rows_of(named, HOUSE, history_rows=248_000, searches=17))
    return home
