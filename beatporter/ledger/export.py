"""Exports a table of the ledger as it is stored, for other tools. What a person reads is made in `beatporter.exports`.

Defines which tables are exported, and their columns; `spreadsheet` writes the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, select

from beatporter.errors import SettingsError
from beatporter.ledger import tables
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.matches import standing
from beatporter.ledger.spreadsheet import ROWS_AT_ONCE, Column, ExportReport, Progress, write_file
from beatporter.ledger.tables import BACKUPS, CHART_ENTRIES, CHARTS, ENTRIES, HISTORY, LISTED_PLAYLISTS, LISTINGS, PLAYLIST_IDS
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, CorrectionRow, HistoryRow, ListedPlaylist, RememberedPlaylist, RunRow, SnapshotRow
from beatporter.records.match import Match

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _View:
    """A table as a person sees it.

    Attributes:
        query: its rows, in order.
        key: the column that `only` selects by; None: the table is always exported as a whole.
        shown: turns the rows into those shown; None: all, unchanged.
        further: columns that `shown` adds.
    """

    query: Select[Any]
    key: str | None = None
    shown: Callable[[Ledger, Iterable[Any]], Iterator[Row]] | None = None
    further: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return [*self.query.selected_columns.keys(), *self.further]


def _standing(_: Ledger, rows: Iterable[Any]) -> Iterator[Row]:
    for _beatport_id, of_entry in groupby(rows, key=lambda row: row.beatport_id):
        yield from map(_values, standing(Match(*row) for row in of_entry).values())


def _earliest(_: Ledger, rows: Iterable[Any]) -> Iterator[Row]:
    for _track, same in groupby(rows, key=lambda row: (row.playlist_id, row.track_id, row.isrc, row.recording)):
        yield tuple(next(same))


def _positions(ledger: Ledger, rows: Iterable[Any]) -> Iterator[Row]:
    for backup in rows:
        for row in ledger.backups.items(backup.playlist_id, backup.snapshot_id):
            yield *backup, *_values(row)


def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _values(record: Any) -> Row:
    return tuple(getattr(record, name) for name in _names(type(record)))


def _asked(names: Iterable[str], *lying: Table) -> Select[Any]:
    """Columns by name, each from the first table that has it, of tables that refer to one another."""
    query = select(*(next(table.c[name] for table in lying if name in table.c) for name in names))
    for table in lying[1:]:
        query = query.join(table)
    return query.select_from(lying[0])


_VIEWS = {
    "charts": _View(
        _asked(("genre_id", "scraped_at", *_names(ChartEntry)), CHARTS, CHART_ENTRIES, ENTRIES).order_by(
            CHARTS.c.genre_id, CHARTS.c.scraped_at, CHARTS.c.chart, CHART_ENTRIES.c.position
        ),
        "genre_id",
    ),
    "matches": _View(_asked(_names(Match), tables.MATCHES).order_by(tables.MATCHES.c.beatport_id), shown=_standing),
    "history": _View(
        _asked(("playlist_id", *_names(HistoryRow)), PLAYLIST_IDS, HISTORY).order_by(
            PLAYLIST_IDS.c.playlist_id, HISTORY.c.track_id, HISTORY.c.isrc, HISTORY.c.recording, HISTORY.c.added_at
        ),
        "playlist_id",
        _earliest,
    ),
    "backups": _View(
        _asked(("playlist_id", "snapshot_id", "taken_at"), PLAYLIST_IDS, BACKUPS).order_by(PLAYLIST_IDS.c.playlist_id, BACKUPS.c.taken_at),
        "playlist_id",
        _positions,
        _names(BackupRow),
    ),
    "snapshots": _View(_asked(_names(SnapshotRow), PLAYLIST_IDS, tables.SNAPSHOTS).order_by(PLAYLIST_IDS.c.playlist_id), "playlist_id"),
    "playlists": _View(_asked(_names(RememberedPlaylist), tables.PLAYLISTS).order_by(tables.PLAYLISTS.c.id), "genre_id"),
    "corrections": _View(_asked(_names(CorrectionRow), tables.CORRECTIONS).order_by(tables.CORRECTIONS.c.id)),
    "listings": _View(_asked(_names(ListedPlaylist), LISTINGS, LISTED_PLAYLISTS).order_by(LISTINGS.c.id), "run_key"),
    "calls": _View(_asked(_names(CallRow), tables.CALLS).order_by(tables.CALLS.c.id), "run_key"),
    "runs": _View(_asked(_names(RunRow), tables.RUNS).order_by(tables.RUNS.c.id), "genre_id"),
}
TABLES = tuple(_VIEWS)
"""What can be exported."""


def export(
    ledger: Ledger, table: str, path: Path, *, only: str | None = None, overwrite: bool = False, progress: Progress | None = None
) -> ExportReport:
    """Write a table's rows to a file, see `write_file`.

    History comes without repetitions, matches with the current decisions, backups with every position of every state.

    Args:
        only: only the rows of the playlist, genre or run with this id.
        overwrite: replace an existing file.
        progress: called with the number of rows written so far.

    Raises:
        SettingsError: there is no such table or part, the suffix is unknown, the file exists, or it cannot be written there.
        LedgerCorrupt, LedgerUnavailable: from the database; no file is left.
    """
    view = _VIEWS.get(table)
    if view is None:
        raise SettingsError(f"There is no table {table!r}.", nearest(table, TABLES))
    part = _part(ledger, table, view, only)
    with closing(_rows(ledger, view, part)) as rows:
        columns = [Column(name, max(12, len(name) + 4)) for name in view.columns]
        return write_file(path, table, columns, rows, overwrite=overwrite, progress=progress)


def nearest(wanted: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest one, or a few of the existing ones."""
    names = list(known)
    near = difflib.get_close_matches(wanted, names, n=1)
    there = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return f"Did you mean {near[0]}?" if near else f"There are {there}." if names else "There are none yet."


def _part(ledger: Ledger, table: str, view: _View, only: str | None) -> Any:
    """The part of a table that a person named, as the column's value; None: all of it."""
    if only is None:
        return None
    if view.key is None:
        raise SettingsError(f"{table} has no parts.", "Export it whole, without --only.")
    key = view.query.selected_columns[view.key]
    with ledger.database.read() as connection:
        there = connection.execute(view.query.with_only_columns(key).order_by(None).distinct()).scalars()
        values = {str(value): value for value in there}
    if only not in values:
        raise SettingsError(f"{table} has no {view.key} {only!r}.", nearest(only, sorted(values)))
    return values[only]


def _rows(ledger: Ledger, view: _View, part: Any) -> Generator[Row, None, None]:
    query = view.query if part is None else view.query.where(view.query.selected_columns[str(view.key)] == part)
    database = ledger.database
    # PostgreSQL streams rows only within a transaction; SQLite does so anyway, and a transaction would block writers.
    with database.read() if database.is_sqlite else database.transaction() as connection:
        found = connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        yield from view.shown(ledger, found) if view.shown else map(tuple, found)
