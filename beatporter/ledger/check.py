"""Checks a ledger: the database's own checks, the rules of our tables, and the archive against the database.

Damage becomes a line in the report. Nothing is repaired here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.archive_files import Listing, cut_short, digest_for, list_archive, read_rows
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, GARBLED_VALUE_ERRORS, KEYS, ROWS_AT_ONCE, ArchivedTable, batches, row_count
from beatporter.ledger.column_types import key_of
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.retention import thinned_to
from beatporter.ledger.tables import BACKUP_CHANGES, BACKUPS, CHART_ENTRIES, CHARTS, HISTORY, PLAYLIST_IDS

MAX_LINES = 20
"""Lines of one kind in the report; further ones are only counted."""
BACKUPS_AT_ONCE = 20
REMEDY = "Restore a copy of the ledger, or rebuild it with `beatporter ledger rebuild --from ARCHIVE`."


@dataclass
class CheckReport:
    """What was checked, and what is wrong.

    Attributes:
        problems: sentences, each with what to do; empty when all is well.
        rows: rows read per archived table.
        files: archive files that the database was compared with.
        waiting: rows that the archive does not have yet.
    """

    problems: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    waiting: int = 0

    def take(self, step: Iterable[str]) -> None:
        """Add what a step finds, including damage that ends it."""
        found: list[str] = []
        try:
            found.extend(step)
        except LedgerCorrupt as error:
            found.append(str(error))
        except GARBLED_VALUE_ERRORS as error:
            found.append(f"The ledger holds an invalid value ({type(error).__name__}). {REMEDY}")
        self.problems += [line for line in dict.fromkeys(found[:MAX_LINES]) if line not in self.problems]
        if len(found) > MAX_LINES:
            self.problems.append(f"And {len(found) - MAX_LINES} more of this kind.")


def check(ledger: Ledger, storage: ArchiveStorage | None = None, *, full: bool = True) -> CheckReport:
    """Check a whole ledger and its archive.

    Args:
        storage: its archive; None without one.
        full: read every row of the database and the archive; otherwise only the database's structure and the archive's names.

    Raises:
        LedgerUnavailable, UpstreamDown, LedgerUnwritable: the database or the archive cannot be reached.
        SettingsError: a newer Beatporter wrote the archive.
    """
    report = CheckReport()
    listing = check_rules(ledger, storage, report, full=full)
    if full:
        compare(ledger, listing, report)
        check_files(ledger, storage, listing, report)
    return report


def check_rules(ledger: Ledger, storage: ArchiveStorage | None, report: CheckReport, *, full: bool = True) -> Listing:
    """Check the database's structure, our rules for its tables, and the archive's names; returns these.

    Args:
        full: otherwise the structure in short, and no rules that read every row.
    """
    listing = Listing({}) if storage is None else list_archive(storage)
    report.take(_structure(ledger, full=full))
    report.take(listing.problems)
    if storage is not None:
        report.take(cut_short(storage, listing))
    for step in (_history_keys, _charts, _backups) if full else ():
        report.take(step(ledger))
    return listing


def compare(ledger: Ledger, listing: Listing, report: CheckReport) -> None:
    """Read every row of the database, and compare the archived ones with their files' digests."""
    for archived in ARCHIVED:
        report.take(_rows(ledger, archived, listing, report))


