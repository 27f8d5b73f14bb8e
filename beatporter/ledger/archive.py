"""Archives a ledger: new rows go to Parquet files that never change. Nothing is written twice.

The names of the existing files say how far the archive reaches, so the next run continues one that was killed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import filelock
import pyarrow.parquet as pq
from sqlalchemy import func, select

from beatporter.errors import LedgerCorrupt, LedgerUnavailable, LedgerUnwritable, SettingsError
from beatporter.ledger.archive_files import digest_for, digest_of, metadata_of, path_of, read_metadata, sound_listing
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, ArchivedTable, Columns, batches, last_number, record_batch, row_count
from beatporter.ledger.database import Database
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.retention import thinned_to
from beatporter.ledger.tables import BACKUPS

ROWS_A_FILE = 500_000
_LOCK = 0x61726368


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    table: str
    path: str
    rows: int
    bytes: int


def archive(ledger: Ledger, storage: ArchiveStorage, now: datetime, *, rows_a_file: int = ROWS_A_FILE) -> list[Written]:
    """Write what is missing in the archive.

    Args:
        now: its day in UTC names the partition.
        rows_a_file: a file ends with the row whose number reaches a multiple of this.

    Returns:
        The files written; empty when nothing was new.

    Raises:
        SettingsError: the archive belongs to another ledger or a newer Beatporter.
        LedgerCorrupt: archive files are missing or duplicated, the archive has rows that the ledger lacks, or the ledger is damaged.
        LedgerUnwritable, UpstreamDown: from the storage.
        LedgerUnavailable: from the database, or another run is archiving or maintaining it.
    """
    with only_one(ledger.database):
        storage.sweep()
        return _Run(ledger, storage, now, rows_a_file).write()


@contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Exclude other archiving and maintenance runs, here or wherever a PostgreSQL is shared. A killed run's lock is freed at once.

    Raises:
        LedgerUnavailable: another run holds the lock.
    """
    taken = LedgerUnavailable(f"Another run is archiving or maintaining the ledger {database.name}.", "Try again when it has ended.")
    if database.path is not None:
        lock = filelock.FileLock(database.path.with_name(f"{database.path.name}.archive-lock"), mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise taken from None
        except OSError as error:
            raise LedgerUnwritable(f"{lock.lock_file} cannot be made: {error.strerror}.", "Let Beatporter write there.") from error
        try:
            yield
        finally:
            lock.release()
        return
    with database.read() as connection:
        if not connection.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar():
            raise taken
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(_LOCK)))


class _Run:
    """One run: reads the list of files when created, then writes."""

    def __init__(self, ledger: Ledger, storage: ArchiveStorage, now: datetime, rows_a_file: int) -> None:
        self._ledger, self._database, self._storage, self._rows_a_file = ledger, ledger.database, storage, rows_a_file
        self._ledger_id = ledger.ledger_id
        self._day = f"day={now:%Y-%m-%d}"
        self._listing = sound_listing(storage)
        self._ends = {archived.name: self._listing.end_of(archived) for archived in ARCHIVED}

    def write(self) -> list[Written]:
        # Read the changing tables before the growing ones: they must not refer to history that the archive lacks.
        states = [(archived, list(batches(self._database, archived))) for archived in ARCHIVED if archived.whole]
        growing = [archived for archived in ARCHIVED if not archived.whole]
        last = {origin: last_number(self._database, origin) for origin in dict.fromkeys(archived.origin for archived in growing)}
        for archived in growing:
            self._refuse_other(archived, last[archived.origin])
        written = [file for archived in growing for file in self._new_rows(archived, last[archived.origin])]
        grown, replaced = bool(written), list(self._listing.older)
        for archived, state in states:
            files = self._listing.files[archived.name]
            if state and (grown or not files or files[-1].digest != digest_of(self._ledger_id, archived, state)):
                number = self._ends[archived.name] + 1
                written += self._write(archived, state, number, number)
                replaced += [file.path for file in files]
        for path in replaced:
            with suppress(LedgerUnwritable):  # a bucket may forbid deletion; the highest number counts anyway
                self._storage.delete(path)
        return written

    def _new_rows(self, archived: ArchivedTable, last: int) -> Iterator[Written]:
        while (after := self._ends[archived.name]) < last:
            beyond = select(archived.number).where(archived.number > after).order_by(*archived.table.primary_key.columns)
            with self._database.read() as connection:
                until = connection.execute(beyond.offset(self._rows_a_file - 1).limit(1)).scalar()
            until = min(until or last, last)
            written = list(self._write(archived, batches(self._database, archived, after, until), after + 1, until))
            if not written:  # the last numbers belong to a backup without changes, or were never used
                return
            self._ends[archived.name] = until
            yield from written

    def _write(self, archived: ArchivedTable, rows: Iterable[Columns], first: int, last: int) -> Iterator[Written]:
        """Put the rows into their own file, unless there are none."""
        count, digest = 0, digest_for(self._ledger_id, archived, first, last)
        schema = archived.schema().with_metadata(metadata_of(self._ledger_id, self._ends if archived.whole else {}))
        with self._storage.draft() as draft:
            with pq.ParquetWriter(draft, schema, compression="zstd", write_page_checksum=True) as writer:
                for columns in rows:
                    writer.write_batch(record_batch(columns, schema))
                    digest.add(columns)
                    count += row_count(columns)
            if count:
                path = path_of(archived, self._day, first, last, digest.hex())
                size = draft.tell()
                self._storage.put(draft, path)
                yield Written(archived.name, path, count, size)

    def _refuse_other(self, archived: ArchivedTable, last: int) -> None:
        """Check that the archive's newest rows match the ledger; it may be another ledger's, or the ledger may be an old copy."""
        files = self._listing.files[archived.name]
        if not files:
            return
        newest, ours = files[-1], self._ledger_id
        if archived.origin is BACKUPS and newest.first <= thinned_to(self._database):  # its digest no longer fits; the ledger's id does
            same = read_metadata(self._storage, newest)["ledger"] == ours
            if same and newest.last <= last:
                return
        rows = batches(self._database, archived, newest.first - 1, newest.last)
        if newest.last <= last and digest_of(ours, archived, rows, newest.first, newest.last) == newest.digest:
            return
        theirs = read_metadata(self._storage, newest)["ledger"]
        if theirs != ours:
            raise SettingsError(
                f"{self._storage.name} is the archive of another ledger ({theirs}, not {ours}).",
                "Set BEATPORTER_ARCHIVE to another storage.",
            )
        how = f"reaches row {newest.last} and the ledger row {last}" if newest.last > last else "has other rows than the ledger"
        raise LedgerCorrupt(
            f"{self._storage.name} {how} in table {archived.name}: {self._ledger.name} is damaged, or was restored from an older copy.",
            "Rebuild it with `beatporter ledger rebuild --from ARCHIVE`, or continue in another place (BEATPORTER_ARCHIVE).",
        )
