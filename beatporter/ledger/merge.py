"""Merging the sorted files of a partition into one stream without repetitions, a bounded piece of each file at a time.

Uses pyarrow.compute (seven megabytes more); only compaction and export load it. Which files are merged, and when, is `compaction`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beatporter.ledger.columns import array_of, bools_of, ints_of, make_batch, rows_of
from beatporter.ledger.digest import Digest
from beatporter.ledger.files import LedgerFile, TableFiles, about_words, writer
from beatporter.ledger.matches import columns_of, match_row, worth_keeping
from beatporter.ledger.paths import FileName
from beatporter.ledger.tables import HISTORY, MATCHES, Table

Resolve = Callable[[pa.Table], pa.Table]
"""Takes all rows of some keys, sorted by key, and leaves out what need not be kept."""


def merged(table: Table, files: Sequence[LedgerFile]) -> Iterator[pa.Table]:
    """The union of a partition's files, sorted by the table's order; history without repetitions, matches with what stands.

    Raises:
        LedgerCorrupt: a file is damaged.
    """
    resolve = {HISTORY.name: _distinct_history, MATCHES.name: _matches_worth_keeping}[table.name]
    order = str(table.order)
    runs = [_Run(file, order) for file in files]
    while runs := [run for run in runs if run.fill()]:
        cut = _cut(runs)
        ready = [run.take(cut) for run in runs]
        found = pa.concat_tables([piece for piece in ready if piece.num_rows] or [no_rows(table.schema)])
        if found.num_rows:
            yield resolve(found)
        else:  # a key's rows may go on in the next batch of the file that ends with it
            for run in runs:
                if run.last == cut:
                    run.extend()


def write_merged(files: TableFiles, partition: Sequence[str], inputs: Sequence[LedgerFile], about: dict[str, list[str]]) -> str:
    """Write the union of a partition's files as one file that says what it is, in bounded memory.

    Returns:
        Its path.

    Raises:
        LedgerCorrupt: a file is damaged.
        LedgerUnwritable: no room.
    """
    table = files.table
    digest = Digest(table, about_words(about))
    folder = files.folder(*partition)
    with files.home.stage(folder) as stage:
        with writer(table, stage.file, about) as out:
            for group in _row_groups(table, merged(table, inputs)):
                for batch in group.to_batches():
                    digest.update(batch)
                out.write_table(group, row_group_size=table.row_group_rows)
        path = f"{folder}/{FileName('merged', '', digest.hexdigest())}"
        stage.commit(path)
    return path


def _row_groups(table: Table, pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in pieces of the table's row group size."""
    pending = no_rows(table.schema)
    for piece in pieces:
        pending = pa.concat_tables([pending, piece])
        while pending.num_rows >= table.row_group_rows:
            yield pending.slice(0, table.row_group_rows).combine_chunks()
            pending = pending.slice(table.row_group_rows)
    if pending.num_rows:
        yield pending.combine_chunks()


def _cut(runs: Sequence[_Run]) -> Any:
    """The least key that a file may still have more rows of; None when all are read to their end."""
    return min((run.last for run in runs if not run.at_end), default=None)


class _Run:
    """One sorted file, read a row group at a time."""

    def __init__(self, file: LedgerFile, order: str) -> None:
        self._order, self._schema = order, file.table.schema
        self._batches = file.batches()
        self._pending = no_rows(self._schema)
        self.at_end = False

    @property
    def last(self) -> Any:
        return self._key(self._pending.num_rows - 1)

    def fill(self) -> bool:
        """Have rows pending; False when there are no more."""
        while not self._pending.num_rows and not self.at_end:
            self.extend()
        return bool(self._pending.num_rows)

    def extend(self) -> None:
        """Read one more batch, if there is one."""
        batch = next(self._batches, None)
        self.at_end = batch is None
        if batch is not None:
            self._pending = pa.concat_tables([self._pending, pa.Table.from_batches([batch]).cast(self._schema)]).combine_chunks()

    def take(self, cut: Any) -> pa.Table:
        """Pending rows with a key below the cut, all of them when there is none."""
        low, high = 0, self._pending.num_rows
        if cut is None:
            low = high
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._key(middle) < cut else (low, middle)
        taken, self._pending = self._pending.slice(0, low), self._pending.slice(low)
        return taken

    def _key(self, row: int) -> Any:
        return self._pending.column(self._order)[row].as_py()


def no_rows(schema: pa.Schema) -> pa.Table:
    """A table without rows; pyarrow's own `empty_table` would import pandas."""
    return pa.Table.from_batches([], schema=schema)


def _distinct_history(found: pa.Table) -> pa.Table:
    """`history.distinct`, a column at a time."""
    order = ("track_id", "isrc", "recording", "added_at", "beatport_id", "source")
    found = found.take(pc.sort_indices(found, sort_keys=[(name, "ascending") for name in order]))
    first = np.zeros(found.num_rows, dtype=np.bool_)
    first[:1] = True
    for name in order[:3]:
        column = _filled(found.column(name))
        first[1:] |= bools_of(pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)))
    return _rows(found, first)


def _matches_worth_keeping(found: pa.Table) -> pa.Table:
    """`matches.worth_keeping` for the ids that have several rows."""
    found = found.sort_by("beatport_id")
    ids = ints_of(found.column("beatport_id").combine_chunks())
    same = ids[1:] == ids[:-1]
    repeated = np.append(same, False) | np.insert(same, 0, False)
    if not repeated.any():
        return found
    by_id: dict[int, set[Any]] = {}
    for batch in _rows(found, repeated).to_batches():
        for values in rows_of(batch):
            by_id.setdefault(values[0], set()).add(match_row(values))
    kept = [match for rows in by_id.values() for match in worth_keeping(list(rows))]
    batch = make_batch(MATCHES.schema, columns_of(kept))
    alone = _rows(found, ~repeated)
    return pa.concat_tables([alone, pa.Table.from_batches([batch])]).sort_by("beatport_id")


def _rows(found: pa.Table, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    return found if wanted.all() else found.take(array_of(np.flatnonzero(wanted)))


def _filled(column: Any) -> Any:
    empty = make_batch(pa.schema([("text", pa.string())]), [[""]]).column(0)[0]  # pa.scalar would import pandas
    return pc.fill_null(column.combine_chunks(), empty)