def _structure(ledger: Ledger, *, full: bool) -> Iterator[str]:
    """SQLite's own checks; PostgreSQL enforces references itself and is checked on its server."""
    if not ledger.database.is_sqlite:
        return
    with ledger.database.read() as connection:
        for (line,) in connection.exec_driver_sql(f"PRAGMA {'integrity' if full else 'quick'}_check({MAX_LINES})"):
            if line != "ok":
                yield f"SQLite on {ledger.name}: {' '.join(str(line).split())}. {REMEDY}"
        broken = Counter((table, to) for table, _, to, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    for (table, to), count in broken.items():
        yield f"{count} rows of {table} refer to missing rows of {to}. {REMEDY}"


def _rows(ledger: Ledger, archived: ArchivedTable, listing: Listing, report: CheckReport) -> Iterator[str]:
    thinned = thinned_to(ledger.database) if archived.origin is BACKUPS else 0
    for file in listing.files.get(archived.name, []) if not archived.whole else []:
        digest = digest_for(ledger.ledger_id, archived, file.first, file.last)
        for columns in batches(ledger.database, archived, file.first - 1, file.last):
            digest.add(columns)
            report.rows[archived.name] += row_count(columns)
        report.files += 1
        if file.first > thinned and digest.hex() != file.digest:  # of thinned backups the archive has more; a drill compares the states
            rows = f"Rows {file.first} to {file.last} of {archived.name}"
            yield f"{rows} in the ledger differ from those in {file.path}. {REMEDY}"
    read_waiting(ledger, archived, listing, report)


def read_waiting(ledger: Ledger, archived: ArchivedTable, listing: Listing, report: CheckReport) -> None:
    """Read and count the rows that the archive does not have yet; all rows of a table that is archived as a whole.

    Raises:
        LedgerCorrupt: a value cannot be read.
    """
    for columns in batches(ledger.database, archived, 0 if archived.whole or not listing.files else listing.end_of(archived)):
        report.rows[archived.name] += row_count(columns)
        report.waiting += 0 if archived.whole else row_count(columns)


def _history_keys(ledger: Ledger) -> Iterator[str]:
    pairs = [(HISTORY.c[key], HISTORY.c[text]) for key, text in KEYS.items()]
    query = sa.select(HISTORY.c.id, *(column for pair in pairs for column in pair)).order_by(HISTORY.c.id).limit(ROWS_AT_ONCE)
    rows: list[Any] = [(0,)]
    while rows:
        with ledger.database.read() as connection:
            rows = list(connection.execute(query.where(HISTORY.c.id > rows[-1][0])))
        for number, *values in rows:
            for place, (key, _) in enumerate(pairs):
                if values[2 * place] != key_of(values[2 * place + 1]):
                    yield f"Row {number} of history: its {key.name} does not match its text, so look-ups miss it. {REMEDY}"


def _charts(ledger: Ledger) -> Iterator[str]:
    without = sa.select(CHARTS.c.chart).where(~sa.exists().where(CHART_ENTRIES.c.chart == CHARTS.c.chart))
    misplaced = sa.select(CHART_ENTRIES.c.chart).where(CHART_ENTRIES.c.position < 1).distinct()
    with ledger.database.read() as connection:
        for number in connection.execute(without).scalars():
            yield f"Chart {number} has no entries. {REMEDY}"
        for number in connection.execute(misplaced).scalars():
            yield f"Chart {number} has a position below 1. {REMEDY}"


def _backups(ledger: Ledger) -> Iterator[str]:
    with ledger.database.read() as connection:
        for playlist, playlist_id in connection.execute(sa.select(PLAYLIST_IDS).order_by(PLAYLIST_IDS.c.playlist)).all():
            query = sa.select(BACKUPS).where(BACKUPS.c.playlist == playlist).order_by(BACKUPS.c.backup)
            wrong = _broken_chain(connection, connection.execute(query).all())
            if wrong:
                yield f"The backups of playlist {playlist_id} {wrong}. {REMEDY}"


def _broken_chain(connection: sa.Connection, backups: Sequence[Any]) -> str | None:
    """What is wrong with a playlist's chain of backups; None when nothing is."""
    columns = [BACKUP_CHANGES.c[name] for name in ("backup", "position", "removed", "track")]
    base, counted, length = None, 0, 0
    for start in range(0, len(backups), BACKUPS_AT_ONCE):
        part = {backup.backup: backup for backup in backups[start : start + BACKUPS_AT_ONCE]}
        changes: dict[int, list[Any]] = {number: [] for number in part}
        query = sa.select(*columns).where(BACKUP_CHANGES.c.backup.in_(part)).order_by(BACKUP_CHANGES.c.backup, BACKUP_CHANGES.c.number)
        for number, *change in connection.execute(query):
            changes[number].append(change)
        for number, backup in part.items():
            base, counted, length = (base, counted, length) if backup.base else (number, 0, 0)
            own = backup.merged if backup.merged is not None else backup.changes - counted if backup.base else len(changes[number])
            if (backup.base or number, own) != (base, len(changes[number])):
                return f"do not follow each other at number {number}"
            counted = backup.changes
            for position, removed, track in changes[number]:
                if not 0 <= position <= position + removed <= length:
                    return f"change a position that does not exist, at number {number}"
                length += (track is not None) - removed
            if length != backup.rows:
                return f"have {length} entries instead of {backup.rows}, at number {number}"
    return None


def check_files(ledger: Ledger, storage: ArchiveStorage | None, listing: Listing, report: CheckReport) -> None:
    """Read every row of the archive's files."""
    if storage is not None:
        report.take(_archive_files(ledger, storage, listing))


def _archive_files(ledger: Ledger, storage: ArchiveStorage, listing: Listing) -> Iterator[str]:
    for archived in ARCHIVED:
        for file in listing.files[archived.name]:
            try:
                for _ in read_rows(storage, archived, file, ledger.ledger_id):
                    pass
            except LedgerCorrupt as error:
                if not archived.whole or file in list_archive(storage).files[archived.name]:  # else an archive run just replaced it
                    yield str(error)
