"""Exporting a table to CSV or Excel, a bounded piece at a time: what is written grows on the disk, not in memory.

pandas and openpyxl are imported here only, when an export runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from beatporter.errors import LedgerUnwritable, SettingsError
from beatporter.ledger.columns import values_of
from beatporter.ledger.files import TableFiles
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.merge import merged
from beatporter.ledger.paths import partition_values
from beatporter.ledger.tables import HISTORY, MATCHES, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 8_192
SHEET_ROWS = 1_048_576
"""Excel's limit (Microsoft, "Excel specifications and limits"); what is beyond goes to another sheet."""
CELL_CHARACTERS = 32_767
"""The same page's limit of a cell; a longer text is cut."""
_KEYS = ("track_key", "isrc_key", "recording_key")
"""Columns that only look-ups have a use for."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: Path
    rows: int
    sheets: int
    """1 in a CSV file."""


def export(
    ledger: Ledger,
    table: str,
    path: Path,
    *,
    partition: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ExportReport:
    """Write a table's rows to a file; its ending, .csv or .xlsx, says which kind.

    Partition keys come first as columns. History comes without repetitions, matches as what stands. Times are UTC; in Excel,
    which knows no zones, without one. A text that a spreadsheet would take for a formula gets an apostrophe in front (CSV)
    or is marked as text (Excel): names come from strangers.

    Args:
        partition: only the partitions whose first key has this value, such as one playlist's id.
        overwrite: replace a file of that name.
        progress: called with the rows written so far.

    Raises:
        SettingsError: no such table or partition, another ending, or a file of that name is there.
        LedgerCorrupt: a file is damaged.
        LedgerUnwritable: the file cannot be written; none is left.
    """
    if table not in TABLES:
        raise SettingsError(f"There is no table {table!r}.", f"Name one of {', '.join(TABLES)}.")
    write = {".csv": _write_csv, ".xlsx": _write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise SettingsError(f"{path} ends in neither .csv nor .xlsx.", "Name the file accordingly.")
    if path.exists() and not overwrite:
        raise SettingsError(f"{path} is there already.", "Name another file, or use --force to replace it.")
    if partition is not None:
        _check_partition(TableFiles(TABLES[table], ledger.home), partition)
    temporary = path.with_name(f".{path.name}.part")
    try:
        report = write(TABLES[table], _frames(ledger, TABLES[table], partition), temporary, progress)
        temporary.replace(path)
    except OSError as error:
        raise LedgerUnwritable(f"{path} cannot be written: {error.strerror or error}.", "Choose another place, or make room.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return ExportReport(path, *report)


def _check_partition(files: TableFiles, partition: str) -> None:
    table = files.table
    if not table.partition_keys:
        raise SettingsError(f"{table.name} is one whole, without partitions.", "Export it whole.")
    there = files.partitions()
    if partition not in there:
        near = ", ".join([*difflib.get_close_matches(partition, there, n=3, cutoff=0.3), *there][:3])
        raise SettingsError(f"{table.name} has no {table.partition_keys[0]} {partition!r}.", f"It has {near or 'none'}.")


def _columns(table: Table) -> list[str]:
    return [*table.partition_keys, *(name for name in table.schema.names if name not in _KEYS)]


def _frames(ledger: Ledger, table: Table, partition: str | None) -> Iterator[pd.DataFrame]:
    """The table in small frames of Python values."""
    import pandas as pd

    for values, batch in _batches(ledger, table, partition):
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            piece = batch.slice(start, ROWS_AT_ONCE)
            columns: dict[str, Any] = {key: [value] * piece.num_rows for key, value in zip(table.partition_keys, values, strict=True)}
            for name in _columns(table)[len(columns) :]:
                found = values_of(piece.column(name))
                columns[name] = [", ".join(value) for value in found] if pa.types.is_list(table.schema.field(name).type) else found
            yield pd.DataFrame(columns, dtype=object)


def _batches(ledger: Ledger, table: Table, partition: str | None) -> Iterator[tuple[tuple[str, ...], pa.RecordBatch]]:
    files = TableFiles(table, ledger.home)
    by_folder: dict[str, None] = {file.stored.folder: None for file in files.listed(*(() if partition is None else (partition,)))}
    for folder in by_folder:
        values = partition_values(table, folder)
        if values is None:
            continue
        found = files.files(*values)
        if table in (HISTORY, MATCHES):
            yield from ((values, batch) for piece in merged(table, found) for batch in piece.to_batches())
        else:
            yield from ((values, batch) for file in found for batch in file.batches())


def _write_csv(table: Table, frames: Iterator[pd.DataFrame], path: Path, progress: Callable[[int], None] | None) -> tuple[int, int]:
    rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:  # the mark tells Excel that it is UTF-8
        out.write(",".join(_columns(table)) + "\r\n")
        for frame in frames:
            frame = frame.map(_csv_value)
            frame.to_csv(out, header=False, index=False, lineterminator="\r\n")
            rows += len(frame)
            if progress is not None:
                progress(rows)
    return rows, 1


def _write_xlsx(table: Table, frames: Iterator[pd.DataFrame], path: Path, progress: Callable[[int], None] | None) -> tuple[int, int]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value.astimezone(UTC).replace(tzinfo=None) if hasattr(value, "tzinfo") and value is not None else value
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_CHARACTERS])
        made.data_type = "s"
        return made

    book = Workbook(write_only=True)
    rows, sheets, room = 0, 0, 0
    sheet: Any = None
    for frame in frames:
        for values in frame.itertuples(index=False, name=None):
            if room == 0:
                sheets, room = sheets + 1, SHEET_ROWS - 1
                sheet = book.create_sheet(table.name if sheets == 1 else f"{table.name} {sheets}")
                sheet.append(_columns(table))
            sheet.append([cell(value) for value in values])
            rows, room = rows + 1, room - 1
        if progress is not None:
            progress(rows)
    if sheet is None:
        sheets = 1
        book.create_sheet(table.name).append(_columns(table))
    book.save(path)
    return rows, sheets


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else value
