"""Exports a table to CSV or Excel in pieces of bounded size: the result grows on disk, not in memory.

Defines which tables a person sees, and their columns. pandas and openpyxl are imported only when an export runs.
"""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, select

from beatporter.control_characters import without_control_characters
from beatporter.errors import SettingsError
from beatporter.ledger import tables
from beatporter.ledger.column_types import as_plain
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.matches import standing
from beatporter.ledger.tables import BACKUPS, CHART_ENTRIES, CHARTS, ENTRIES, HISTORY, LISTED_PLAYLISTS, LISTINGS, PLAYLIST_IDS
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, CorrectionRow, HistoryRow, ListedPlaylist, RememberedPlaylist, RunRow, SnapshotRow
from beatporter.records.match import Match

ROWS_AT_ONCE = 8_192
SHEET_ROWS = 1_048_576
"""Excel's limit (Microsoft, "Excel specifications and limits"); further rows go to another sheet."""
MAX_CELL_CHARACTERS = 32_767
"""The limit for a cell, from the same page; longer text is cut."""
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
"""Beginnings of text that a spreadsheet treats as a formula: Excel skips spaces, and reads full-width signs like the ordinary ones
(OWASP, "CSV injection")."""
Row = tuple[Any, ...]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: Path
    rows: int
    sheets: int
    """1 in a CSV file."""


@dataclass(frozen=True, slots=True)
class _View:
    """A table as a person sees it.

    Attributes:
        asked: its rows, in order.
        key: the column that `only` selects by; None: the table is always exported as a whole.
        shown: turns the rows into those shown; None: all, unchanged.
        further: columns that `shown` adds.
    """

    asked: Select[Any]
    key: str | None = None
    shown: Callable[[Ledger, Iterable[Any]], Iterator[Row]] | None = None
    further: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return [*self.asked.selected_columns.keys(), *self.further]


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
    asked = select(*(next(table.c[name] for table in lying if name in table.c) for name in names))
    for table in lying[1:]:
        asked = asked.join(table)
    return asked.select_from(lying[0])


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
    """Write a table's rows to a file; its suffix, .csv or .xlsx, chooses the format.

    History comes without repetitions, matches with the current decisions, backups with every position of every state. Times are UTC; in
    Excel, which has no time zones, without one. Text that a spreadsheet would treat as a formula gets an apostrophe in front (CSV) or is
    marked as text (Excel), because names come from outside.

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
    write = {".csv": _write_csv, ".xlsx": _write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise SettingsError(f"{path} ends in neither .csv nor .xlsx.", "Name the file accordingly.")
    part = _part(ledger, table, view, only)
    with written_whole(path, overwrite=overwrite) as draft, closing(_rows(ledger, view, part)) as rows:
        report = write(draft, table, view.columns, rows, progress or (lambda _: None))
    return ExportReport(path, *report)


def nearest(wanted: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest one, or a few of the existing ones."""
    names = list(known)
    near = difflib.get_close_matches(wanted, names, n=1)
    there = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return f"Did you mean {near[0]}?" if near else f"There are {there}." if names else "There are none yet."


@contextmanager
def written_whole(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """A draft beside a file, which replaces the file when the block is left without an error; no draft stays behind.

    Raises:
        SettingsError: another file is there, or it cannot be written there.
    """
    draft = path.parent / f".{secrets.token_hex(6)}.part"
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"{path} is not a file.", "Name a file.")
        if path.exists() and not overwrite:
            raise SettingsError(f"{path} already exists.", "Name another file, or use --force to replace it.")
        if not path.parent.is_dir():
            raise SettingsError(f"There is no folder {path.parent}.", "Create it, or choose another place.")
        yield draft
        draft.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}.", "Choose another place, or free space.") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _part(ledger: Ledger, table: str, view: _View, only: str | None) -> Any:
    """The part of a table that a person named, as the column's value; None: all of it."""
    if only is None:
        return None
    if view.key is None:
        raise SettingsError(f"{table} has no parts.", "Export it whole, without --only.")
    key = view.asked.selected_columns[view.key]
    with ledger.database.read() as connection:
        there = connection.execute(view.asked.with_only_columns(key).order_by(None).distinct()).scalars()
        values = {str(value): value for value in there}
    if only not in values:
        raise SettingsError(f"{table} has no {view.key} {only!r}.", nearest(only, sorted(values)))
    return values[only]


def _rows(ledger: Ledger, view: _View, part: Any) -> Generator[Row, None, None]:
    asked = view.asked if part is None else view.asked.where(view.asked.selected_columns[str(view.key)] == part)
    database = ledger.database
    # PostgreSQL streams rows only within a transaction; SQLite does so anyway, and a transaction would block writers.
    with database.read() if database.is_sqlite else database.transaction() as connection:
        found = connection.execute(asked, execution_options={"yield_per": ROWS_AT_ONCE})
        yield from view.shown(ledger, found) if view.shown else map(tuple, found)


def _plain(value: Any) -> Any:
    value = as_plain(value)
    value = ", ".join(value) if isinstance(value, list) else value
    return without_control_characters(value) if isinstance(value, str) else value


def _write_csv(path: Path, _: str, columns: list[str], rows: Iterator[Row], progress: Progress) -> tuple[int, int]:
    import pandas as pd

    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:  # the byte order mark shows Excel that it is UTF-8
        out.write(",".join(columns) + "\r\n")
        while chunk := [[_csv_value(value) for value in row] for row in islice(rows, ROWS_AT_ONCE)]:
            pd.DataFrame(chunk, dtype=object).to_csv(out, header=False, index=False, lineterminator="\r\n")
            written += len(chunk)
            progress(written)
    return written, 1


def _csv_value(value: Any) -> Any:
    value = _plain(value)
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _write_xlsx(path: Path, table: str, columns: list[str], rows: Iterator[Row], progress: Progress) -> tuple[int, int]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    def cell(value: Any) -> Any:
        value = _plain(value)
        if not isinstance(value, str):
            return value.replace(tzinfo=None) if isinstance(value, datetime) else value
        made = WriteOnlyCell(sheet, value[:MAX_CELL_CHARACTERS])
        made.data_type = "s"
        return made

    def next_sheet() -> Any:
        number = len(book.worksheets) + 1
        made = book.create_sheet(table if number == 1 else f"{table} {number}")
        made.append(columns)
        return made

    book = Workbook(write_only=True)
    sheet, written = next_sheet(), 0
    for row in rows:
        if written and written % (SHEET_ROWS - 1) == 0:
            sheet = next_sheet()
        sheet.append([cell(value) for value in row])
        written += 1
        if written % ROWS_AT_ONCE == 0:
            progress(written)
    book.save(path)
    return written, len(book.worksheets)
