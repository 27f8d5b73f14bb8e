"""The flow `compact-ledger` under Prefect's own test harness: what it merges, shows, and does about damage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.artifacts import Artifact
from prefect.testing.utilities import prefect_test_harness

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import BackupRow, HistoryRow
from flows.compact_ledger import compact_ledger
from tests.patience import PATIENCE_S

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=PATIENCE_S):
        yield


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A playlist with three files of which two repeat each other's tracks, another with one, and two old backups."""
    monkeypatch.setenv("BEATPORTER_STORAGE", str(tmp_path / "ledger"))
    made = open_ledger(tmp_path / "ledger")
    for day in range(3):
        made.history.append("P", [HistoryRow(f"t{n}", None, "", n, "chart", T0 + timedelta(days=day)) for n in range(day // 2, 10)])
        made.backups.append("P", f"s{day}", T0 + timedelta(days=day), [BackupRow(0, "a", None, "n", (), None)])
    made.history.append("Q", [HistoryRow("t", None, "", None, "chart", T0)])
    return made


def artifact_row(table: str) -> list[str]:
    artifact = Artifact.get("compact-ledger")
    assert artifact is not None, "the flow left no artifact"
    return next([cell.strip() for cell in line.split("|")[1:-1]] for line in str(artifact.data).splitlines() if f"| {table} |" in line)


def test_small_files_become_one_and_the_artifact_says_so(ledger: Ledger) -> None:
    compact_ledger()
    assert len([file for file in ledger.home.files("history/playlist_id=P") if "merged-" in file.name]) == 1
    assert len(list(ledger.history.track_ids("P"))) == 10
    assert artifact_row("history") == ["history", "4", "2", "19", "0", "0.0"]
    assert len(ledger.backups.all("P")) == 3, "backups went unasked"


def test_old_backups_go_when_told_and_the_newest_stays(ledger: Ledger) -> None:
    ledger.backups.append("P", "now", datetime.now(UTC), [])
    compact_ledger(backups_days=1)
    assert [info.snapshot_id for info in ledger.backups.all("P")] == ["now"]


def test_damage_fails_the_run_after_all_else_was_done(ledger: Ledger) -> None:
    path = next(iter(Path(ledger.root).glob("history/playlist_id=P/*")))
    path.write_bytes(b"PAR1 damaged PAR1")
    ledger.history.append("Q", [HistoryRow("u", None, "", None, "chart", T0)])
    with pytest.raises(LedgerCorrupt, match=path.name):
        compact_ledger()
    assert artifact_row("history")[1:3] == ["2", "1"], "the other playlist was not merged"
