"""The memory budget of a genre's run: what it takes above an empty Prefect flow in the same kind of process, by the kernel's figures.

The ledger is made beforehand: making its tables loads Alembic, 9 MB, once in a ledger's life.
"""

from __future__ import annotations

from pathlib import Path

from beatporter.ledger.ledger import open_ledger
from tests.memory.measured_runs import EMPTY_FLOW, PEAK_ABOVE_EMPTY_MB, run_python, sandbox, sync

GENRE = "house"
LOADED = """
import json, sys
from cli.sync import run_here
from beatporter.settings import load_settings
run_here(load_settings(), [sys.argv[1]], quiet=True)
print(json.dumps({"loaded": [name for name in ("pandas", "prefect_gcp", "openpyxl", "pyarrow") if name in sys.modules]}))
"""


def test_a_genres_run_stays_within_its_memory_budget(tmp_path: Path) -> None:
    with sandbox(tmp_path / "home", 0, [GENRE]) as world:
        open_ledger(tmp_path / "home" / "beatporter.db").close()
        floor = run_python(EMPTY_FLOW, str(tmp_path / "home"), environment=world.environment)["peak_memory_mb"]
        outcome = sync(GENRE, world)
    assert outcome["added"] > 80, "the run did not do its work"
    above = outcome["peak_memory_mb"] - floor
    assert above < PEAK_ABOVE_EMPTY_MB, f"the run peaked {above:.0f} MB above an empty flow ({floor:.0f} MB)"


def test_a_genres_run_loads_nothing_heavy_that_it_does_not_need(tmp_path: Path) -> None:
    with sandbox(tmp_path / "home", 0, [GENRE]) as world:
        loaded = run_python(LOADED, GENRE, environment=world.environment)["loaded"]
    assert not loaded, f"{', '.join(map(str, loaded))} loaded on the daily run's path"
