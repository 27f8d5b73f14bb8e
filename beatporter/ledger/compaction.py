"""Compaction: many small files become one, repetitions go, and what a merged file stands for is removed after a grace period.

Safe at any point and beside any number of writers, readers and other compactions, because it only ever adds a file that
names the files it stands for (readers then leave those out), and removes a file only when a merged one that names it has
been there for the grace period and was read back whole. A kill leaves at worst an unfinished file, removed after the grace
period too. What is dropped by age is `Retention`'s and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.checking import verify
from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt, closing_each, replaced_by
from beatporter.ledger.home import StoredFile
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.merge import write_merged
from beatporter.ledger.paths import HIDDEN, partition_values, stamp_of
from beatporter.ledger.tables import BACKUPS, CALLS, HISTORY, LISTINGS, MATCHES, SNAPSHOTS, TABLES, Table

GRACE = timedelta(hours=1)
"""Longer than any reading takes: a reader that listed files an hour ago still finds them."""
AT_ONCE = 128
"""Files merged at once: each has a row group in memory."""
Tell = Callable[[str, int, int], None]
"""Called with a table's name, partitions done, and partitions in all."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept that only the recent past has a use for. None: for good.

    Charts, matches, history and playlists are always kept for good.
    """

    calls: timedelta | None = timedelta(days=35)
    """The budget looks back 24 hours; the newest end of a quota is kept in any case."""
    listings: timedelta | None = timedelta(days=14)
    """Only the run that made a listing reads it."""
    snapshots: timedelta | None = timedelta(days=90)
    """A playlist's newest row is kept in any case."""
    backups: timedelta | None = None
    """A playlist's newest backup is kept in any case."""


@dataclass(slots=True)
class TableReport:
    """What compaction did to one table."""

    table: str
    files_before: int = 0
    files_after: int = 0
    """Files that readers open from now on."""
    partitions_merged: int = 0
    rows_in: int = 0
    """Rows of the files that were merged."""
    rows_out: int = 0
    removed_files: int = 0
    removed_bytes: int = 0
    waiting_files: int = 0
    """Files that others stand for, and that stay until the grace period is over."""
    expired_files: int = 0
    """Files dropped by retention; among the removed."""
    damaged: list[str] = field(default_factory=list)
    """What is wrong with which file; its partition was left alone."""


def compact(
    ledger: Ledger,
    tables: Iterable[str] | None = None,
    *,
    now: datetime,
    grace: timedelta = GRACE,
    retention: Retention | None = None,
    progress: Tell | None = None,
) -> list[TableReport]:
    """Merge, clean and report.

    Args:
        tables: names; None means all.
        now: aware; ages of files are taken against it.
        grace: how long a file stays after another stands for it.

    Returns:
        A report for each table. Damaged files are in it, never raised: other partitions are still done.

    Raises:
        LedgerUnwritable: no room for a merged file; everything is as it was.
        KeyError: no table of that name.
    """
    chosen = [TABLES[name] for name in tables] if tables is not None else list(TABLES.values())
    return [_Compaction(ledger, table, now, grace, retention or Retention(), progress).run() for table in chosen]


