"""Table `chart_reads`: the source of each chart, and how far a label has been read."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import CHART_READS, columns_of
from beatporter.records.ledger import ChartReadRow


class ChartReads:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, row: ChartReadRow) -> None:
        """Record that a chart was read."""
        with self._database.single() as connection:
            connection.execute(CHART_READS.insert().values({field.name: getattr(row, field.name) for field in fields(row)}))

    def latest(self, genre_id: int, source: str | None = None, since: datetime | None = None) -> ChartReadRow | None:
        """The last read of a genre or list; None when there is none.

        Args:
            source: only from this source.
            since: at or after this time.
        """
        asked = select(*columns_of(CHART_READS, ChartReadRow)).where(CHART_READS.c.genre_id == genre_id)
        if source is not None:
            asked = asked.where(CHART_READS.c.source == source)
        if since is not None:
            asked = asked.where(CHART_READS.c.at >= since)
        with self._database.read() as connection:
            found = connection.execute(asked.order_by(CHART_READS.c.at.desc(), CHART_READS.c.id.desc()).limit(1)).first()
        return ChartReadRow(*found) if found is not None else None
