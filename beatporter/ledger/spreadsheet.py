"""Writes rows to CSV, Excel or Parquet in pieces of bounded size: the file grows on disk, not in memory.

Knows nothing of what the rows mean. Text comes from outside, so none of it becomes a formula. pandas, XlsxWriter and Arrow are imported
only when a file of their kind is written.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from beatporter.control_characters import without_control_characters
from beatporter.errors import SettingsError
from beatporter.ledger.column_types import as_plain

ROWS_AT_ONCE = 8_192
SHEET_ROWS = 1_048_576
"""Excel's limit (Microsoft, "Excel specifications and limits"); further rows go to another sheet."""
MAX_CELL_CHARACTERS = 32_767
"""The limit for a cell, from the same page; longer text is cut."""
MAX_LINK_CHARACTERS = 255
"""The limit for a text inside a formula, from the same page; a longer link is plain text."""
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
"""Beginnings of text that a spreadsheet treats as a formula: Excel skips spaces, and reads full-width signs like the ordinary ones
(OWASP, "CSV injection")."""
Row = Sequence[Any]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet.

    Attributes:
        name: its heading.
        width: in characters, in Excel.
        kind: a link is an address; in Excel it can be clicked.
    """

    name: str
    width: int = 16
    kind: Literal["value", "link"] = "value"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: Path
    rows: int
    sheets: int
    """1 in a file that has no sheets."""


def write_file(
    path: Path, title: str, columns: Sequence[Column], rows: Iterator[Row], *, overwrite: bool = False, progress: Progress | None = None
) -> ExportReport:
    """Write rows to a file, whole or not at all; its suffix, .csv, .xlsx or .parquet (also .parquet.gz), chooses the format.

    Excel: a bold header that stays in view, filters, widths, further sheets after the limit of one; times are UTC without a zone, because
    Excel has no zones. Parquet: text and times, gzip inside, as pandas writes it. Text that a spreadsheet would treat as a formula gets an
    apostrophe in front (CSV) or is marked as text (Excel).

    Args:
        title: the name of the sheet.
        progress: called with the number of rows written so far.

    Raises:
        SettingsError: the suffix is unknown, the file exists, or it cannot be written there.
    """
    write = _writer_for(path)
    with written_whole(path, overwrite=overwrite) as draft:
        written, sheets = write(draft, title, columns, rows, progress or (lambda _: None))
    return ExportReport(path, written, sheets)


def _writer_for(path: Path) -> Callable[..., tuple[int, int]]:
    name = path.name.lower()
    for suffixes, write in (((".csv",), _write_csv), ((".xlsx",), _write_xlsx), ((".parquet", ".parquet.gz"), _write_parquet)):
        if name.endswith(suffixes):
            return write
    raise SettingsError(f"{path} ends in neither .csv nor .xlsx nor .parquet.", "Name the file accordingly.")


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


def _plain(value: Any) -> Any:
    value = as_plain(value)
    value = ", ".join(value) if isinstance(value, list) else value
    return without_control_characters(value) if isinstance(value, str) else value


def _write_csv(path: Path, _: str, columns: Sequence[Column], rows: Iterator[Row], progress: Progress) -> tuple[int, int]:
    import pandas as pd

    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:  # the byte order mark shows Excel that it is UTF-8
        out.write(",".join(column.name for column in columns) + "\r\n")
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


def _write_xlsx(path: Path, title: str, columns: Sequence[Column], rows: Iterator[Row], progress: Progress) -> tuple[int, int]:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "remove_timezone": True, "default_date_format": "yyyy-mm-dd hh:mm"})
    try:
        written = 0
        sheet = _Sheet(book, title, columns)
        for row in rows:
            if sheet.rows == SHEET_ROWS - 1:
                sheet.end()
                sheet = _Sheet(book, f"{title} {len(book.worksheets()) + 1}", columns)
            sheet.add(row)
            written += 1
            if written % ROWS_AT_ONCE == 0:
                progress(written)
        sheet.end()
        book.close()
    except FileCreateError as error:
        raise error.args[0] from error  # the OSError behind it
    except BaseException:
        book.fileclosed = True  # otherwise XlsxWriter warns when it is collected
        raise
    return written, len(book.worksheets())


class _Sheet:
    """One sheet of an Excel file."""

    def __init__(self, book: Any, title: str, columns: Sequence[Column]) -> None:
        self._columns, self._book, self.rows = columns, book, 0
        self._sheet = book.add_worksheet(title[:31])
        self._link = book.get_default_url_format()
        bold = book.add_format({"bold": True, "bottom": 1})
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, column.name, bold)

    def add(self, row: Row) -> None:
        self.rows += 1
        for place, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            self._write(place, _plain(value), column.kind)

    def _write(self, place: int, value: Any, kind: str) -> None:
        if value is None or value == "":
            return
        if isinstance(value, datetime):
            self._sheet.write_datetime(self.rows, place, value)
        elif not isinstance(value, str):
            self._sheet.write(self.rows, place, value)
        elif kind == "link" and value.startswith("https://") and '"' not in value and len(value) <= MAX_LINK_CHARACTERS:
            # A formula, because Excel allows 65,530 real links in a sheet and each of them would stay in memory.
            self._sheet.write_formula(self.rows, place, f'=HYPERLINK("{value}")', self._link, value)
        else:
            self._sheet.write_string(self.rows, place, value[:MAX_CELL_CHARACTERS])

    def end(self) -> None:
        """Filters over everything that was written."""
        self._sheet.autofilter(0, 0, self.rows, len(self._columns) - 1)


def _write_parquet(path: Path, _: str, columns: Sequence[Column], rows: Iterator[Row], progress: Progress) -> tuple[int, int]:
    """All columns are text or UTC times, by their first value; a column without one is text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [column.name for column in columns]
    chunk = list(islice(rows, ROWS_AT_ONCE))
    firsts = [next((value for value in values if value is not None), "") for values in zip(*chunk, strict=True)] or [""] * len(names)
    kinds = [pa.timestamp("us") if isinstance(value, datetime) else pa.string() for value in firsts]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    written = 0
    with pq.ParquetWriter(path, schema, compression="gzip") as out:
        while chunk:
            cells = [[_parquet_value(value) for value in values] for values in zip(*chunk, strict=True)]
            arrays = [pa.array(values, kind) for values, kind in zip(cells, kinds, strict=True)]
            out.write_batch(pa.record_batch(arrays, schema=schema))
            written += len(chunk)
            progress(written)
            chunk = list(islice(rows, ROWS_AT_ONCE))
    return written, 1


def _parquet_value(value: Any) -> Any:
    value = _plain(value)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
