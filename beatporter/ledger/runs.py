"""Table `runs`: how each run of a genre ended. The newest row is what `beatporter status` shows."""

from __future__ import annotations

from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import TableFiles, attempt
from beatporter.ledger.home import Home
from beatporter.ledger.tables import RUNS
from beatporter.records.ledger import RunRow


class Runs:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(RUNS, home)

    def append(self, row: RunRow) -> None:
        """Keep how a run ended.

        Raises:
            LedgerUnwritable: it could not be written.
        """
        self._files.append([[row.state], [row.added], [row.not_found], [row.deferred], [row.error], [row.at]], row.genre_id)

    def latest(self, genre_id: int) -> RunRow | None:
        """The genre's last run, None when none ended yet."""
        rows = attempt(lambda: [values for file in self._files.newest(genre_id) for batch in file.batches() for values in rows_of(batch)])
        return max((RunRow(genre_id, *values) for values in rows), key=lambda row: (row.at, row.state, row.error or ""), default=None)
