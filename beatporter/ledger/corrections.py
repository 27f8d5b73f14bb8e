"""Table `corrections`: tracks that a person ruled out. As few rows as a person makes, so it is read whole."""

from __future__ import annotations

from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import TableFiles, attempt
from beatporter.ledger.home import Home
from beatporter.ledger.tables import CORRECTIONS
from beatporter.records.ledger import CorrectionRow


class Corrections:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(CORRECTIONS, home)

    def append(self, row: CorrectionRow) -> None:
        """Keep a correction.

        Raises:
            LedgerUnwritable: it could not be written.
        """
        self._files.append([[row.beatport_id], [row.replaces], [row.track_id], [row.at]])

    def all(self) -> list[CorrectionRow]:
        """What stands: the latest correction of each wrong track for an entry, oldest first."""
        rows = sorted(attempt(self._rows), key=lambda row: (row.at, row.beatport_id, row.replaces, row.track_id or ""))
        return list({(row.beatport_id, row.replaces): row for row in rows}.values())

    def _rows(self) -> list[CorrectionRow]:
        return [CorrectionRow(*values) for file in self._files.files() for batch in file.batches() for values in rows_of(batch)]
