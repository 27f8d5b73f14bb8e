"""Writes the files of a ledger from the time before it was a database, as its last version did: layout, names, digests, checksums."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = pa.list_(pa.field("element", pa.string()))
TIMES = ("scraped_at", "decided_at", "retry_at", "added_at", "taken_at", "at", "sent_at", "until", "listed_at")
LISTS = ("artists", "remixers", "reasons", "track_artists", "sending")
SHORT = ("position", "bpm", "misses", "added", "not_found", "deferred", "count", "total")
LONG = ("beatport_id", "length_ms", "track_key", "isrc_key", "recording_key")


def write_older(
    root: Path,
    table: str,
    partition: Mapping[str, object],
    columns: Mapping[str, Sequence[Any]],
    *,
    stamp: datetime | None = None,
    kind: str = "part",
    about: Mapping[str, object] | None = None,
    digest: str | None = None,
) -> Path:
    """Write one file.

    Args:
        columns: a table's columns in order, without those of the partition.
        digest: replaces the right one; a backup has its snapshot's.
    """
    words = json.dumps(dict(about), sort_keys=True) if about else ""
    found = digest or older_digest(table, columns, words)
    folder = root.joinpath(table, *(f"{key}={quote(str(value), safe='')}" for key, value in partition.items()))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{f'{stamp:%Y%m%dT%H%M%SZ}-' if stamp else ''}{found}.parquet"
    schema = pa.schema([(name, kind_of(name)) for name in columns])
    rows = pa.table([pa.array(values, kind_of(name)) for name, values in columns.items()], schema=schema)
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False, write_page_checksum=True) as out:
        if rows.num_rows:
            out.write_table(rows)
        out.add_key_value_metadata({"beatporter.schema": "1"} | ({"beatporter.about": words} if words else {}))
    return path


def kind_of(name: str) -> pa.DataType:
    """A column's type."""
    if name in TIMES:
        return pa.timestamp("s", "UTC")
    if name in LISTS:
        return TEXTS
    return pa.int32() if name in SHORT else pa.int64() if name in LONG else pa.float64() if name == "score" else pa.string()


def older_digest(table: str, columns: Mapping[str, Sequence[Any]], about: str = "") -> str:
    """The digest in such a file's name: over validity, lengths and data of each column."""
    whole = blake2b(f"{table}\0001\0{about}\0".encode(), digest_size=16)
    for name, values in columns.items():
        whole.update(_column_digest(values, name))
    return whole.hexdigest()


def _column_digest(values: Sequence[Any], name: str) -> bytes:
    valid = b"".join(b"\0" if value is None else b"\1" for value in values)
    if name in LISTS:
        return _hashes(valid, _lengths(values), b"") + _column_digest([text for value in values for text in value], "")
    if kind_of(name) == pa.string():
        encoded = [(value or "").encode() for value in values]
        return _hashes(valid, _lengths(encoded), b"".join(encoded))
    numbers = [int(value.timestamp()) if isinstance(value, datetime) else value or 0 for value in values]
    return _hashes(valid, b"", b"".join(struct.pack("<d" if name == "score" else "<q", number) for number in numbers))


def _lengths(values: Sequence[Any]) -> bytes:
    return b"".join(struct.pack("<i", len(value)) for value in values)


def _hashes(*parts: bytes) -> bytes:
    return b"".join(blake2b(part, digest_size=16).digest() for part in parts)
