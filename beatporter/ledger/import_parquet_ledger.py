"""Imports a ledger from the time before it was a database: every table of its Parquet files, in one transaction. Idempotent."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, select

from beatporter.errors import SettingsError
from beatporter.ledger.column_types import read_runners_up
from beatporter.ledger.history import earliest_of, rank
from beatporter.ledger.import_script_history import one_transaction
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.parquet_ledger import RECORDS, ROWS_AT_ONCE, Part, Row, list_parts, record_of
from beatporter.ledger.tables import BACKUPS, CHART_ENTRIES, metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, HistoryRow, SnapshotRow
from beatporter.records.match import Match, RunnerUp

if TYPE_CHECKING:
    from beatporter.ledger.archive_storage import ArchiveStorage

_CAUTION = ("recorded", "written", "writing")
"""States of a playlist, ordered by how much they leave open."""


@dataclass(slots=True)
class TableTaken:
    """What an older ledger has of a table.

    Attributes:
        read: rows of all files; a row in two files counts twice.
        new: rows that the ledger did not have.
        left: playlists' states older than the newest one in the ledger, which cannot be inserted before it.
    """

    table: str
    files: int = 0
    read: int = 0
    new: int = 0
    left: int = 0


def import_ledger(
    ledger: Ledger, storage: ArchiveStorage, progress: Callable[[str, int, int], None] | None = None, *, dry_run: bool = False
) -> list[TableTaken]:
    """Import an older ledger completely or not at all; what the ledger already has stays unchanged.

    Args:
        progress: called with a table's name, files read, and files in all.
        dry_run: report what would be imported, and leave the ledger unchanged.

    Raises:
        SettingsError: there is no older ledger.
        LedgerCorrupt: a file is damaged.
        LedgerUnwritable, LedgerUnavailable, UpstreamDown: from the database and the storage.
    """
    parts = list_parts(storage)
    if not parts:
        raise SettingsError(f"{storage.name} holds no ledger of an earlier Beatporter.", "Name the folder that contains history/.")
    report = [TableTaken(table) for table in RECORDS]
    with one_transaction(ledger, dry_run=dry_run):
        for taken in report:
            of_table = [part for part in parts if part.table == taken.table]
            before = _count(ledger, taken.table)
            for _, same in groupby(of_table, key=lambda part: part.partition):
                group = list(same)
                _TAKE.get(taken.table, _take_others)(ledger, group, taken)
                taken.files += len(group)
                taken.read += sum(part.read for part in group)
                if progress is not None:
                    progress(taken.table, taken.files, len(of_table))
            taken.new = _count(ledger, taken.table) - before
    return report


def _take_charts(ledger: Ledger, parts: Sequence[Part], _: TableTaken) -> None:
    scraped: dict[datetime, dict[int, ChartEntry]] = {}
    for row in _rows(parts):
        scraped.setdefault(row["scraped_at"], {}).setdefault(row["position"], record_of(ChartEntry, row))
    for at, entries in sorted(scraped.items()):
        ledger.charts.append(Chart(parts[0].partition["genre_id"], tuple(entries[place] for place in sorted(entries)), at))


def _take_matches(ledger: Ledger, parts: Sequence[Part], _: TableTaken) -> None:
    for rows in _chunks(_rows(parts)):
        ledger.matches.append([record_of(Match, row | {"runners_up": _runners_up(row)}) for row in rows])


def _runners_up(row: Row) -> tuple[RunnerUp, ...]:
    return read_runners_up(row.get("runners_up") or "[]")


def _take_history(ledger: Ledger, parts: Sequence[Part], _: TableTaken) -> None:
    playlist_id = parts[0].partition["playlist_id"]
    by_track = heapq.merge(*(part.rows() for part in parts), key=itemgetter("track_id"))  # every file is sorted by track
    for rows in _chunks(chain.from_iterable(_distinct(same) for _, same in groupby(by_track, key=itemgetter("track_id")))):
        ledger.history.append(playlist_id, rows)
        standing = ledger.history.rows(playlist_id, [row.track_id for row in rows])
        # If the ledger has a later row of a track with equal ISRC and recording, only an import's row is kept beside it.
        earlier = [row for row in earliest_of(rows).values() if row.added_at < standing[row.track_id].added_at]
        ledger.history.append(playlist_id, [replace(row, source="import") for row in earlier])


def _distinct(rows: Iterator[Row]) -> Iterable[HistoryRow]:
    """A track's rows; of those with equal ISRC and recording the earliest."""
    once: dict[tuple[str | None, str], HistoryRow] = {}
    for row in sorted((record_of(HistoryRow, row) for row in rows), key=rank):
        once.setdefault((row.isrc, row.recording), row)
    return once.values()


def _take_backups(ledger: Ledger, parts: Sequence[Part], taken: TableTaken) -> None:
    playlist_id = parts[0].partition["playlist_id"]
    kept = {info.snapshot_id: info.taken_at for info in ledger.backups.all(playlist_id)}
    for part in sorted(parts, key=lambda part: part.stamp):
        taken_at, rows = datetime.strptime(f"{part.stamp}+0000", "%Y%m%dT%H%M%SZ%z"), part.rows()
        first = list(islice(rows, 1))  # reads the file's metadata, which names the state; an empty file has no row with it
        snapshot_id = part.about["snapshot_id"]
        if snapshot_id not in kept and taken_at < max(kept.values(), default=taken_at):
            taken.left += 1
            continue
        numbered = (record_of(BackupRow, row | {"position": position}) for position, row in enumerate(chain(first, rows)))
        ledger.backups.append(playlist_id, snapshot_id, taken_at, numbered)


def _take_snapshots(ledger: Ledger, parts: Sequence[Part], _: TableTaken) -> None:
    rows: list[SnapshotRow] = [record_of(SnapshotRow, row) for row in _rows(parts)]
    newest = max(rows, key=lambda row: (row.at, _CAUTION.index(row.state), row.snapshot_id or ""))
    known = ledger.snapshots.latest(newest.playlist_id)
    if known is None or known.at < newest.at:
        ledger.snapshots.save(newest)


def _take_others(ledger: Ledger, parts: Sequence[Part], taken: TableTaken) -> None:
    """Insert new rows of a small table without a unique key; of equal ones only one."""
    table, rows = metadata.tables[taken.table], {record_of(RECORDS[taken.table], row) for row in _rows(parts)}
    given = {column.name: bindparam(column.name, type_=column.type) for column in table.c if not column.primary_key}
    same = (table.c[name].is_not_distinct_from(one) if table.c[name].nullable else table.c[name] == one for name, one in given.items())
    new = table.insert().from_select(list(given), select(*given.values()).where(~exists().where(*same)))
    with ledger.transaction() as connection:
        connection.execute(new, [{name: getattr(row, name) for name in given} for row in sorted(rows, key=lambda row: (row.at, repr(row)))])


_TAKE = {
    "charts": _take_charts,
    "matches": _take_matches,
    "history": _take_history,
    "backups": _take_backups,
    "snapshots": _take_snapshots,
}


def _rows(parts: Sequence[Part]) -> Iterator[Row]:
    return chain.from_iterable(part.rows() for part in parts)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk


def _count(ledger: Ledger, table: str) -> int:
    counted = {"charts": CHART_ENTRIES, "backups": BACKUPS}.get(table, metadata.tables[table])
    number = func.coalesce(func.sum(BACKUPS.c.rows), 0) if counted is BACKUPS else func.count()
    with ledger.database.read() as connection:
        return int(connection.execute(select(number).select_from(counted)).scalar_one())
