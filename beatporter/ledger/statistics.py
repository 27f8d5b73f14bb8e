"""How large a ledger is, told from its files' metadata; no row is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beatporter.ledger.files import LedgerFile, TableFiles, attempt, closing_each
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.paths import partition_values, time_of
from beatporter.ledger.tables import TABLES, Table


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """One table in figures."""

    table: str
    files: int
    rows: int
    """Rows of all files; one that stands in two files counts twice until compaction."""
    partitions: int
    """Of the table's first key: playlists, genres, days or runs; 0 in a table without partitions."""
    bytes: int
    first: datetime | None
    """Of the table's time; None when it has no rows, or only in their inside."""
    last: datetime | None


def statistics(ledger: Ledger) -> list[TableStatistics]:
    """Every table in figures.

    Raises:
        LedgerCorrupt: a file's metadata are damaged.
    """
    return [attempt(lambda table=table: _of_table(ledger, table)) for table in TABLES.values()]  # type: ignore[misc]


def _of_table(ledger: Ledger, table: Table) -> TableStatistics:
    files = TableFiles(table, ledger.home).files()
    partitions = {values[0] for file in files if (values := partition_values(table, file.stored.folder))}
    rows = 0
    first = last = None
    for file in closing_each(files):
        rows += file.rows
        for time in _times(file):
            first, last = min(first or time, time), max(last or time, time)
    size = sum(file.stored.size for file in files)
    return TableStatistics(table.name, len(files), rows, len(partitions), size, first, last)


def _times(file: LedgerFile) -> list[datetime]:
    """The least and greatest time that a file tells without being read."""
    if file.name.stamp:
        return [time_of(file.name.stamp)] if not file.name.stamp.startswith("0000") else []
    time = next((name for name in ("added_at", "decided_at") if name in file.table.statistics), None)
    bounds = [pair for pair in file.bounds(time) if pair is not None] if time else []
    return [_aware(value) for pair in bounds for value in pair]


def _aware(value: Any) -> datetime:
    at: datetime = value
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
