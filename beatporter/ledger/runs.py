"""Table `runs`: how each run of a genre ended. The newest row is what `beatporter status` shows."""

from __future__ import annotations

from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import RUNS
from beatporter.records.ledger import RunRow


class Runs(RecordTable[RunRow]):
    """The table in one database."""

    table, record = RUNS, RunRow

    def latest(self, genre_id: int) -> RunRow | None:
        """The genre's last run; None when none has ended yet."""
        return self._latest(RUNS.c.genre_id == genre_id)
