"""The archive's files: their names, what a name promises of the rows, and reading them.

    <table>/day=YYYY-MM-DD/part-<first>-<last>-<digest>.parquet    rows with numbers from first to last; the next file goes on there
                           whole-<number>-<digest>.parquet         a table that changes, as it was; the highest number stands

`day` is the day of archiving. A digest is of the rows and of the ledger that they are from, so a database is compared by its names alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, GARBLED_VALUE_ERRORS, ROWS_AT_ONCE, ArchivedTable, plain
from beatporter.ledger.migrate import HEAD

METADATA_KEY = b"beatporter"
"""Key of a file's metadata: the ledger's id, its migration, and how far the growing tables were archived."""
_NAME = re.compile(r"(?P<table>\w+)/day=\d{4}-\d\d-\d\d/(?:part-(?P<first>\d+)-|whole-)(?P<last>\d+)-(?P<digest>[0-9a-f]{16})\.parquet")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file by its name. `first` and `last` are row numbers; of a whole table, both the file's own."""

    path: str
    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a storage.

    Attributes:
        files: the files that stand of each archived table, in the order of their rows.
        older: whole tables that later ones replace.
        problems: what is missing, there twice, or none of ours.
    """

    files: Mapping[str, list[ArchiveFile]]
    older: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def end_of(self, archived: ArchivedTable) -> int:
        """The last row number that is archived, 0 for none; of a whole table, the number of its file."""
        files = self.files[archived.name]
        return files[-1].last if files else 0


class Digest:
    """Of rows, however they are cut into batches. A column without any value does not count, so that one may be added later."""

    def __init__(self, ledger_id: str, name: str, numbers: str = "") -> None:
        self._whole = blake2b(f"{ledger_id}/{name}/{numbers}".encode(), digest_size=8)
        self._columns: dict[str, Any] = {}
        self._used: set[str] = set()

    def add(self, batch: pa.RecordBatch) -> None:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            values = plain(column)
            self._columns.setdefault(name, blake2b()).update(repr(values)[1:-1].encode() + b", ")
            if name not in self._used and any(value not in (None, []) for value in values):
                self._used.add(name)

    def hex(self) -> str:
        whole = self._whole.copy()
        for name in sorted(self._used):
            whole.update(name.encode() + self._columns[name].digest())
        return whole.hexdigest()


def digest_for(ledger_id: str, archived: ArchivedTable, first: int = 0, last: int = 0) -> Digest:
    """A digest of rows with these numbers; a whole table's has none, so that what did not change is known."""
    return Digest(ledger_id, archived.name, "" if archived.whole else f"{first}-{last}")


def digest_of(ledger_id: str, archived: ArchivedTable, rows: Iterable[pa.RecordBatch], first: int = 0, last: int = 0) -> str:
    """The digest of some rows."""
    digest = digest_for(ledger_id, archived, first, last)
    for batch in rows:
        digest.add(batch)
    return digest.hex()


def path_of(archived: ArchivedTable, day: str, first: int, last: int, digest: str) -> str:
    """A file's path; `day` names the partition."""
    numbers = f"whole-{last:06}" if archived.whole else f"part-{first:012}-{last:012}"
    return f"{archived.name}/{day}/{numbers}-{digest}.parquet"


def cut_short(storage: ArchiveStorage, listing: Listing) -> list[str]:
    """Growing tables of which the last files are missing: the tables that change were archived after them and say how far they came.

    Raises:
        LedgerCorrupt: such a file is damaged.
    """
    problems = []
    for archived in ARCHIVED:
        for file in listing.files[archived.name] if archived.whole else []:
            ends: dict[str, int] = read_metadata(storage, file)["ends"]
            for other in ARCHIVED:
                if not other.whole and (there := listing.end_of(other)) < ends.get(other.name, 0):
                    problems.append(f"Rows {there + 1} to {ends[other.name]} of {other.name} are missing in {storage.name}.")
    return list(dict.fromkeys(problems))


