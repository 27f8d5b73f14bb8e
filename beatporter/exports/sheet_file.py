"""Reads a sheet of ours that a person may have changed, from Excel or CSV, row by row, each with its place in the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, is_zipfile
from zlib import error as ZlibError

from beatporter.control_characters import without_control_characters
from beatporter.errors import SettingsError
from beatporter.ledger.import_script_history import parse_date

_EXCEL_DAY_0 = datetime(1899, 12, 30)
"""Day 0 of Excel's dates as numbers (with its leap year 1900)."""
_EXCEL_DAYS = (1.0, 2_958_466.0)
"""The first and the last day that Excel knows: 1900 and the end of 9999."""
_HYPERLINK = re.compile(r'=HYPERLINK\("([^"]*)".*', re.IGNORECASE)
_DEFUSED = re.compile(r"'\s*[=+\-@＝＋－＠\t\r\n]")
_MORE_FORMATS = ("%d.%m.%y", "%d/%m/%y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y/%m/%d")
_HINT = "Export it again with `beatporter export`, and change only what is in the cells."
Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row below the headings.

    Attributes:
        place: the file, the sheet and the row's number as a person sees it.
        cells: the values by heading; empty cells are left out.
    """

    place: str
    cells: Cells

    def text(self, heading: str) -> str:
        """A cell as text on one line; empty when there is nothing in it."""
        value = self.cells.get(heading)
        return "" if value is None else without_control_characters(str(value)).strip()


def is_sheet_of(path: Path, *headings: str) -> bool:
    """Whether a file is Excel or CSV and has these headings in its first row. Not readable counts as no."""
    try:
        first = next(read_headings(path), [])
    except SettingsError:
        return False
    return set(headings) <= set(first)


def read_headings(path: Path) -> Iterator[list[str]]:
    """The headings of each sheet.

    Raises:
        SettingsError: the file cannot be read, or is neither Excel nor CSV.
    """
    for _, rows in _sheets(path):
        yield [str(cell).strip() for cell in next(rows, []) if cell is not None]


def read_sheet(path: Path, *headings: str) -> Iterator[SheetRow]:
    """The rows of every sheet that has these headings, in pieces: memory does not grow with the file.

    Raises:
        SettingsError: the file cannot be read, is neither Excel nor CSV, or no sheet of it has the headings.
    """
    fitting = False
    lacking: list[str] = []
    for name, rows in _sheets(path):
        found = ["" if cell is None else str(cell).strip() for cell in next(rows, [])]
        lacking = [heading for heading in headings if heading not in found]
        if lacking:
            continue
        fitting = True
        where = f"{path.name}, sheet {name}" if name else path.name
        for number, cells in enumerate(rows, 2):
            known = {heading: cell for heading, cell in zip(found, cells, strict=False) if heading and cell not in (None, "")}
            if known:
                yield SheetRow(f"{where}, row {number}", known)
    if not fitting:
        raise SettingsError(f"{path} lacks the column {', '.join(lacking)}.", _HINT)


def date_in(value: object) -> datetime | None:
    """A date in any form that a spreadsheet may have made of it: a date, a number of days, or text; None when unreadable.

    Without a zone it is UTC. Of 3/4/2026 the day comes first.
    """
    if isinstance(value, str):
        found = parse_date(value) or _worded(value.strip())
        return found or (date_in(float(value)) if re.fullmatch(r"\d+(\.\d+)?", value.strip()) else None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        first, last = _EXCEL_DAYS
        return parse_date(_EXCEL_DAY_0 + timedelta(seconds=round(value * 86_400))) if first <= value < last else None
    if isinstance(value, datetime) and value.microsecond >= 500_000:  # 6:30 may be stored as 6:29:59.9999
        return parse_date(value + timedelta(seconds=1))
    return parse_date(value)


def _worded(text: str) -> datetime | None:
    for form in _MORE_FORMATS:
        try:
            return parse_date(datetime.strptime(text.removesuffix(" UTC"), form))
        except ValueError:
            continue
    return None


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    """Each sheet's name, empty for CSV, and its rows."""
    try:
        if is_zipfile(path):
            yield from _xlsx(path)
        else:
            yield from _csv(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}.", "Name an Excel or CSV file.") from error
    except (BadZipFile, ParseError, KeyError, EOFError, ZlibError) as error:
        raise SettingsError(f"{path} is damaged, or not an Excel file.", "Take another copy of it.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} is neither Excel nor CSV in UTF-8.", 'Save it as "Excel workbook" or "CSV UTF-8".') from error


def _xlsx(path: Path) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    from openpyxl import load_workbook

    with path.open("rb") as file, closing(load_workbook(file, read_only=True)) as book:  # by content, not by suffix
        for sheet in book.worksheets:
            yield sheet.title, ([_link(cell) for cell in row] for row in sheet.iter_rows(values_only=True))


def _csv(path: Path) -> Iterator[tuple[str, Iterator[list[Any]]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        apart = max(",;\t", key=head.count)  # spreadsheets of many countries write a semicolon
        yield "", ([_link(_armed(cell)) for cell in row] for row in csv.reader(file, delimiter=apart))


def _armed(cell: str) -> str:
    """The text without the apostrophe that kept it from becoming a formula."""
    return cell[1:] if _DEFUSED.match(cell) else cell


def _link(cell: Any) -> Any:
    """The address in a link, which Excel keeps as a formula."""
    found = _HYPERLINK.fullmatch(cell) if isinstance(cell, str) else None
    return found[1] if found else cell
