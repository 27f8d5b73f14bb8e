"""Names of the ledger's files and folders, built and parsed here only.

`<root>/<table>/<key>=<value>/…/<kind>-[<stamp>-]<digest>.parquet`, where kind is

- `part`: what one append wrote;
- `quota`: the same, and it holds the end of a Spotify quota (table calls);
- `merged`: what compaction made of others.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, unquote

from beatporter.ledger.tables import Table

_NAME = re.compile(r"(part|quota|merged)-(?:(\d{8}T\d{6}Z)-)?([0-9a-f]{32})\.parquet")
HIDDEN = ".tmp-"
"""How the name of an unfinished file starts; what reads hive-partitioned Parquet skips names with a leading dot."""
UNSTAMPED = "00000000T000000Z"
"""Stamp of a file without rows in a table that stamps: older than any other."""


class FileName(NamedTuple):
    kind: str
    stamp: str
    """Empty in tables without a stamp."""
    digest: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.stamp + '-' if self.stamp else ''}{self.digest}.parquet"


def parse_name(name: str) -> FileName | None:
    """Parts of a data file's name; None for any other file."""
    found = _NAME.fullmatch(name)
    return FileName(found[1], found[2] or "", found[3]) if found else None


def stamp_of(at: datetime) -> str:
    """A time as it stands in names; sorts as the times do."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def time_of(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def folder(table: Table, *values: object) -> str:
    """The folder of a partition; with fewer values than keys, the folder that holds all such partitions.

    What a path cannot hold is percent-encoded, as Hive does and its readers undo.

    Raises:
        ValueError: an empty value, which no folder can stand for.
    """
    parts = [table.name]
    for key, value in zip(table.partition_keys, values, strict=False):
        if str(value) == "":
            raise ValueError(f"{table.name} cannot have an empty {key}.")
        parts.append(f"{key}={quote(str(value), safe='')}")
    return "/".join(parts)


def partition_values(table: Table, folder_path: str) -> tuple[str, ...] | None:
    """Values of a partition's folder, as `folder` took them; None when it is no partition of the table."""
    parts = folder_path.split("/")[1:]
    if len(parts) != len(table.partition_keys):
        return None
    pairs = [part.partition("=") for part in parts]
    if any(pair[0] != key or not pair[2] for pair, key in zip(pairs, table.partition_keys, strict=True)):
        return None
    return tuple(unquote(pair[2]) for pair in pairs)
