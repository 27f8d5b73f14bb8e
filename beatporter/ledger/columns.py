"""Python values to Arrow columns and back, without pandas.

`pa.array(list)` imports pandas wherever it is installed, for 57 MB of memory; here arrays are made from their buffers.
Times are whole seconds in UTC; `None` is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

Ints = np.ndarray[Any, np.dtype[np.int64]]


def make_batch(schema: pa.Schema, columns: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """A record batch of Python columns, given in the schema's order."""
    return pa.RecordBatch.from_arrays([_array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)


def rows_of(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """The batch's rows; times are aware datetimes, lists are tuples."""
    return list(zip(*(values_of(column) for column in batch.columns), strict=True)) if batch.num_columns else []


def values_of(array: pa.Array[Any]) -> list[Any]:
    """The array's values as Python has them."""
    if pa.types.is_timestamp(array.type):
        return [None if at is None else datetime.fromtimestamp(at, UTC) for at in _seconds_or_none(array)]
    if pa.types.is_list(array.type):
        return [tuple(values or ()) for values in array.to_pylist()]
    return array.to_pylist()


def ints_of(array: pa.Array[Any]) -> Ints:
    """A column of whole numbers or times (in seconds) as numpy has it; nulls are 0."""
    numbers = buffer_of(array, 1, np.int32 if array.type.bit_width == 32 else np.int64, len(array)).astype(np.int64, copy=False)
    if pa.types.is_timestamp(array.type):
        numbers = numbers // {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[array.type.unit]
    return np.where(validity_of(array), numbers, 0) if array.null_count else numbers


def bools_of(array: pa.Array[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """A column of yes and no without nulls, as numpy has it."""
    if not len(array):
        return np.empty(0, dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(memoryview(_there(array.buffers()[1])), dtype=np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)


def array_of(numbers: Ints) -> pa.Array[Any]:
    """An Arrow column of whole numbers, sharing their memory."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, _buffer(np.ascontiguousarray(numbers, dtype=np.int64))])


def validity_of(array: pa.Array[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where the array has a value."""
    if not array.null_count:
        return np.ones(len(array), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(memoryview(_there(array.buffers()[0])), dtype=np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)


def buffer_of(array: pa.Array[Any], number: int, dtype: Any, length: int) -> np.ndarray[Any, Any]:
    """Values of one of the array's buffers from its offset on, without a copy."""
    if not length:
        return np.empty(0, dtype=dtype)
    return np.frombuffer(memoryview(_there(array.buffers()[number])), dtype=dtype)[array.offset : array.offset + length]


def _there(buffer: pa.Buffer | None) -> Any:
    if buffer is None:
        raise ValueError("An Arrow array lacks a buffer.")
    return buffer


def key_of(text: str | None) -> int:
    """A text's key: 64 bits of its BLAKE2b as a signed number, 0 for none.

    Whoever asks for 100 texts among ten million gets a wrong yes with a chance of one in 18 billion (100 * 1e7 / 2**64).
    """
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True) or 1


def seconds(at: datetime) -> int:
    """Whole seconds since 1970 of an aware time.

    Raises:
        ValueError: the time names no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; the ledger takes aware times only.")
    return int(at.timestamp() // 1)


def _seconds_or_none(array: pa.Array[Any]) -> Iterable[int | None]:
    numbers: list[int] = ints_of(array).tolist()
    if not array.null_count:
        return numbers
    return [number if valid else None for number, valid in zip(numbers, validity_of(array), strict=True)]


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    if pa.types.is_string(kind):
        return _texts(values)
    if pa.types.is_list(kind):
        lengths = np.fromiter((len(value) for value in values), dtype=np.int32, count=len(values))
        inner = _texts(list(chain.from_iterable(values)))
        return pa.Array.from_buffers(kind, len(values), [None, _buffer(_offsets(lengths))], children=[inner])
    if pa.types.is_timestamp(kind):
        values = [None if value is None else seconds(value) for value in values]
    dtype = {"int32": np.int32, "double": np.float64}.get(str(kind), np.int64)
    numbers = np.fromiter((0 if value is None else value for value in values), dtype=dtype, count=len(values))
    return pa.Array.from_buffers(kind, len(values), [_bitmap(values), _buffer(numbers)])


def _texts(values: Sequence[str | None]) -> pa.Array[Any]:
    encoded = [b"" if value is None else value.encode("utf-8", "replace") for value in values]
    lengths = np.fromiter(map(len, encoded), dtype=np.int32, count=len(encoded))
    buffers = [_bitmap(values), _buffer(_offsets(lengths)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _buffer(numbers: np.ndarray[Any, Any]) -> pa.Buffer:
    data: Any = numbers  # pyarrow's stubs do not know that an ndarray has the buffer protocol
    return pa.py_buffer(data)


def _offsets(lengths: np.ndarray[Any, np.dtype[np.int32]]) -> np.ndarray[Any, np.dtype[np.int32]]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _bitmap(values: Sequence[Any]) -> pa.Buffer | None:
    if None not in values:
        return None
    valid = np.fromiter((value is not None for value in values), dtype=np.bool_, count=len(values))
    return _buffer(np.packbits(valid, bitorder="little"))
