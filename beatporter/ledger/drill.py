"""The drill of an archive: a scratch database is rebuilt from it and compared with the ledger, row by row.

A rebuild reads every file and digests its rows, and SQLite compares two files much faster than rows can be digested. So when both agree,
the ledger and the scratch database need not be digested as well. When they do not, the digests say where.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive_files import Listing
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, batches, row_count
from beatporter.ledger.check import CheckReport, compare, read_waiting
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.rebuild import rebuild
from beatporter.ledger.retention import thinned_to
from beatporter.ledger.tables import BACKUPS

_SCRATCH = ".beatporter-drill-"
_OTHER = "rebuilt"
"""SQLite's name for the scratch database where it is attached to the ledger."""


@contextmanager
def rebuilt(ledger: Ledger, storage: ArchiveStorage) -> Iterator[tuple[Ledger, int]]:
    """A scratch ledger rebuilt from the archive, and the number of rows that were read; it is gone after the block.

    It is beside SQLite's file, where there is space for one more: the system's folder for temporary files may be in memory.

    Raises:
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable, UpstreamDown, SettingsError: from the rebuild.
    """
    beside = ledger.database.path.parent if ledger.database.path is not None else None
    for left in beside.glob(f"{_SCRATCH}*") if beside is not None else ():  # left by a killed run
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=beside) as folder:
        scratch = open_ledger(Path(folder) / "rebuilt.db")
        try:
            yield scratch, sum(rebuild(storage, scratch).values())
        finally:
            scratch.close()


def compare_rebuilt(ledger: Ledger, scratch: Ledger, listing: Listing, report: CheckReport) -> Iterator[str]:
    """Compare every archived row of the ledger with the rebuilt one, and read those that the archive lacks.

    Args:
        report: gets what is wrong with the ledger itself, and the counts.

    Yields:
        What is wrong with the rebuilt database although the archive's files are sound.
    """
    if ledger.database.is_sqlite and _same_rows(ledger, scratch, listing, report):
        report.take(_unreadable(ledger, listing, report))
        return
    compare(ledger, listing, report)
    made = CheckReport()
    compare(scratch, listing, made)
    yield from made.problems


def _unreadable(ledger: Ledger, listing: Listing, report: CheckReport) -> Iterator[str]:
    """Values that cannot be read among the rows that were not compared: those of thinned backups, and those not yet archived."""
    thinned = thinned_to(ledger.database)
    for archived in ARCHIVED:
        try:
            if archived.origin is BACKUPS:
                for columns in batches(ledger.database, archived, until=min(thinned, listing.end_of(archived))):
                    report.rows[archived.name] += row_count(columns)
            read_waiting(ledger, archived, listing, report)
        except LedgerCorrupt as error:
            yield str(error)


def other_states(ledger: Ledger, scratch: Ledger) -> Iterator[str]:
    """Thinned backups whose state in the ledger is not the archive's; one playlist in memory at a time."""
    if not thinned_to(ledger.database):
        return  # the rows are the same
    for playlist_id in ledger.backups.playlists():
        archived = scratch.backups.states(playlist_id)
        for backup, items in ledger.backups.states(playlist_id):
            other = next((rows for info, rows in archived if info.snapshot_id == backup.snapshot_id), None)
            if other is None:
                break  # not archived yet
            if other != items:
                yield f"Playlist {playlist_id} held something else on {backup.taken_at:%Y-%m-%d %H:%M}."
                break


def _same_rows(ledger: Ledger, scratch: Ledger, listing: Listing, report: CheckReport) -> bool:
    """Whether both files have the same archived rows, and the same rows that these refer to. Counts them when they do.

    A table that is archived as a whole may have changed since, and of thinned backups the archive has more.
    """
    found, files = Counter[str](), 0
    growing = [archived for archived in ARCHIVED if not archived.whole]
    thinned = thinned_to(ledger.database)
    with ledger.database.read() as connection:
        connection.exec_driver_sql(f"ATTACH DATABASE ? AS {_OTHER}", (str(scratch.database.path),))
        try:
            for archived in growing:
                number, after = archived.number, thinned if archived.origin is BACKUPS else 0
                ours = sa.select(sa.func.count()).where(number > after, number <= listing.end_of(archived))
                other = _in_other(archived.table)
                theirs = sa.select(sa.func.count()).where(other.c[number.name] > after)
                found[archived.name] = connection.execute(ours).scalar_one()
                if found[archived.name] != connection.execute(theirs).scalar_one():
                    return False
                if connection.execute(_unlike(archived.table, other).where(other.c[number.name] > after)).first() is not None:
                    return False
                files += len(listing.files[archived.name])
            for table in {table for archived in growing for table in archived.rows_of} - {archived.table for archived in growing}:
                if connection.execute(_unlike(table, _in_other(table))).first() is not None:
                    return False
        finally:
            connection.exec_driver_sql(f"DETACH DATABASE {_OTHER}")
    report.rows.update(found)
    report.files += files
    return True


def _in_other(table: sa.Table) -> sa.FromClause:
    return table.to_metadata(sa.MetaData(), schema=_OTHER).alias("other")


def _unlike(table: sa.Table, other: sa.FromClause) -> sa.Select[tuple[int]]:
    """Rows of the other database that this one does not have, or has with other values."""
    same_key = sa.and_(*(column == other.c[column.name] for column in table.primary_key.columns))
    differs = sa.or_(*(column.is_distinct_from(other.c[column.name]) for column in table.columns))
    return sa.select(sa.literal(1)).select_from(other.outerjoin(table, same_key)).where(differs).limit(1)
