"""Eight processes on one ledger: nothing is lost or duplicated, and the first one creates or migrates it for all."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import HISTORY, LEDGER
from tests.contract.ledger.child_processes import APPENDS, ROWS, append_history, at_once, open_and_name, results_of
from tests.contract.ledger.conftest import NewDatabase


def test_rows_appended_by_eight_processes_are_stored_once(ledger: Ledger, address: str) -> None:
    results_of(at_once(append_history, address))
    for playlist in range(3):
        turns = [(pair * APPENDS + turn) * ROWS for pair in range(4) for turn in range(APPENDS) if turn % 3 == playlist]
        expected = [f"{first + row:022}" for first in turns for row in range(ROWS)]
        assert sorted(ledger.history.track_ids(f"P{playlist}")) == sorted(expected)
    with ledger.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(HISTORY)).scalar_one() == 4 * APPENDS * ROWS


def test_eight_processes_that_open_an_empty_database_open_one_ledger(kind: str, new_database: NewDatabase) -> None:
    for _ in range(2):
        address = new_database()
        assert len(set(results_of(at_once(open_and_name, address)))) == 1
        ledger = open_ledger(address)
        with ledger.database.read() as connection:
            assert connection.execute(select(func.count()).select_from(LEDGER)).scalar_one() == 1
        if kind == "sqlite":
            assert {path.stat().st_mode & 0o777 for path in Path(address).parent.iterdir()} == {0o600}
        ledger.close()
