"""The fingerprint of a file's rows, which is its name: equal rows in equal order make equal names on every machine.

It is taken over the values, not over the bytes of the file, so that it does not change with pyarrow's version or the
compression, and `check` can hold a file against its name.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from beatporter.ledger.columns import buffer_of, ints_of, validity_of
from beatporter.ledger.tables import SCHEMA_VERSION, Table


class Digest:
    """Takes batches as they come; how the rows are cut into batches makes no difference."""

    def __init__(self, table: Table, about: str = "") -> None:
        self._columns = [_Column() for _ in table.schema]
        self._head = f"{table.name}\0{SCHEMA_VERSION}\0{about}\0".encode()

    def update(self, batch: pa.RecordBatch) -> None:
        for column, array in zip(self._columns, batch.columns, strict=True):
            column.update(array)

    def hexdigest(self) -> str:
        """32 hexadecimal digits."""
        whole = blake2b(self._head, digest_size=16)
        for column in self._columns:
            whole.update(column.digest())
        return whole.hexdigest()


class _Column:
    """Validity, lengths and data of a column, each in a hash of its own: so batches of any size come to the same."""

    def __init__(self) -> None:
        self._parts = [blake2b(digest_size=16) for _ in range(3)]
        self._inner: _Column | None = None

    def update(self, array: pa.Array[Any]) -> None:
        valid, lengths, data = self._parts
        if not len(array):
            return
        valid.update(validity_of(array).tobytes())
        if pa.types.is_list(array.type) or pa.types.is_string(array.type):
            offsets = buffer_of(array, 1, np.int32, len(array) + 1)
            lengths.update(np.diff(offsets).astype("<i4").tobytes())
            start, end = int(offsets[0]), int(offsets[-1])
            if pa.types.is_list(array.type):
                self._inner = self._inner or _Column()
                lists: Any = array
                self._inner.update(lists.values.slice(start, end - start))
            elif end > start:
                text: Any = array.buffers()[2]
                data.update(memoryview(text)[start:end])
        elif pa.types.is_floating(array.type):
            data.update(buffer_of(array, 1, "<f8", len(array)).tobytes())
        else:
            data.update(ints_of(array).astype("<i8").tobytes())

    def digest(self) -> bytes:
        return b"".join(part.digest() for part in self._parts) + (self._inner.digest() if self._inner else b"")