def list_archive(storage: ArchiveStorage) -> Listing:
    """What lies in a storage.

    Raises:
        LedgerUnwritable, UpstreamDown: as the storage says.
    """
    found: dict[str, list[ArchiveFile]] = {archived.name: [] for archived in ARCHIVED}
    listing = Listing(found)
    for path in storage.files():
        name = _NAME.fullmatch(path)
        if name is None or name["table"] not in found:
            listing.problems.append(f"{storage.name}/{path} is no file of the archive's. Take it away.")
            continue
        last = int(name["last"])
        found[name["table"]].append(ArchiveFile(path, int(name["first"] or last), last, name["digest"]))
    for archived in ARCHIVED:
        files = found[archived.name]
        files.sort(key=lambda file: (file.first, file.last))
        if archived.whole:
            listing.older.extend(file.path for file in files[:-1])
            del files[:-1]
        else:
            listing.problems.extend(_gaps(storage, archived, files))
    return listing


def sound_listing(storage: ArchiveStorage) -> Listing:
    """The same.

    Raises:
        LedgerCorrupt: files are missing, there twice, or none of ours.
    """
    listing = list_archive(storage)
    if listing.problems:
        more = f" And {len(listing.problems) - 3} more." if len(listing.problems) > 3 else ""
        raise LedgerCorrupt(" ".join(listing.problems[:3]) + more, "`beatporter ledger check` names them all.")
    return listing


def _gaps(storage: ArchiveStorage, archived: ArchivedTable, files: list[ArchiveFile]) -> Iterator[str]:
    due = 1
    for file in files:
        where = f"{storage.name}/{file.path}"
        if file.first > due:
            yield f"Rows {due} to {file.first - 1} of {archived.name} are missing before {where}. Put that file back from a copy."
        elif file.first < due:
            yield f"{where} holds rows of {archived.name} that another file has. Take one of them away."
        due = max(due, file.last + 1)


def metadata_of(ledger_id: str, ends: Mapping[str, int] | None = None) -> dict[bytes, bytes]:
    """A file's metadata."""
    return {METADATA_KEY: json.dumps({"ledger": ledger_id, "version": HEAD, "ends": dict(ends or {})}).encode()}


def read_metadata(storage: ArchiveStorage, file: ArchiveFile) -> dict[str, Any]:
    """What `about` wrote.

    Raises:
        LedgerCorrupt: the file is damaged.
        SettingsError: it is a newer Beatporter's.
    """
    with _opened(storage, file) as parquet:
        return _about_of(storage, file, parquet)


def read_rows(storage: ArchiveStorage, archived: ArchivedTable, file: ArchiveFile, ledger_id: str) -> Iterator[pa.RecordBatch]:
    """A file's rows, a bounded piece at a time.

    Raises:
        LedgerCorrupt: the file is damaged, or another ledger's; also after the last row, when they are not those of its name.
        SettingsError: it is a newer Beatporter's.
    """
    with _opened(storage, file) as parquet:
        found = _about_of(storage, file, parquet)["ledger"]
        if found != ledger_id:
            raise LedgerCorrupt(f"{storage.name}/{file.path} is of another ledger ({found}, not {ledger_id}).", "Take it away.")
        digest = digest_for(ledger_id, archived, file.first, file.last)
        for batch in parquet.iter_batches(ROWS_AT_ONCE):
            digest.add(batch)
            yield batch
    if digest.hex() != file.digest:
        raise _damaged(storage, file, "its rows are not those that were written")


@contextmanager
def _opened(storage: ArchiveStorage, file: ArchiveFile) -> Iterator[pq.ParquetFile]:
    with storage.open(file.path) as stream:
        try:
            yield pq.ParquetFile(stream, page_checksum_verification=True)
        except (OSError, *GARBLED_VALUE_ERRORS) as error:
            raise _damaged(storage, file, type(error).__name__) from error


def _about_of(storage: ArchiveStorage, file: ArchiveFile, parquet: pq.ParquetFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((parquet.metadata.metadata or {})[METADATA_KEY])
    if found["version"] > HEAD:
        raise SettingsError(
            f"{storage.name}/{file.path} was written by a newer Beatporter: it stands at {found['version']}, and this one knows {HEAD}.",
            "Install that Beatporter.",
        )
    return found


def _damaged(storage: ArchiveStorage, file: ArchiveFile, how: str) -> LedgerCorrupt:
    return LedgerCorrupt(f"{storage.name}/{file.path} is damaged ({how}).", "Put the file back from a copy.")
