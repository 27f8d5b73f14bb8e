"""Reads the history file of the script that Beatporter replaces: Parquet (gzip inside, or gzipped as a whole) or Excel.

`import_script_history` decides what to do with the rows.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from beatporter.errors import SettingsError

COLUMNS = ("playlist_id", "track_id", "datetime_added", "artist_name")
"""The columns that are read; playlist_name is for the report."""
NAME = "playlist_name"
Row = tuple[Any, Any, Any, Any, Any]
"""playlist_id, track_id, datetime_added, artist_name, playlist_name, as the file has them."""


def text_of(value: object) -> str:
    """A cell as text; nulls of every kind are empty."""
    text = "" if value is None or value != value else str(value).strip()
    return "" if text.lower() in ("nan", "none", "<na>", "nat") else text


def read_rows(path: Path) -> Iterator[Row]:
    """The file's rows, in pieces of bounded size.

    Raises:
        SettingsError: there is no such file, it is neither Parquet nor Excel or is damaged, or a column is missing.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Name the old script's history file.") from error
    try:
        if head.startswith(b"PK"):
            yield from _xlsx_rows(path)
        elif head.startswith(b"\x1f\x8b") or head == b"PAR1":
            yield from _parquet_rows(path, zipped=head != b"PAR1")
        else:
            raise SettingsError(f"{path} is neither Parquet nor Excel.", "Name hist_playlists_tracks.parquet.gz or its .xlsx.")
    except (pa.ArrowException, OSError, BadZipFile, EOFError, KeyError, ParseError, zlib.error) as error:
        reason = next(iter(str(error).strip("'\"").splitlines()), "cut off").rstrip(".")
        raise SettingsError(f"{path} is damaged, or not a history file: {reason}.", "Take another copy of it.") from error


def _parquet_rows(path: Path, *, zipped: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        source: Any = str(path)
        if zipped:
            source = stack.enter_context(tempfile.TemporaryFile())
            with gzip.open(path) as packed:
                shutil.copyfileobj(packed, source)
            source.seek(0)
        file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 16)
        columns = _check_columns(path, file.schema_arrow.names)
        for batch in file.iter_batches(8_192, columns=columns, use_threads=False):
            found = {name: _plain(batch.column(name)) for name in columns}
            yield from zip(*(found.get(name, [None] * batch.num_rows) for name in (*COLUMNS, NAME)), strict=True)


def _plain(column: Any) -> list[Any]:
    """Values of a column; times of any unit as datetimes."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[column.type.unit]
    return [None if value is None else _time(value // per_second) for value in column.view(pa.int64()).to_pylist()]


def _time(at_s: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(at_s, UTC)
    except (ValueError, OverflowError, OSError):  # after the year 9999
        return None


def _xlsx_rows(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook

    with path.open("rb") as file, closing(load_workbook(file, read_only=True, data_only=True)) as book:  # by content, not by suffix
        header: list[str] = []
        fitting = 0
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            header = [text_of(cell) for cell in next(rows, ())]
            if not set(COLUMNS) <= set(header):
                continue  # notes, or an empty sheet that Excel adds
            fitting += 1
            places = [header.index(name) if name in header else None for name in (*COLUMNS, NAME)]
            for cells in rows:
                first, second, third, fourth, fifth = (
                    cells[place] if place is not None and place < len(cells) else None for place in places
                )
                yield first, second, third, fourth, fifth
        if not fitting:
            _check_columns(path, header)


def _check_columns(path: Path, names: Sequence[str]) -> list[str]:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SettingsError(f"{path} lacks the column {', '.join(missing)}.", f"It has {', '.join(filter(None, names))}.")
    return [name for name in (*COLUMNS, NAME) if name in names]
