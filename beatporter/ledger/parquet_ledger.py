"""The files of a ledger from the time before it was a database: names, rows, and signs of damage. Nothing writes this layout any more.

    <table>/<key>=<value>/…/<part, merged or quota>-[<stamp>-]<digest>.parquet

A merged file may be beside those that it was made from, so a table is the union of its files' rows. pyarrow is imported when a file is
read, because opening any ledger calls this module to look for an older one in the home folder.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, CorrectionRow, HistoryRow, RememberedPlaylist, RunRow, SnapshotRow
from beatporter.records.match import Match

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from beatporter.ledger.archive_storage import ArchiveStorage
    from beatporter.ledger.ledger import Ledger

RECORDS: dict[str, type] = {
    "charts": ChartEntry,
    "matches": Match,
    "history": HistoryRow,
    "backups": BackupRow,
    "snapshots": SnapshotRow,
    "playlists": RememberedPlaylist,
    "corrections": CorrectionRow,
    "calls": CallRow,
    "runs": RunRow,
}
"""The tables that are read. `listings` is left out: each listing was about one run."""
ROWS_AT_ONCE = 1_000
SMALL_BYTES = 256 * 1024
"""Files up to this size are read and closed at once: a playlist's history may have more files than a process may open."""
_NAME = re.compile(rf"({'|'.join(RECORDS)})/((?:\w+=[^/]+/)*)(?:part|merged|quota)-(?:(\d{{8}}T\d{{6}}Z)-)?([0-9a-f]{{32}})\.parquet")
_BESIDE = {"scraped_at", "taken_at", "snapshot_id", "track_key", "isrc_key", "recording_key"}
"""Columns that are in no record."""
_BACKUP = {
    **dict.fromkeys(("track_id", "isrc", "name", "snapshot_id"), "string"),
    **dict.fromkeys(("added_at", "taken_at"), "timestamp[ms, tz=UTC]"),
    "position": "int32",
    "artists": "list<element: string>",
}
Row = dict[str, Any]


def refuse_forgotten(home: Path, ledger: Ledger) -> None:
    """Refuse to start with an empty ledger beside an older one: tracks would be added to their playlists again.

    Raises:
        SettingsError: the home folder has an older ledger, and this one has no history.
    """
    older = home / "ledger"
    there = any(_NAME.fullmatch(path.relative_to(older).as_posix()) for path in older.glob("history/*/*.parquet"))
    if there and not ledger.history.playlists():
        raise SettingsError(
            f"{older} holds the ledger of an earlier Beatporter, and {ledger.name} has no history. Tracks would be added again.",
            f"Import it once with `beatporter ledger import {older}`, or move that folder away.",
        )


def list_parts(storage: ArchiveStorage) -> list[Part]:
    """The files of an older ledger, grouped by partition; empty when there are none.

    Raises:
        LedgerUnwritable, UpstreamDown: from the storage.
    """
    return [Part(storage, path, name) for path in storage.files() if (name := _NAME.fullmatch(path))]


