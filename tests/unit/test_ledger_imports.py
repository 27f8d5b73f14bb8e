"""Ordinary use loads nothing that it does not need: each run queries the ledger, and pays for loaded libraries in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from beatporter.ledger.ledger import open_ledger

ROOT = Path(__file__).parents[2]
NOT_NEEDED = ("alembic", "numpy", "openpyxl", "pandas", "prefect", "psycopg", "pyarrow")

EVERY_TABLE = """
import sys
from datetime import UTC, datetime
from beatporter.ledger.calls import Held
from beatporter.ledger.ledger import open_ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import *
from beatporter.records.match import Match
at = datetime(2026, 11, 20, tzinfo=UTC)
with open_ledger(sys.argv[1]) as ledger:
    ledger.ledger_id
    ledger.charts.append(Chart(5, (ChartEntry(1, 2, "n", ("a",)),), at))
    ledger.charts.latest(5); ledger.charts.entries(5, [2]); ledger.charts.since(5, at)
    ledger.matches.append([Match(2, None, "t", "isrc", 100.0, "same", "1", at, None)])
    ledger.matches.latest([2]); ledger.matches.by_track(["t"]); ledger.matches.that_took(["t"])
    with ledger.transaction():
        ledger.history.append("P", [HistoryRow("t", "I", "r", 2, "chart", at), HistoryRow("u", None, "r", None, "chart", at)])
        ledger.snapshots.save(SnapshotRow("P", "recorded", "s", at))
    ledger.history.known("P", ["t"], ["I"], ["r"]); ledger.history.known(None, ["t"]); ledger.history.rows("P", ["t"])
    list(ledger.history.track_ids("P")); ledger.history.playlists(); ledger.snapshots.latest("P")
    ledger.backups.append("P", "s", at, [BackupRow(0, None, None, "", (), None)])
    ledger.backups.put_on_top("P", "t", at, [BackupRow(0, "t", None, "n", ("a",), at)])
    list(ledger.backups.items("P", "t")); ledger.backups.latest("P"); ledger.backups.all("P"); ledger.backups.playlists()
    ledger.playlists.append(RememberedPlaylist(5, "P", "House", at)); ledger.playlists.latest(5); ledger.playlists.ids(5)
    ledger.corrections.append(CorrectionRow(2, "t", None, at)); ledger.corrections.all()
    ledger.listings.append("r", at, [ListedPlaylist("r", "P", "House", "s", 1, "me", at)])
    ledger.listings.of_run("r"); ledger.listings.last_owner(); ledger.listings.drop_before(at)
    held = ledger.calls.exchange(Held(), [], run_key="r", at=at, wanted=5, budget=9, since=at)
    ledger.calls.exchange(held, [CallRow(at, "search", 5, "r")], run_key="r", at=at, wanted=0, budget=9, since=at)
    ledger.calls.append([CallRow(at, "search", 1, "r")]); ledger.calls.made_since(at); ledger.calls.by_kind(at); ledger.calls.by_time(at)
    ledger.calls.by_run(at, ["r"]); ledger.calls.quota_until(); ledger.calls.drop_before(at)
    ledger.runs.append(RunRow(5, "completed", 1, 0, 0, None, at)); ledger.runs.latest(5)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_appending_and_looking_up_load_no_large_library(tmp_path: Path) -> None:
    open_ledger(tmp_path / "beatporter.db").close()  # creates its tables once, with Alembic
    command = [sys.executable, "-c", EVERY_TABLE, str(tmp_path / "beatporter.db")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert "sqlalchemy" in loaded
    assert [name for name in NOT_NEEDED if name in loaded] == []
