"""Table `corrections`: tracks that a person ruled out. People make few of them, so it is read as a whole."""

from __future__ import annotations

from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import CORRECTIONS
from beatporter.records.ledger import CorrectionRow


class Corrections(RecordTable[CorrectionRow]):
    """The table in one database."""

    table, record = CORRECTIONS, CorrectionRow

    def all(self) -> list[CorrectionRow]:
        """The latest correction of each wrong track for each entry, oldest first."""
        rows = self._all(self._select().order_by(CORRECTIONS.c.at, CORRECTIONS.c.id))
        return list({(row.beatport_id, row.replaces): row for row in rows}.values())