class Part:
    """One file.

    Attributes:
        path, table: its location, and its table.
        partition: values of the partition, which are also columns of its rows.
        stamp: the latest time of its rows, from its name; empty in a table without.
        about: the file's metadata; set once its first row was read.
        read: number of rows, once all were read.
    """

    def __init__(self, storage: ArchiveStorage, path: str, name: re.Match[str]) -> None:
        self._storage, self.path = storage, path
        self.table, keys, stamp, self._digest = name.groups()
        values = (part.partition("=") for part in keys.split("/") if part)
        self.partition: Row = {key: int(value) if key == "genre_id" else unquote(value) for key, _, value in values}
        self.stamp = stamp or ""
        self.about: Row = {}
        self.read = 0

    def rows(self) -> Iterator[Row]:
        """Its rows, in pieces of bounded size.

        Raises:
            LedgerCorrupt: it is damaged; also after the last row, when the rows differ from what was written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        with ExitStack() as stack:
            source = stack.enter_context(self._storage.open(self.path))
            size = source.seek(0, 2)
            if size <= SMALL_BYTES:
                source.seek(0)
                source = BytesIO(source.read())
                stack.close()
            try:
                file = pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True)
                about = (file.metadata.metadata or {}).get(b"beatporter.about", b"").decode()
                self.about = json.loads(about or "{}")
                self._check_footer(file, size)
                columns = {name: _Column() for name in file.schema_arrow.names}
                for batch in file.iter_batches(ROWS_AT_ONCE, use_threads=False):
                    values = [columns[name].take(batch.column(name)) for name in columns]
                    self.read += batch.num_rows
                    for row in zip(*values, strict=True):
                        yield self.partition | dict(zip(columns, row, strict=True))
                self._check_rows(file, about, columns)
            except (OSError, ValueError, TypeError, LookupError, AttributeError, struct.error, pa.ArrowException) as error:
                raise LedgerCorrupt(
                    f"{self._storage.name}/{self.path} is damaged ({type(error).__name__}).",
                    "Restore the file from a copy, or move it away and continue without its rows.",
                ) from error

    def _check_footer(self, file: pq.ParquetFile, size: int) -> None:
        """Check the schema: pages have checksums and rows a digest, but column names have neither, and a backup's rows have no digest."""
        kinds = {column.name: str(column.type) for column in file.schema_arrow}
        known = kinds.keys() <= _defaults(RECORDS[self.table]).keys() | _BESIDE
        lost = file.metadata.num_rows == 0 and size > file.metadata.serialized_size + 12  # the footer, its length and two magic numbers
        if not known or lost or (self.table == "backups" and kinds != _BACKUP):
            raise ValueError(f"columns {', '.join(kinds)}")

    def _check_rows(self, file: pq.ParquetFile, about: str, columns: Mapping[str, _Column]) -> None:
        whole = blake2b(f"{self.table}\0001\0{about}\0".encode(), digest_size=16)
        for column in columns.values():
            whole.update(column.digest())
        if self.read != file.metadata.num_rows or (self.table != "backups" and whole.hexdigest() != self._digest):
            raise ValueError("not the rows that were written")


class _Column:
    """A column of a file: its values for records, and their digest, taken separately over validity, lengths and data."""

    def __init__(self) -> None:
        self._valid, self._lengths, self._data = (blake2b(digest_size=16) for _ in range(3))
        self._inner: _Column | None = None

    def take(self, array: pa.Array[Any]) -> list[Any]:
        """Take the next values; times become aware, lists become tuples."""
        import pyarrow as pa

        kind = str(array.type)
        if not kind.startswith("timestamp"):
            values = array.to_pylist()
            self._add(values, kind)
            return [tuple(value or ()) for value in values] if kind.startswith("list") else values
        per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[array.type.unit]
        seconds = [None if at is None else at // per_second for at in array.view(pa.int64()).to_pylist()]
        self._add(seconds, kind)
        return [None if at is None else datetime.fromtimestamp(at, UTC) for at in seconds]

    def _add(self, values: Sequence[Any], kind: str) -> None:
        self._valid.update(bytes(value is not None for value in values))
        if kind.startswith("list"):
            self._inner = self._inner or _Column()
            self._inner._add([text for value in values for text in value or ()], "string")
        elif kind == "string":
            values = [(value or "").encode() for value in values]
            self._data.update(b"".join(values))
        else:
            self._data.update(struct.pack(f"<{len(values)}{'d' if kind == 'double' else 'q'}", *(value or 0 for value in values)))
            return
        self._lengths.update(struct.pack(f"<{len(values)}i", *(len(value or ()) for value in values)))

    def digest(self) -> bytes:
        parts = b"".join(part.digest() for part in (self._valid, self._lengths, self._data))
        return parts + (self._inner.digest() if self._inner else b"")


def record_of(kind: type, row: Row) -> Any:
    """Make a record from a row; for a column that an older file lacks, the record's default, or None."""
    values = {name: row.get(name) for name in _defaults(kind)}
    return kind(**{name: default if values[name] is None else values[name] for name, default in _defaults(kind).items()})


@lru_cache
def _defaults(kind: type) -> Row:
    return {field.name: None if field.default is MISSING else field.default for field in fields(kind)}
