"""Baselines of a genre's first morning, in profiles/baselines: `python -m tests.memory.baselines` writes them again.

A baseline has each step's peak above the run's start, and which of our functions held something there. Machines and versions of libraries
move the peaks a little; a function that is new among the holders is another kind of growth, and is looked at before it is accepted.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from beatporter.ledger.ledger import open_ledger
from beatporter.memory.past_runs import RUN, holders_of
from beatporter.records.ledger import MemoryRow
from tests.memory.measured_runs import sandbox, sync

GENRE, GENRE_ID = "house", 5
FILE = Path(__file__).parents[2] / "profiles" / "baselines" / f"{GENRE}.json"
RUNS = 4
"""Mornings that make a baseline."""
WORTH_NAMING = 0.5
"""Smallest holder in MB that counts."""
EACH_OBJECT = {"PYTHONMALLOC": "malloc"}
"""Otherwise memray names who asked for an arena of 1 MB, by chance, and not who holds the small objects in it."""
LOADING = "<module>"
"""A module's own code holds that module and its imports."""
TIMES, MORE_MB = 2.0, 8.0
"""Allowance for a peak above its baseline: a factor, and MB in addition."""
MB = 2**20


def measure(folder: Path, worth_naming: float = WORTH_NAMING) -> dict[str, Any]:
    """A traced first morning of the genre in a separate process."""
    with sandbox(folder / "home", 0, [GENRE]) as world:
        world = replace(world, environment={**world.environment, "BEATPORTER_PROFILE": "on", **EACH_OBJECT})
        outcome = sync(GENRE, world)
        assert outcome["added"] > 80, "the run did not do its work"
        with open_ledger(Path(world.environment["BEATPORTER_HOME"]) / "beatporter.db") as ledger:
            last = ledger.memory.runs(GENRE_ID, 1)[0]
            rows = ledger.memory.of_run(GENRE_ID, last.run_key, last.at)
    return {"genre": GENRE, "steps": {row.step: _step(row, rows[0], worth_naming) for row in rows}}


def problems(measured: dict[str, Any], baseline: dict[str, Any]) -> list[str]:
    """The differences beyond the baseline, in words."""
    found = [f"the step {step} is new" for step in measured["steps"] if step not in baseline["steps"]]
    # In any step: SQLite's pages belong to the function whose statement read them first.
    anywhere = {name for known in baseline["steps"].values() for name in known["holders"]}
    for step, known in baseline["steps"].items():
        now = measured["steps"].get(step)
        if now is None:
            found.append(f"the step {step} is missing")
            continue
        limit = known["above_start_mb"] * TIMES + MORE_MB
        if now["above_start_mb"] > limit:
            found.append(f"{step} peaks {now['above_start_mb']:.1f} MB above the start; the baseline allows {limit:.1f} MB")
        found += [f"{name} holds memory in {step}; it did not before" for name in now["holders"] if name not in anywhere]
    return found


def _step(row: MemoryRow, run: MemoryRow, worth_naming: float) -> dict[str, Any]:
    large = [one for one in holders_of(row) if one.held_bytes >= worth_naming * MB and one.function != LOADING]
    holders = [f"{one.place.rpartition(':')[0]}:{one.function}" for one in large]
    above = ((row.peak_bytes or 0) - (run.before_bytes or 0)) / MB
    return {"above_start_mb": round(above, 1), "holders": sorted(holders) if row.step != RUN else []}


def main() -> int:
    """Write the baseline from a few runs of this code: the moment of a step's peak varies, and with it who holds something then."""
    runs = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(measure(Path(folder), WORTH_NAMING / 2))  # one that is close to the limit is not new
    measured = runs[0]
    for step, known in measured["steps"].items():
        known["above_start_mb"] = max(run["steps"][step]["above_start_mb"] for run in runs)
        known["holders"] = sorted({holder for run in runs for holder in run["steps"][step]["holders"]})
    FILE.write_text(json.dumps(measured, indent=2) + "\n")
    print(FILE.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
