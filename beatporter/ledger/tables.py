"""What each table of the ledger is: its partition keys, columns, order and file layout. No reading, no writing.

Columns are a contract: add, never rename (docs/ledger.md). Why row groups, dictionaries and compression are as they are:
docs/decisions/ledger-parquet-layout.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

SCHEMA_VERSION = 1
"""Goes into every file's name and metadata; raised when a column is added."""

TEXT: Any = pa.string()
TEXTS: Any = pa.list_(pa.field("element", pa.string()))
ID: Any = pa.int64()
NUMBER: Any = pa.int32()
REAL: Any = pa.float64()
TIME: Any = pa.timestamp("s", "UTC")


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: its folder under the root.
        partition_keys: hive keys, outermost first; they are folders, not columns of the files.
        schema: columns of a file.
        order: the column that rows of a file are sorted by; None: as they came.
        row_group_rows: rows of a row group, the unit that a reader skips or loads.
        statistics: columns whose least and greatest value each row group's metadata holds.
        dictionary: columns with few distinct values.
        stamp: the time column whose latest value stands in a file's name, so that the newest file is known from a listing.
    """

    name: str
    partition_keys: tuple[str, ...]
    schema: pa.Schema
    order: str | None = None
    row_group_rows: int = 65_536
    statistics: tuple[str, ...] = ()
    dictionary: tuple[str, ...] = ()
    stamp: str | None = None


CHARTS = Table(
    "charts",
    ("genre_id", "date"),
    pa.schema(
        [
            ("position", NUMBER),
            ("beatport_id", ID),
            ("name", TEXT),
            ("mix_name", TEXT),
            ("artists", TEXTS),
            ("remixers", TEXTS),
            ("isrc", TEXT),
            ("release", TEXT),
            ("label", TEXT),
            ("length_ms", ID),
            ("bpm", NUMBER),
            ("key", TEXT),
            ("publish_date", TEXT),
            ("scraped_at", TIME),
        ]
    ),
    dictionary=("mix_name", "label", "key", "scraped_at"),
    stamp="scraped_at",
)

MATCHES = Table(
    "matches",
    (),
    pa.schema(
        [
            ("beatport_id", ID),
            ("isrc", TEXT),
            ("track_id", TEXT),
            ("method", TEXT),
            ("score", REAL),
            ("version", TEXT),
            ("rules", TEXT),
            ("decided_at", TIME),
            ("retry_at", TIME),
            ("reasons", TEXTS),
            ("track_name", TEXT),
            ("track_artists", TEXTS),
            ("track_isrc", TEXT),
            ("misses", NUMBER),
            ("runners_up", TEXT),
            ("track_key", ID),
        ]
    ),
    order="beatport_id",
    row_group_rows=8_192,
    statistics=("beatport_id", "decided_at"),
    dictionary=("method", "version", "rules", "misses"),
)

HISTORY = Table(
    "history",
    ("playlist_id",),
    pa.schema(
        [
            ("track_id", TEXT),
            ("track_key", ID),
            ("isrc_key", ID),
            ("recording_key", ID),
            ("added_at", TIME),
            ("isrc", TEXT),
            ("recording", TEXT),
            ("beatport_id", ID),
            ("source", TEXT),
        ]
    ),
    order="track_id",
    row_group_rows=65_536,
    statistics=("track_id", "added_at"),
    dictionary=("source",),
)

BACKUPS = Table(
    "backups",
    ("playlist_id",),
    pa.schema(
        [
            ("position", NUMBER),
            ("track_id", TEXT),
            ("isrc", TEXT),
            ("name", TEXT),
            ("artists", TEXTS),
            ("added_at", TIME),
            ("taken_at", TIME),
            ("snapshot_id", TEXT),
        ]
    ),
    row_group_rows=4_096,
    dictionary=("taken_at", "snapshot_id"),
    stamp="taken_at",
)

SNAPSHOTS = Table(
    "snapshots",
    ("playlist_id",),
    pa.schema([("state", TEXT), ("snapshot_id", TEXT), ("at", TIME), ("sending", TEXTS), ("sent_at", TIME)]),
    order="at",
    stamp="at",
)

PLAYLISTS = Table(
    "playlists",
    ("genre_id",),
    pa.schema([("playlist_id", TEXT), ("name", TEXT), ("at", TIME)]),
    order="at",
    stamp="at",
)

CORRECTIONS = Table(
    "corrections",
    (),
    pa.schema([("beatport_id", ID), ("replaces", TEXT), ("track_id", TEXT), ("at", TIME)]),
    order="at",
    stamp="at",
)

LISTINGS = Table(
    "listings",
    ("run_key",),
    pa.schema(
        [("playlist_id", TEXT), ("name", TEXT), ("snapshot_id", TEXT), ("total", NUMBER), ("owner_id", TEXT), ("listed_at", TIME)],
    ),
    dictionary=("owner_id", "listed_at"),
    stamp="listed_at",
)

CALLS = Table(
    "calls",
    ("date",),
    pa.schema([("at", TIME), ("kind", TEXT), ("count", NUMBER), ("run_key", TEXT), ("until", TIME)]),
    order="at",
    stamp="at",
)

RUNS = Table(
    "runs",
    ("genre_id",),
    pa.schema([("state", TEXT), ("added", NUMBER), ("not_found", NUMBER), ("deferred", NUMBER), ("error", TEXT), ("at", TIME)]),
    order="at",
    stamp="at",
)

TABLES: dict[str, Table] = {
    table.name: table for table in (CHARTS, MATCHES, HISTORY, BACKUPS, SNAPSHOTS, PLAYLISTS, CORRECTIONS, LISTINGS, CALLS, RUNS)
}
