"""Looking after a ledger, once a week: checked, what is old dropped, its statistics renewed, its room given back, and a rebuild drilled."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive import only_one
from beatporter.ledger.archive_files import list_archive
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.check import CheckReport, check, compare
from beatporter.ledger.database import Database
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.rebuild import rebuild

CALLS_KEPT = timedelta(days=35)
LISTINGS_KEPT = timedelta(days=14)
MEMORY_KEPT = timedelta(days=120)
_SCRATCH = ".beatporter-drill-"
FREE_SHARE = 0.25
"""Part of an SQLite file that must be free before it is written again without it: below that the room is used by itself."""


@dataclass
class MaintenanceReport:
    """What was done.

    Attributes:
        check: what the check found.
        dropped: rows that were too old, by table.
        freed_bytes: that the file is smaller by.
        drilled: rows of the archive that a scratch database was made of; None when there is no archive.
        problems: what is wrong, the check's findings and those of the drill.
    """

    check: CheckReport
    dropped: dict[str, int]
    freed_bytes: int = 0
    drilled: int | None = None
    problems: list[str] = field(default_factory=list)


def maintain(ledger: Ledger, storage: ArchiveStorage | None, now: datetime) -> MaintenanceReport:
    """Look after a ledger; damage becomes a problem of the report, and then nothing is dropped or rewritten.

    Args:
        storage: where its archive lies, None without one.

    Raises:
        LedgerUnavailable, LedgerUnwritable, UpstreamDown, SettingsError: the database or the archive cannot be reached, there is no room
            for the drill, or another run archives or maintains the ledger.
    """
    with only_one(ledger.database):
        found = check(ledger, storage)
        report = MaintenanceReport(found, {}, problems=list(found.problems))
        if report.problems:
            return report
        report.dropped = {
            "calls": ledger.calls.drop_before(now - CALLS_KEPT),
            "listings": ledger.listings.drop_before(now - LISTINGS_KEPT),
            "memory": ledger.memory.drop_before(now - MEMORY_KEPT),
        }
        report.freed_bytes = _tidy_up(ledger)
        if storage is not None:
            report.drilled = _drill(ledger.database, storage, report)
    return report


def _tidy_up(ledger: Ledger) -> int:
    """Renew what the planner knows; give SQLite's free room back where it is much. Returns the bytes freed."""
    path = ledger.database.path
    with ledger.database.read() as connection:
        connection.exec_driver_sql("ANALYZE")
        if path is None:  # PostgreSQL's own autovacuum sees to the rest
            return 0
        free, pages = (int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("freelist_count", "page_count"))
        before = path.stat().st_size
        if free > FREE_SHARE * pages:
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return max(0, before - path.stat().st_size)


def _drill(database: Database, storage: ArchiveStorage, report: MaintenanceReport) -> int:
    """Make a scratch database from the archive, and hold it to the archive's digests. Returns its rows, 0 when nothing was archived yet.

    It lies beside SQLite's file, where there is room for such a file: a system's folder for temporary files may be in memory.
    """
    listing = list_archive(storage)
    if not any(listing.files.values()):
        return 0
    beside = database.path.parent if database.path is not None else None
    for left in beside.glob(f"{_SCRATCH}*") if beside is not None else ():  # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=beside) as folder:
        scratch = open_ledger(Path(folder) / "rebuilt.db")
        try:
            rows = rebuild(storage, scratch)
            made = CheckReport()
            compare(scratch, listing, made)
            report.problems += [f"A rebuild from the archive differs: {problem}" for problem in made.problems]
        except LedgerCorrupt as error:
            report.problems.append(f"The archive could not be made into a database: {error}")
            return 0
        finally:
            scratch.close()
    return sum(rows.values())
