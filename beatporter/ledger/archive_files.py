"""The archive's files: their names, what a name guarantees about the rows, and reading them.

    <table>/day=YYYY-MM-DD/part-<first>-<last>-<digest>.parquet    rows numbered from first to last; the next file continues there
                           whole-<number>-<digest>.parquet         a changing table as a whole; the highest number counts

`day` is the day of archiving. A digest covers rows and the ledger's id, so names suffice to compare the archive with a database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pyarrow.parquet as pq

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.archive_tables import ARCHIVED, GARBLED_VALUE_ERRORS, ROWS_AT_ONCE, ArchivedTable, Columns, columns_of
from beatporter.ledger.migrate import HEAD

METADATA_KEY = b"beatporter"
"""Key of a file's metadata: the ledger's id, its migration, and how far the growing tables were archived."""
_NAME = re.compile(r"(?P<table>\w+)/day=\d{4}-\d\d-\d\d/(?:part-(?P<first>\d+)-|whole-)(?P<last>\d+)-(?P<digest>[0-9a-f]{16})\.parquet")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file, as described by its name. `first` and `last` are row numbers; for a whole table both are the file's own number."""

    path: str
    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The content of a storage.

    Attributes:
        files: the valid files of each archived table, in the order of their rows.
        older: whole-table files that later ones replace.
        problems: files that are missing, duplicated or not ours.
    """

    files: Mapping[str, list[ArchiveFile]]
    older: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def end_of(self, archived: ArchivedTable) -> int:
        """The last archived row number, 0 for none; for a whole table, the number of its file."""
        files = self.files[archived.name]
        return files[-1].last if files else 0


class Digest:
    """A digest of rows, however they are cut into batches. Columns without values do not count, so a column can be added later."""

    def __init__(self, ledger_id: str, name: str, numbers: str = "") -> None:
        self._whole = blake2b(f"{ledger_id}/{name}/{numbers}".encode(), digest_size=8)
        self._columns: dict[str, Any] = {}
        self._used: set[str] = set()

    def add(self, columns: Columns) -> None:
        for name, values in columns.items():
            self._columns.setdefault(name, blake2b()).update(repr(values)[1:-1].encode() + b", ")
            if name not in self._used and values.count(None) + values.count([]) < len(values):
                self._used.add(name)

    def hex(self) -> str:
        whole = self._whole.copy()
        for name in sorted(self._used):
            whole.update(name.encode() + self._columns[name].digest())
        return whole.hexdigest()


def digest_for(ledger_id: str, archived: ArchivedTable, first: int = 0, last: int = 0) -> Digest:
    """A digest for rows with these numbers; a whole table's has no numbers, so that an unchanged table is recognised."""
    return Digest(ledger_id, archived.name, "" if archived.whole else f"{first}-{last}")


def digest_of(ledger_id: str, archived: ArchivedTable, rows: Iterable[Columns], first: int = 0, last: int = 0) -> str:
    """The digest of rows."""
    digest = digest_for(ledger_id, archived, first, last)
    for columns in rows:
        digest.add(columns)
    return digest.hex()


def path_of(archived: ArchivedTable, day: str, first: int, last: int, digest: str) -> str:
    """A file's path; `day` names the partition."""
    numbers = f"whole-{last:06}" if archived.whole else f"part-{first:012}-{last:012}"
    return f"{archived.name}/{day}/{numbers}-{digest}.parquet"


def cut_short(storage: ArchiveStorage, listing: Listing) -> list[str]:
    """Find growing tables whose last files are missing: changing tables are archived after them and record how far they reached.

    Raises:
        LedgerCorrupt: a file with that record is damaged.
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
    """List a storage.

    Raises:
        LedgerUnwritable, UpstreamDown: from the storage.
    """
    found: dict[str, list[ArchiveFile]] = {archived.name: [] for archived in ARCHIVED}
    listing = Listing(found)
    for path in storage.files():
        name = _NAME.fullmatch(path)
        if name is None or name["table"] not in found:
            listing.problems.append(f"{storage.name}/{path} is not a file of the archive. Remove it.")
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
    """List a storage without problems.

    Raises:
        LedgerCorrupt: files are missing, duplicated or not ours.
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
            yield f"Rows {due} to {file.first - 1} of {archived.name} are missing before {where}. Restore that file from a copy."
        elif file.first < due:
            yield f"{where} holds rows of {archived.name} that another file holds too. Remove one of them."
        due = max(due, file.last + 1)


def metadata_of(ledger_id: str, ends: Mapping[str, int] | None = None) -> dict[bytes, bytes]:
    """A file's metadata."""
    return {METADATA_KEY: json.dumps({"ledger": ledger_id, "version": HEAD, "ends": dict(ends or {})}).encode()}


def read_metadata(storage: ArchiveStorage, file: ArchiveFile) -> dict[str, Any]:
    """Read what `metadata_of` wrote.

    Raises:
        LedgerCorrupt: the file is damaged.
        SettingsError: a newer Beatporter wrote the file.
    """
    with _opened(storage, file) as parquet:
        return _about_of(storage, file, parquet)


def read_rows(storage: ArchiveStorage, archived: ArchivedTable, file: ArchiveFile, ledger_id: str) -> Iterator[Columns]:
    """A file's rows, in pieces of bounded size.

    Raises:
        LedgerCorrupt: the file is damaged or belongs to another ledger; also after the last row, when the rows do not match the name.
        SettingsError: a newer Beatporter wrote the file.
    """
    with _opened(storage, file) as parquet:
        found = _about_of(storage, file, parquet)["ledger"]
        if found != ledger_id:
            raise LedgerCorrupt(f"{storage.name}/{file.path} belongs to another ledger ({found}, not {ledger_id}).", "Remove it.")
        digest = digest_for(ledger_id, archived, file.first, file.last)
        for batch in parquet.iter_batches(ROWS_AT_ONCE):
            columns = columns_of(batch)
            digest.add(columns)
            yield columns
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
            f"{storage.name}/{file.path} was written by a newer Beatporter: its version is {found['version']}, and this one knows {HEAD}.",
            "Install that version.",
        )
    return found


def _damaged(storage: ArchiveStorage, file: ArchiveFile, how: str) -> LedgerCorrupt:
    return LedgerCorrupt(f"{storage.name}/{file.path} is damaged ({how}).", "Restore the file from a copy.")
