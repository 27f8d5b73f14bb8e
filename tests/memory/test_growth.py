"""Genres in one process: a deliberate leak is called growing and its line is named; the product itself is not growing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.memory.measured_runs import run, sandbox
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

GENRES = ("house", "techno-peak-time-driving", "afro-house", "amapiano", "dubstep", "deep-house", "tech-house")
LEAK = """
kept = []

def keep_everything(workspace, genre, added, kind):
    kept.append(bytearray(b"x") * (2 << 20))
    return added
"""
LEAKING = f"""
import json, sys
from pathlib import Path
from beatporter.settings import load_settings
from cli.embedded_prefect import use_embedded_prefect
use_embedded_prefect(load_settings().home, verbose=False)
import beatporter
from beatporter.sync import history
from cli.sync import run_here
from orchestration import memory_profile

place = Path(beatporter.__file__).parent / "sync" / "leak.py"
exec(compile({LEAK!r}, str(place), "exec"), leak := {{}})
history.append_history = leak["keep_everything"]
pages = {{}}
memory_profile.publish = lambda key, markdown, line: pages.update({{key: [markdown, line]}})
run_here(load_settings(), sys.argv[1].split(","), quiet=True)
print(json.dumps(pages))
"""


def test_a_leak_is_called_growing_and_its_line_is_named(tmp_path: Path) -> None:
    with sandbox(tmp_path / "home", 0, GENRES) as world:
        pages = run([sys.executable, "-c", LEAKING, ",".join(GENRES)], {**world.environment, "BEATPORTER_PROFILE": "on"})
    page, line = pages["memory"]
    assert line.endswith("growing"), page
    assert "memory is **growing**" in page
    (row,) = [row for row in page.splitlines() if row.startswith("| keep\\_everything")]
    assert row.startswith("| keep\\_everything | beatporter/sync/leak.py:5 | 2.00 |")
    assert "| ● keep\\_everything | 2.00 | " in pages["memory-house"][0]


def test_the_genres_of_a_morning_do_not_grow() -> None:
    """One round of the soak; `make soak` has three."""
    command = [sys.executable, "-m", "tests.memory.soak", "--rounds", "1"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=3 * TIMEOUT_S)
    assert done.stdout, done.stderr[-2000:]
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert len(found["after_mb"]) == 36
    assert found["slope"]["values"] == 18
    assert found["verdict"] == "flat", (found["slope"], *found["after_mb"])
