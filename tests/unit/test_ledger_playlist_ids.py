"""The numbers of playlists: a number that a failed transaction assigned is assigned again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import HistoryRow, SnapshotRow

AT = datetime(2026, 11, 2, 6, tzinfo=UTC)
FIRST, SECOND = "1" * 22, "2" * 22


def row(track_id: str) -> HistoryRow:
    return HistoryRow(track_id, None, f"artist|{track_id}|", None, "chart", AT)


def fail_midway(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.history.append(FIRST, [row("a")])
        ledger.snapshots.save(SnapshotRow(FIRST, "recorded", "state", AT))
        raise ZeroDivisionError


def test_a_number_from_a_failed_transaction_is_not_reused(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "beatporter.db")
    with pytest.raises(ZeroDivisionError):
        fail_midway(ledger)
    ledger.history.append(SECOND, [row("b")])
    ledger.history.append(FIRST, [row("c")])
    assert list(ledger.history.track_ids(FIRST)) == ["c"]
    assert list(ledger.history.track_ids(SECOND)) == ["b"]
