"""Importing the history of the script that Beatporter replaces.

Its file `hist_playlists_tracks.parquet.gz` (Parquet with gzip inside, or gzipped as a whole) or `.xlsx` has the columns
playlist_id, playlist_name, track_id, datetime_added and artist_name, the last one as "Artist - Title". It is read in bounded
pieces; importing it twice changes nothing.
"""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.rows import HistoryRow

COLUMNS = ("playlist_id", "track_id", "datetime_added", "artist_name")
"""Those that are read; playlist_name is for the report."""
NAME = "playlist_name"
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Time of a row whose date is missing or unreadable: that the playlist held the track is what counts."""
FLUSH_ROWS = 50_000
_TRACK = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/(?:intl-\w+/)?track/)?([0-9A-Za-z]{22})(?:\?.*)?")
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y")
Row = tuple[Any, Any, Any, Any, Any]


@dataclass(slots=True)
class ImportReport:
    """What was taken, and what was left and why."""

    read: int = 0
    taken: int = 0
    """Distinct tracks of playlists that went into the history."""
    repeated: int = 0
    """Rows of a track that its playlist has already; the earliest date stands."""
    undated: int = 0
    """Of the rows taken or repeated, those without a readable date."""
    without_title: int = 0
    """Of the rows taken or repeated, those with no "Artist - Title": known by their id only."""
    left: Counter[str] = field(default_factory=Counter)
    """Rows left out by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first row left out for each reason."""
    playlists: dict[str, str] = field(default_factory=dict)
    """Names of the playlists by id; empty where the file has none."""


def import_history(
    ledger: Ledger,
    path: Path,
    recording: Callable[[str, Sequence[str]], str],
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Take an old history into the ledger's.

    Args:
        recording: makes a history row's `recording` of a title and its artists (`matching.recording.recording_key`).
        progress: called with the rows read so far.

    Raises:
        SettingsError: no such file, none of these kinds, or a column is missing.
        LedgerUnwritable: no room; what was written stays and is not written again.
    """
    report = ImportReport()
    pending: dict[str, dict[str, HistoryRow]] = {}
    waiting = 0
    seen: dict[str, set[str]] = {}
    for row in _rows(path):
        report.read += 1
        taken = _take(row, recording, report)
        if taken is not None:
            playlist_id, history = taken
            rows = pending.setdefault(playlist_id, {})
            known = seen.setdefault(playlist_id, set())
            if history.track_id in known:
                report.repeated += 1
            else:
                known.add(history.track_id)
                report.taken += 1
            before = rows.get(history.track_id)
            if before is None or history.added_at < before.added_at or (before.added_at == UNDATED < history.added_at):
                rows[history.track_id] = history
            waiting += 1
        if waiting >= FLUSH_ROWS:
            _flush(ledger, pending)
            waiting = 0
        if progress is not None and report.read % 10_000 == 0:
            progress(report.read)
    _flush(ledger, pending)
    if progress is not None:
        progress(report.read)
    return report


def _flush(ledger: Ledger, pending: dict[str, dict[str, HistoryRow]]) -> None:
    for playlist_id, rows in pending.items():
        ledger.history.append(playlist_id, list(rows.values()))
    pending.clear()


def _take(row: Row, recording: Callable[[str, Sequence[str]], str], report: ImportReport) -> tuple[str, HistoryRow] | None:
    playlist_id, track_id, added, artist_name, playlist_name = row
    track = _TRACK.fullmatch(_text(track_id))
    reason = (
        "no playlist id" if not _text(playlist_id) else "no track id" if not _text(track_id) else "no Spotify track id" if not track else ""
    )
    if track is None or reason:
        report.left[reason] += 1
        report.examples.setdefault(reason, f"row {report.read}: {_text(playlist_id)[:40]!r}, {_text(track_id)[:60]!r}")
        return None
    added_at = parse_date(added)
    report.undated += added_at is None
    artist, found, title = _text(artist_name).partition(" - ")
    named = bool(found and artist.strip() and title.strip())
    report.without_title += not named
    words = recording(title.strip(), [name.strip() for name in artist.split(", ") if name.strip()]) if named else ""
    report.playlists[_text(playlist_id)] = _text(playlist_name) or report.playlists.get(_text(playlist_id), "")
    return _text(playlist_id), HistoryRow(track[1], None, words, None, "import", added_at or UNDATED)


def parse_date(value: object) -> datetime | None:
    """A date as the old files have them: with or without zone (then UTC), as a time or as text; None when it is none."""
    if isinstance(value, str):
        value = _parse_text(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:  # pandas' NaT is a datetime that is not itself
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # the first and the last day there is
        return None


def _parse_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in _FORMATS:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
    return None


def _text(value: object) -> str:
    """A cell as text; nulls of every kind are empty."""
    text = "" if value is None or value != value else str(value).strip()
    return "" if text.lower() in ("nan", "none", "<na>", "nat") else text


def _rows(path: Path) -> Iterator[Row]:
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
    except (pa.ArrowException, gzip.BadGzipFile, BadZipFile, EOFError) as error:
        raise SettingsError(f"{path} is damaged: {next(iter(str(error).splitlines()), 'cut off')}.", "Take another copy of it.") from error


def _parquet_rows(path: Path, *, zipped: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        source: Any = str(path)
        if zipped:
            source = stack.enter_context(tempfile.TemporaryFile())
            with gzip.open(path) as packed:
                shutil.copyfileobj(packed, source)
            source.seek(0)
        file = pq.ParquetFile(source, pre_buffer=False)
        columns = _check_columns(path, file.schema_arrow.names)
        for batch in file.iter_batches(8_192, columns=columns):
            found = {name: _plain(batch.column(name)) for name in columns}
            yield from zip(*(found.get(name, [None] * batch.num_rows) for name in (*COLUMNS, NAME)), strict=True)


def _plain(column: Any) -> list[Any]:
    """Values of a column; times of any unit as datetimes."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[column.type.unit]
    return [None if value is None else datetime.fromtimestamp(value // per_second, UTC) for value in column.view(pa.int64()).to_pylist()]


def _xlsx_rows(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            header = [_text(cell) for cell in next(rows, ())]
            if not any(header):
                continue
            _check_columns(path, header)
            places = [header.index(name) if name in header else None for name in (*COLUMNS, NAME)]
            for cells in rows:
                first, second, third, fourth, fifth = (
                    cells[place] if place is not None and place < len(cells) else None for place in places
                )
                yield first, second, third, fourth, fifth
    finally:
        book.close()


def _check_columns(path: Path, names: Sequence[str]) -> list[str]:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise SettingsError(f"{path} lacks the column {', '.join(missing)}.", f"It has {', '.join(filter(None, names))}.")
    return [name for name in (*COLUMNS, NAME) if name in names]
