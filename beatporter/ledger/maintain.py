"""Weekly maintenance of a ledger: check it, drop old rows, renew its statistics, give free space back, and test a rebuild."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive import only_one
from beatporter.ledger.archive_files import list_archive
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED
from beatporter.ledger.check import CheckReport, check, compare
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.rebuild import rebuild
from beatporter.ledger.retention import thin_backups, thinned_to
from beatporter.ledger.tables import BACKUPS

CALLS_KEPT = timedelta(days=35)
LISTINGS_KEPT = timedelta(days=14)
MEMORY_KEPT = timedelta(days=120)
_SCRATCH = ".beatporter-drill-"
FREE_SHARE = 0.25
"""Free fraction of an SQLite file above which it is rewritten; below it, SQLite reuses the space by itself."""


@dataclass
class MaintenanceReport:
    """What was done.

    Attributes:
        check: what the check found.
        dropped: rows that were too old, by table.
        freed_bytes: how much smaller the file is.
        drilled: archive rows that the test rebuild read; None when there is no archive.
        problems: what is wrong, from the check and the test rebuild.
    """

    check: CheckReport
    dropped: dict[str, int]
    freed_bytes: int = 0
    drilled: int | None = None
    problems: list[str] = field(default_factory=list)


def maintain(ledger: Ledger, storage: ArchiveStorage | None, now: datetime) -> MaintenanceReport:
    """Maintain a ledger; damage is reported as a problem, and then nothing is dropped or rewritten.

    Args:
        storage: its archive; None without one.

    Raises:
        LedgerUnavailable, LedgerUnwritable, UpstreamDown, SettingsError: the database or the archive cannot be reached, there is no space
            for the test rebuild, or another run is archiving or maintaining the ledger.
    """
    with only_one(ledger.database):
        found = check(ledger, storage)
        report = MaintenanceReport(found, {}, problems=list(found.problems))
        if report.problems:
            return report
        report.dropped = drop_old(ledger, storage, now)
        report.freed_bytes = _tidy_up(ledger)
        if storage is not None:
            report.drilled = _drill(ledger, storage, report)
    return report


def drop_old(ledger: Ledger, storage: ArchiveStorage | None, now: datetime) -> dict[str, int]:
    """Drop what is too old; returns how many rows, by table."""
    return {
        "calls": ledger.calls.drop_before(now - CALLS_KEPT),
        "listings": ledger.listings.drop_before(now - LISTINGS_KEPT),
        "memory": ledger.memory.drop_before(now - MEMORY_KEPT),
        "backups": thin_backups(ledger, now, _archived_to(storage)),
    }


def _archived_to(storage: ArchiveStorage | None) -> int | None:
    """The number of the last backup that the archive has with its changes; None without an archive."""
    if storage is None:
        return None
    listing = list_archive(storage)
    return min(listing.end_of(archived) for archived in ARCHIVED if archived.origin is BACKUPS)


def _tidy_up(ledger: Ledger) -> int:
    """Renew the query planner's statistics; give SQLite's free space back when it is large. Returns the bytes freed."""
    path = ledger.database.path
    with ledger.database.read() as connection:
        connection.exec_driver_sql("ANALYZE")
        if path is None:  # PostgreSQL's autovacuum does the rest
            return 0
        free, pages = (int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("freelist_count", "page_count"))
        before = path.stat().st_size
        if free > FREE_SHARE * pages:
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return max(0, before - path.stat().st_size)


def _drill(ledger: Ledger, storage: ArchiveStorage, report: MaintenanceReport) -> int:
    """Rebuild a scratch database from the archive, and compare it with the archive's digests, and the states of playlists with ours.

    It is beside SQLite's file, where there is space for one more: the system's folder for temporary files may be in memory.

    Returns:
        The rows that the scratch database has; 0 for an empty archive.
    """
    database = ledger.database
    listing = list_archive(storage)
    if not any(listing.files.values()):
        return 0
    beside = database.path.parent if database.path is not None else None
    for left in beside.glob(f"{_SCRATCH}*") if beside is not None else ():  # left by a killed run
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=beside) as folder:
        scratch = open_ledger(Path(folder) / "rebuilt.db")
        try:
            rows = rebuild(storage, scratch)
            made = CheckReport()
            compare(scratch, listing, made)
            found = [*made.problems, *_other_states(ledger, scratch)]
            report.problems += [f"A rebuild from the archive differs: {problem}" for problem in found]
        except LedgerCorrupt as error:
            report.problems.append(f"The ledger could not be rebuilt from the archive: {error}")
            return 0
        finally:
            scratch.close()
    return sum(rows.values())


def _other_states(ledger: Ledger, scratch: Ledger) -> Iterator[str]:
    """Thinned backups whose state in the ledger is not the archive's; one playlist in memory at a time."""
    if not thinned_to(ledger.database):
        return  # the digests have shown that the rows are the same
    for playlist_id in ledger.backups.playlists():
        archived = scratch.backups.states(playlist_id)
        for backup, items in ledger.backups.states(playlist_id):
            other = next((rows for info, rows in archived if info.snapshot_id == backup.snapshot_id), None)
            if other is None:
                break  # not archived yet
            if other != items:
                yield f"Playlist {playlist_id} held something else on {backup.taken_at:%Y-%m-%d %H:%M}."
                break
