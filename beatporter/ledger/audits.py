"""Table `audits`: a person's answers about decisions drawn at random. People give few of them, so it is read as a whole."""

from __future__ import annotations

from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import AUDITS
from beatporter.records.ledger import AuditRow


class Audits(RecordTable[AuditRow]):
    """The table in one database."""

    table, record = AUDITS, AuditRow

    def all(self) -> list[AuditRow]:
        """Every answer, oldest first."""
        return self._all(self._select().order_by(AUDITS.c.id))