class _Compaction:
    """One table's."""

    def __init__(self, ledger: Ledger, table: Table, now: datetime, grace: timedelta, retention: Retention, progress: Tell | None) -> None:
        self._files, self._home, self._table = TableFiles(table, ledger.home), ledger.home, table
        self._now, self._retention, self._progress = now, retention, progress
        self._settled_before_s = (now - grace).timestamp()
        self.report = TableReport(table.name)

    def run(self) -> TableReport:
        stored = self._home.files(self._table.name)
        self._remove(file for file in stored if file.name.startswith(HIDDEN) and file.modified_s <= self._settled_before_s)
        folders = [folder for folder, _ in groupby(sorted(file.folder for file in stored if not file.name.startswith(HIDDEN)))]
        for done, folder in enumerate(folders, 1):
            partition = partition_values(self._table, folder)
            if partition is None:
                continue
            try:
                attempt(lambda partition=partition: self._compact_partition(partition))  # type: ignore[misc]
            except LedgerCorrupt as error:
                self.report.damaged.append(error.what)
            if self._progress is not None:
                self._progress(self._table.name, done, len(folders))
        return self.report

    def _compact_partition(self, partition: Sequence[str]) -> None:
        self._expire(partition)
        listed = self._files.listed(*partition)
        live = self._files.files(*partition)
        before = len(live)
        waiting = self._clear(listed)
        if self._worth_merging(partition, live):
            live = self._merge_all(partition, live)
            waiting |= {path for file in live for path in replaced_by(file)}
        self.report.files_before += before
        self.report.files_after += len(live)
        self.report.waiting_files += len(waiting)

    def _worth_merging(self, partition: Sequence[str], live: Sequence[LedgerFile]) -> bool:
        if self._table is BACKUPS or (self._table is CALLS and partition[0] >= self._now.date().isoformat()):
            return False  # a backup's file is the backup; a day's calls are read by name until the day is over
        return sum(file.name.kind != "quota" for file in live) > 1

    def _merge_all(self, partition: Sequence[str], live: Sequence[LedgerFile]) -> list[LedgerFile]:
        """Merge down to one file, a bounded number at once."""
        quotas = [file for file in live if file.name.kind == "quota"]
        rest = [file for file in live if file.name.kind != "quota"]
        rows = sum(file.rows for file in closing_each(rest))
        while len(rest) > 1:
            chunks = [rest[start : start + AT_ONCE] for start in range(0, len(rest), AT_ONCE)]
            rest = [self._merge(partition, chunk) if len(chunk) > 1 else chunk[0] for chunk in chunks]
        self.report.partitions_merged += 1
        self.report.rows_in += rows
        self.report.rows_out += rest[0].rows
        return [*rest, *quotas]

    def _merge(self, partition: Sequence[str], inputs: Sequence[LedgerFile]) -> LedgerFile:
        """Add the merged file; the files it stands for stay."""
        names = {file.stored.name for file in inputs}
        # Files that an input stands for, and that are still there, must not come back to life with that input's end.
        there = {file.stored.path for file in self._files.listed(*partition)}
        names |= {file_name(path) for file in inputs for path in replaced_by(file) if path in there}
        path = self._write(partition, inputs, {"replaces": sorted(names)})
        made = next((file for file in self._files.listed(*partition) if file.stored.path == path), None)
        if made is None:
            raise FileNotFoundError(path)  # another compaction merged it already; see `attempt`
        return made

    def _write(self, partition: Sequence[str], inputs: Sequence[LedgerFile], about: dict[str, list[str]]) -> str:
        if self._table in (HISTORY, MATCHES):
            return write_merged(self._files, partition, inputs, about)
        rows = {values for file in inputs for batch in file.batches() for values in rows_of(batch)}
        time = self._table.schema.names.index(str(self._table.stamp))
        if self._table is SNAPSHOTS and self._retention.snapshots is not None:
            oldest = min(self._now - self._retention.snapshots, max(values[time] for values in rows))
            rows = {values for values in rows if values[time] >= oldest}
        ordered = sorted(rows, key=lambda values: (values[time], values[0] if isinstance(values[0], int) else 0, repr(values)))
        columns = list(zip(*ordered, strict=True)) if ordered else [() for _ in self._table.schema]
        return self._files.append(columns, *partition, kind="merged", about=about)

    def _clear(self, listed: Sequence[LedgerFile]) -> set[str]:
        """Remove what merged files have stood for since the grace period began, once each of them was read back.

        Returns:
            Paths of those whose grace period is not over.
        """
        waiting: set[str] = set()
        there = {file.stored.path: file.stored for file in listed}
        for file in listed:
            replaced = [there[path] for path in replaced_by(file) if path in there]
            if not replaced:
                continue
            if file.stored.modified_s > self._settled_before_s:
                waiting.update(gone.path for gone in replaced)
                continue
            verify(file)
            self._remove(replaced)
            for gone in replaced:
                del there[gone.path]
        return waiting

    def _expire(self, partition: Sequence[str]) -> None:
        """Remove files whose latest row is older than the table's rows are kept."""
        keep = {CALLS: self._retention.calls, LISTINGS: self._retention.listings, BACKUPS: self._retention.backups}.get(self._table)
        if keep is None:
            return
        oldest = stamp_of(self._now - keep)
        old = [file for file in self._files.listed(*partition) if self._latest_row(file) < oldest]
        if self._table is BACKUPS:
            newest = self._files.newest(*partition)
            old = [file for file in old if file.stored.path not in {kept.stored.path for kept in newest}]
        if self._table is CALLS and any(file.name.kind == "quota" for file in old):
            quotas = [file for file in self._files.listed() if file.name.kind == "quota"]
            last = max((file.name.stamp for file in quotas), default="")
            old = [file for file in old if file.name.kind != "quota" or file.name.stamp < last]
        self.report.expired_files += len(old)
        self._remove(file.stored for file in old)
        if old:
            self._home.remove_folder(self._files.folder(*partition))

    def _latest_row(self, file: LedgerFile) -> str:
        """The file's stamp; a listing without rows has none, and is as old as its file."""
        if file.name.stamp.startswith("0000"):
            return stamp_of(datetime.fromtimestamp(file.stored.modified_s, self._now.tzinfo))
        return file.name.stamp

    def _remove(self, files: Iterable[StoredFile]) -> None:
        for file in files:
            self._home.delete(file.path)
            self.report.removed_files += 1
            self.report.removed_bytes += file.size


def file_name(path: str) -> str:
    return path.rpartition("/")[2]
