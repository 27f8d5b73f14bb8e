"""Weekly maintenance of a ledger: check it, drop old rows, renew its statistics, give free space back, and test a rebuild."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive import only_one
from beatporter.ledger.archive_files import list_archive
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED
from beatporter.ledger.check import CheckReport, check_files, check_rules, compare
from beatporter.ledger.drill import compare_rebuilt, other_states, rebuilt
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.retention import thin_backups
from beatporter.ledger.tables import BACKUPS

CALLS_KEPT = timedelta(days=35)
LISTINGS_KEPT = timedelta(days=14)
MEMORY_KEPT = timedelta(days=120)
_DIFFERS = "A rebuild from the archive differs: {}"
FREE_SHARE = 0.25
"""Free fraction of an SQLite file above which it is rewritten; below it, SQLite reuses the space by itself."""


@dataclass
class MaintenanceReport:
    """What was done.

    Attributes:
        check: what the check found.
        dropped: rows that were too old, by table.
        freed_bytes: how much smaller the file is.
        drilled: archive rows that the test rebuild read; None without one: there is no archive, or the check found a problem before it.
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
        report = MaintenanceReport(CheckReport(), {})
        with ExitStack() as drill:
            scratch = _examine(ledger, storage, report, drill)
            if report.problems:
                return report
            report.dropped = drop_old(ledger, storage, now)
            if scratch is not None:
                report.problems += map(_DIFFERS.format, other_states(ledger, scratch))
        report.freed_bytes = _tidy_up(ledger)
    return report


def _examine(ledger: Ledger, storage: ArchiveStorage | None, report: MaintenanceReport, drill: ExitStack) -> Ledger | None:
    """Check ledger and archive, by a test rebuild where there is something to rebuild.

    Returns:
        The rebuilt ledger, gone when `drill` is closed; None without one.
    """
    found, scratch = report.check, None
    listing = check_rules(ledger, storage, found)
    if storage is not None and not found.problems:
        report.drilled = 0
        if any(listing.files.values()):
            try:
                scratch, report.drilled = drill.enter_context(rebuilt(ledger, storage))
            except LedgerCorrupt as error:
                report.problems.append(f"The ledger could not be rebuilt from the archive: {error}")
    if scratch is not None:
        report.problems += map(_DIFFERS.format, compare_rebuilt(ledger, scratch, listing, found))
    else:
        compare(ledger, listing, found)
        check_files(ledger, storage, listing, found)
    report.problems = [*found.problems, *report.problems]
    return scratch


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
