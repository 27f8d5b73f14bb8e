"""Table `chart_reads`: the source of each chart, and how far a label has been read."""

from __future__ import annotations

from datetime import datetime

from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import CHART_READS
from beatporter.records.ledger import ChartReadRow


class ChartReads(RecordTable[ChartReadRow]):
    """The table in one database."""

    table, record = CHART_READS, ChartReadRow

    def latest(self, genre_id: int, source: str | None = None, since: datetime | None = None) -> ChartReadRow | None:
        """The last read of a genre or list; None when there is none.

        Args:
            source: only from this source.
            since: at or after this time.
        """
        conditions = [CHART_READS.c.genre_id == genre_id]
        if source is not None:
            conditions.append(CHART_READS.c.source == source)
        if since is not None:
            conditions.append(CHART_READS.c.at >= since)
        return self._latest(*conditions)
