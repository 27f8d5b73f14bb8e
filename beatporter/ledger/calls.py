"""Table `calls`: Spotify calls taken from the daily budget or given back, and the ends of quotas that Spotify declared.

Partition `date` is the day of an append's latest row, so that one append is one file and all of it is there or nothing;
whoever looks for the rows since a time finds them all in the partitions from its day on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt, closing_each
from beatporter.ledger.home import Home
from beatporter.ledger.paths import stamp_of
from beatporter.ledger.tables import CALLS
from beatporter.records.ledger import CallRow

QUOTA = "quota"
MOST_FILES_KEPT = 4096
"""Rows of more files than these are forgotten again once they are too old to be asked for."""


class Calls:
    """The table at one home. Rows that are equal in every field count once.

    The budget sums the same files again and again; since a file never changes, its rows are kept from one reading to the
    next, for as long as it is among those read.
    """

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(CALLS, home)
        self._read: dict[str, tuple[CallRow, ...]] = {}

    def append(self, rows: Sequence[CallRow]) -> None:
        """Keep rows, all or none.

        Raises:
            LedgerUnwritable: they could not be written; none of them was.
        """
        if not rows:
            return
        ordered = sorted(set(rows), key=lambda row: (row.at, row.kind, row.run_key, row.count, row.until is None, row.until))
        columns: list[Sequence[Any]] = [
            [row.at for row in ordered],
            [row.kind for row in ordered],
            [row.count for row in ordered],
            [row.run_key for row in ordered],
            [row.until for row in ordered],
        ]
        kind = QUOTA if any(row.kind == QUOTA for row in ordered) else "part"
        self._files.append(columns, ordered[-1].at.astimezone(UTC).date().isoformat(), kind=kind)

    def used_since(self, since: datetime) -> int:
        """Calls taken less calls given back, of all rows at or after a time."""
        return sum(row.count for row in self._since(since))

    def by_time(self, since: datetime) -> dict[datetime, int]:
        """The same by the time that the rows carry."""
        used: Counter[datetime] = Counter()
        for row in self._since(since):
            used[row.at] += row.count
        return dict(used)

    def by_kind(self, since: datetime, run_key: str | None = None) -> dict[str, int]:
        """The same by kind; kinds that come to nothing are left out.

        Args:
            run_key: count this run's alone; rows may add `#` and a token of their own to it.
        """
        used: Counter[str] = Counter()
        for row in self._since(since):
            if run_key is None or row.run_key.partition("#")[0] == run_key:
                used[row.kind] += row.count
        return {kind: count for kind, count in sorted(used.items()) if count}

    def quota_until(self, *days: date) -> datetime | None:
        """The latest end of a quota that Spotify declared, past or future; None when it never did.

        Args:
            days: look among what was noted on these days only, which lists two folders in place of all.
        """
        return attempt(lambda: self._quota_until(days))

    def _quota_until(self, days: Sequence[date]) -> datetime | None:
        listed = [file for day in days for file in self._files.listed(day.isoformat())] if days else self._files.listed()
        quotas = [file for file in listed if file.name.kind == QUOTA]
        newest = max((file.name.stamp for file in quotas), default="")
        rows = [row for file in quotas if file.name.stamp == newest for row in self._rows_of(file)]
        return max((row.until for row in rows if row.kind == QUOTA and row.until is not None), default=None)

    def _since(self, since: datetime) -> Iterator[CallRow]:
        first = since.astimezone(UTC)
        rows = attempt(lambda: self._rows_from(stamp_of(first)))
        return (row for row in rows if row.at >= since)

    def _rows_from(self, stamp: str) -> set[CallRow]:
        """Rows of all files whose latest row is of that time or later."""
        files = self._files.files(since=stamp)
        for file in closing_each([file for file in files if file.stored.path not in self._read]):
            self._rows_of(file)
        read = {file.stored.path: self._rows_of(file) for file in files}
        if len(self._read) > MOST_FILES_KEPT:
            self._read = dict(read)
        return {row for rows in read.values() for row in rows}

    def _rows_of(self, file: LedgerFile) -> tuple[CallRow, ...]:
        rows = self._read.get(file.stored.path)
        if rows is None:
            rows = tuple(CallRow(*values) for batch in file.batches() for values in rows_of(batch))
            self._read[file.stored.path] = rows
        return rows
