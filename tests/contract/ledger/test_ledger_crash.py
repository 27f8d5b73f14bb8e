"""SIGKILL at every step of a writer and of a compactor, and eight writers at once: nothing lost, nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.ledger.checking import check
from beatporter.ledger.compaction import compact
from beatporter.ledger.home import FolderHome, StoredFile
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.paths import HIDDEN
from beatporter.records.ledger import HistoryRow

REPOSITORY = Path(__file__).parents[3]
T0 = datetime(2026, 11, 20, tzinfo=UTC)
WRITERS, APPENDS, ROWS = 8, 25, 20


@pytest.mark.parametrize(("scenario", "least_steps"), [("writer", 15), ("compactor", 15)])
def test_a_kill_before_any_step_loses_nothing_and_doubles_nothing(scenario: str, least_steps: int, tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), scenario, str(tmp_path)], capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=280
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == {}, "\n".join(f"killed before step {step}: {words}" for step, words in found["wrong"].items())
    assert found["steps"] >= least_steps, "the kills did not reach the steps"


WRITER = f"""
import sys
from datetime import UTC, datetime
from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import HistoryRow
root, me = sys.argv[1], int(sys.argv[2])
ledger = open_ledger(root)
sys.stdin.read()  # all start together
for n in range({APPENDS}):
    first = (me // 2 * {APPENDS} + n) * {ROWS}  # two writers each write the same rows
    ledger.history.append("P", [
        HistoryRow(f"t{{k:06}}", None, f"r{{k}}", None, "chart", datetime(2026, 11, 20, tzinfo=UTC)) for k in range(first, first + {ROWS})
    ])
"""


class SparesUnfinished(FolderHome):
    """A folder that does not show unfinished files, which only the grace period protects from compaction."""

    def files(self, folder: str) -> list[StoredFile]:
        return [file for file in super().files(folder) if not file.name.startswith(HIDDEN)]


def test_eight_processes_append_while_a_compactor_runs(tmp_path: Path) -> None:
    ledger = Ledger(SparesUnfinished(tmp_path / "ledger"))
    ledger.history.append("P", [HistoryRow("t000000", None, "r0", None, "chart", T0)])
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, ledger.root, str(me)], stdin=subprocess.PIPE, cwd=REPOSITORY)
        for me in range(WRITERS)
    ]
    for process in writers:
        assert process.stdin is not None
        process.stdin.close()
    far = datetime(2100, 1, 1, tzinfo=UTC)  # no grace at all: the hardest case for writers, who need none
    while any(process.poll() is None for process in writers):
        compact(ledger, ["history"], now=far)
    assert [process.wait() for process in writers] == [0] * WRITERS
    for _ in range(2):
        assert list(ledger.history.track_ids("P")) == [f"t{k:06}" for k in range(WRITERS // 2 * APPENDS * ROWS)]
        compact(ledger, ["history"], now=far)
        compact(ledger, ["history"], now=far)
    report = check(ledger)
    assert report.sound
    assert [(table.files, table.rows) for table in report.tables if table.table == "history"] == [(1, WRITERS // 2 * APPENDS * ROWS)]
