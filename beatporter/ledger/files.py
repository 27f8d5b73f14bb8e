"""One table's files: appending rows as a new file, and opening the files that hold a partition.

Owns the Parquet format, names by content, and which files stand for others. What the rows mean is each table's own module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import Any, BinaryIO, TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from beatporter.errors import LedgerCorrupt, UpstreamDown
from beatporter.ledger.columns import make_batch
from beatporter.ledger.digest import Digest
from beatporter.ledger.home import Home, StoredFile
from beatporter.ledger.paths import UNSTAMPED, FileName, folder, parse_name, stamp_of
from beatporter.ledger.tables import SCHEMA_VERSION, Table

T = TypeVar("T")
WHOLE_BYTES = 256 * 1024
"""Up to this size a file is read in one request; above it, only the parts that are asked for."""
TRIES = 4
"""A reader that finds a file gone (compaction removed it) lists again, at most so often."""
SCHEMA_KEY = "beatporter.schema"
ABOUT_KEY = "beatporter.about"
"""Keys of a file's own metadata."""


class LedgerFile:
    """A data file; opened when first looked into."""

    def __init__(self, table: Table, home: Home, stored: StoredFile) -> None:
        name = parse_name(stored.name)
        if name is None:
            raise ValueError(f"{stored.path} is no data file.")
        self.table, self.stored, self.name, self.home = table, stored, name, home

    @cached_property
    def parquet(self) -> pq.ParquetFile:
        """The open file.

        Raises:
            LedgerCorrupt: it is no Parquet file, or not of this table.
            FileNotFoundError: it is gone.
        """
        with self.reading():
            source = (
                pa.BufferReader(self.home.read(self.stored.path)) if self.stored.size <= WHOLE_BYTES else self.home.open(self.stored.path)
            )
            return pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True)

    def close(self) -> None:
        """Let go of the open file; looked into again, it is opened again."""
        self.__dict__.pop("parquet", None)

    @property
    def rows(self) -> int:
        return int(self.parquet.metadata.num_rows)

    @property
    def row_groups(self) -> int:
        return int(self.parquet.metadata.num_row_groups)

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the file says of itself besides its rows."""
        found = (self.parquet.metadata.metadata or {}).get(ABOUT_KEY.encode())
        return dict(json.loads(found)) if found else {}

    def read_group(self, group: int, columns: Sequence[str] | None = None) -> list[pa.RecordBatch]:
        """A row group's rows, the named columns in their order here.

        Raises:
            LedgerCorrupt: the file is damaged.
        """
        wanted = list(columns) if columns is not None else self.table.schema.names
        with self.reading():
            there = [name for name in wanted if name in self._columns]
            found = self.parquet.read_row_group(group, there, use_threads=False)
            return [self._shaped(batch, wanted) for batch in found.to_batches() if batch.num_rows]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, a row group at a time.

        Raises:
            LedgerCorrupt: the file is damaged.
        """
        for group in range(self.row_groups):
            yield from self.read_group(group, columns)

    def bounds(self, column: str) -> list[tuple[Any, Any] | None]:
        """Least and greatest value of a column in each row group; None where the file does not say."""
        metadata = self.parquet.metadata
        leaves = [self.parquet.schema.column(index).path.partition(".")[0] for index in range(metadata.num_columns)]
        index = leaves.index(column) if column in leaves else -1
        bounds: list[tuple[Any, Any] | None] = []
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(index).statistics if index >= 0 else None
            bounds.append((statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None)
        return bounds

    @cached_property
    def _columns(self) -> frozenset[str]:
        return frozenset(self.parquet.schema_arrow.names)

    def _shaped(self, batch: pa.RecordBatch, wanted: Sequence[str]) -> pa.RecordBatch:
        """The batch with its columns in the order wanted; a column that was added after the file was written is null."""
        arrays = [
            batch.column(name) if name in self._columns else pa.nulls(batch.num_rows, self.table.schema.field(name).type) for name in wanted
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(wanted))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what pyarrow says of a damaged file into LedgerCorrupt, and of a service that broke off into UpstreamDown."""
        try:
            yield
        except FileNotFoundError:
            raise  # an OSError, but no damage: see `attempt`
        except OSError as error:
            if "google::cloud::Status" in str(error):
                raise UpstreamDown(f"Google Cloud Storage broke off while {self.stored.path} was read.", "Run again later.") from error
            raise self._corrupt(error) from error
        except (pa.ArrowException, KeyError) as error:
            raise self._corrupt(error) from error

    def _corrupt(self, error: Exception) -> LedgerCorrupt:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        return LedgerCorrupt(
            f"The ledger file {self.home.root}/{self.stored.path} cannot be read: {reason}",
            "Put it back from a backup, or move it away and go on without its rows; `beatporter ledger check` names all such files.",
        )


class TableFiles:
    """A table's files at a home."""

    def __init__(self, table: Table, home: Home) -> None:
        self.table, self.home = table, home

    def append(
        self,
        columns: Sequence[Sequence[Any]],
        *partition: object,
        kind: str = "part",
        about: dict[str, Any] | None = None,
    ) -> str:
        """Write rows as one new file; rows that were written before make the same name and so the same file.

        Args:
            columns: the rows' values by column, in the schema's order; already sorted by the table's order.
            partition: the partition's values.
            about: what the file says of itself besides its rows.

        Returns:
            The file's path.

        Raises:
            LedgerUnwritable: no room, no permission, no such bucket.
        """
        batch = make_batch(self.table.schema, columns)
        digest = Digest(self.table, about_words(about))
        digest.update(batch)
        path = f"{self.folder(*partition)}/{FileName(kind, self._stamp(columns), digest.hexdigest())}"
        sink = pa.BufferOutputStream()
        with writer(self.table, sink, about) as out:
            out.write_batch(batch, row_group_size=self.table.row_group_rows)
        self.home.write(path, sink.getvalue())
        return path

    def folder(self, *partition: object) -> str:
        """A partition's folder."""
        return folder(self.table, *partition)

    def files(self, *partition: object, since: str = "") -> list[LedgerFile]:
        """Data files below a partition (or all partitions under the values given), sorted by path, replaced ones left out.

        Args:
            since: leaves out files with an earlier stamp.

        Raises:
            LedgerCorrupt: a merged file is damaged.
            FileNotFoundError: a file is gone since it was listed; see `attempt`.
        """
        found = [file for file in self.listed(*partition) if file.name.stamp >= since]
        gone = {name for file in found for name in replaced_by(file)} if len(found) > 1 else set()
        return [file for file in found if file.stored.path not in gone]

    def listed(self, *partition: object) -> list[LedgerFile]:
        """Data files below a partition, replaced ones among them; opens none."""
        stored = self.home.files(folder(self.table, *partition))
        return [LedgerFile(self.table, self.home, file) for file in stored if parse_name(file.name)]

    def partitions(self) -> list[str]:
        """Values of the table's first partition key, sorted."""
        prefix = f"{self.table.partition_keys[0]}="
        return sorted(unquote(name.removeprefix(prefix)) for name in self.home.folders(self.table.name) if name.startswith(prefix))

    def newest(self, *partition: object) -> list[LedgerFile]:
        """The files with the latest stamp of a partition; more than one only when they are of the same second."""
        files = self.files(*partition)
        latest = max((file.name.stamp for file in files), default="")
        return [file for file in files if file.name.stamp == latest]

    def _stamp(self, columns: Sequence[Sequence[Any]]) -> str:
        if self.table.stamp is None:
            return ""
        times = columns[self.table.schema.names.index(self.table.stamp)]
        return stamp_of(max(times)) if times else UNSTAMPED


def closing_each(files: Sequence[LedgerFile]) -> Iterator[LedgerFile]:
    """The files one by one, each let go of afterwards: a year's worth open at once would need the memory of them all.

    From a home that answers several requests at once they are opened ahead, so many at a time.
    """
    at_once = files[0].home.requests_at_once if files else 1
    with ThreadPoolExecutor(at_once) if at_once > 1 else nullcontext() as pool:
        for start in range(0, len(files), at_once):
            ahead = files[start : start + at_once]
            if pool is not None:
                list(pool.map(lambda file: file.parquet, ahead))
            for file in ahead:
                yield file
                file.close()


def replaced_by(file: LedgerFile) -> list[str]:
    """Paths of the files that a merged file stands for; none for any other file."""
    if file.name.kind != "merged":
        return []
    return [f"{file.stored.folder}/{name}" for name in file.about.get("replaces", ())]


def about_words(about: dict[str, Any] | None) -> str:
    """What a file says of itself, as it stands in its metadata and goes into its digest."""
    return json.dumps(about, sort_keys=True) if about else ""


def attempt(read: Callable[[], T]) -> T:
    """Carry out a reading from its listing on, again when compaction removed a file in between.

    Raises:
        LedgerCorrupt: files vanish each time.
    """
    for _ in range(TRIES - 1):
        try:
            return read()
        except FileNotFoundError:
            continue
    try:
        return read()
    except FileNotFoundError as error:
        raise LedgerCorrupt(
            f"A ledger file vanished while it was read: {error}.", "Something else removes files there; run again."
        ) from error


@contextmanager
def writer(table: Table, sink: pa.NativeFile | BinaryIO, about: dict[str, Any] | None = None) -> Iterator[pq.ParquetWriter]:
    """A Parquet writer as the table's layout has it."""
    dictionary: Any = list(table.dictionary) or False  # the stubs know a switch only
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        use_dictionary=dictionary,
        write_statistics=list(table.statistics) or False,
        store_schema=False,
        write_page_checksum=True,
    ) as out:
        yield out
        metadata = {SCHEMA_KEY: str(SCHEMA_VERSION)} | ({ABOUT_KEY: about_words(about)} if about else {})
        out.add_key_value_metadata(metadata)
