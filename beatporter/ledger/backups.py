"""Table `backups`: playlists as they stood, one file for each state that was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.columns import make_batch, rows_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt, writer
from beatporter.ledger.home import Home
from beatporter.ledger.paths import FileName, folder, stamp_of, time_of
from beatporter.ledger.tables import BACKUPS, SCHEMA_VERSION
from beatporter.records.ledger import BackupInfo, BackupRow

ROWS_AT_ONCE = BACKUPS.row_group_rows


class Backups:
    """The table at one home. A file's digest is that of playlist and snapshot: Spotify's snapshot id names the contents."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(BACKUPS, home)

    def append(self, playlist_id: str, snapshot_id: str, taken_at: datetime, rows: Iterable[BackupRow]) -> BackupInfo:
        """Keep a playlist's state, row by row as they come; a state that is kept already is kept once.

        Args:
            rows: in the order of their positions; always read to their end.

        Raises:
            ValueError: the positions do not rise.
            LedgerUnwritable: the state could not be written; nothing of it was.
        """
        kept = attempt(lambda: self._find(playlist_id, snapshot_id))
        if kept is not None:
            for _ in rows:
                pass
            return _info(playlist_id, kept)
        about = {"playlist_id": playlist_id, "snapshot_id": snapshot_id}
        path = f"{folder(BACKUPS, playlist_id)}/{FileName('part', stamp_of(taken_at), snapshot_digest(playlist_id, snapshot_id))}"
        count, chunks, last = 0, iter(rows), -1
        with self._files.home.stage(folder(BACKUPS, playlist_id)) as stage:
            with writer(BACKUPS, stage.file, about) as out:
                while chunk := list(islice(chunks, ROWS_AT_ONCE)):
                    last = _check_order(chunk, last)
                    out.write_batch(make_batch(BACKUPS.schema, _columns(chunk, taken_at, snapshot_id)))
                    count += len(chunk)
            stage.commit(path)
        return BackupInfo(playlist_id, snapshot_id, time_of(stamp_of(taken_at)), count)

    def latest(self, playlist_id: str) -> BackupInfo | None:
        """The playlist's last backup, None when it has none."""
        newest = attempt(lambda: _infos(playlist_id, self._files.newest(playlist_id)))
        return newest[-1] if newest else None

    def all(self, playlist_id: str) -> list[BackupInfo]:
        """The playlist's backups, oldest first."""
        return attempt(lambda: _infos(playlist_id, self._files.files(playlist_id)))

    def items(self, playlist_id: str, snapshot_id: str) -> Iterator[BackupRow]:
        """A backup's rows in the order of their positions, read in bounded batches; none when there is no such backup.

        Raises:
            LedgerCorrupt: its file is damaged.
        """
        file = attempt(lambda: self._find(playlist_id, snapshot_id))
        for batch in file.batches() if file else ():
            for position, track_id, isrc, name, artists, added_at, _, _ in rows_of(batch):
                yield BackupRow(position, track_id, isrc, name, artists, added_at)

    def playlists(self) -> list[str]:
        """Ids of the playlists that have a backup."""
        return self._files.partitions()

    def _find(self, playlist_id: str, snapshot_id: str) -> LedgerFile | None:
        digest = snapshot_digest(playlist_id, snapshot_id)
        found = next((file for file in self._files.files(playlist_id) if file.name.digest == digest), None)
        if found is not None:
            _ = found.parquet
        return found


def snapshot_digest(playlist_id: str, snapshot_id: str) -> str:
    """The digest in a backup's file name."""
    return blake2b(f"{BACKUPS.name}\0{SCHEMA_VERSION}\0{playlist_id}\0{snapshot_id}".encode(), digest_size=16).hexdigest()


def _infos(playlist_id: str, files: Sequence[LedgerFile]) -> list[BackupInfo]:
    """What the files hold, oldest first; a state that two runs kept at once counts as the earlier one."""
    earliest: dict[str, LedgerFile] = {}
    for file in sorted(files, key=lambda file: file.name):
        earliest.setdefault(file.name.digest, file)
    return sorted((_info(playlist_id, file) for file in earliest.values()), key=lambda info: info.taken_at)


def _info(playlist_id: str, file: LedgerFile) -> BackupInfo:
    snapshot_id = file.about.get("snapshot_id")
    if not isinstance(snapshot_id, str):
        raise LedgerCorrupt(
            f"The backup {file.stored.path} does not say which state it is of.", "Move the file away; other backups are not touched."
        )
    return BackupInfo(playlist_id, snapshot_id, time_of(file.name.stamp), file.rows)


def _check_order(rows: Sequence[BackupRow], last: int) -> int:
    for row in rows:
        if row.position <= last:
            raise ValueError(f"Position {row.position} of a backup comes after {last}.")
        last = row.position
    return last


def _columns(rows: Sequence[BackupRow], taken_at: datetime, snapshot_id: str) -> list[Sequence[Any]]:
    return [
        [row.position for row in rows],
        [row.track_id for row in rows],
        [row.isrc for row in rows],
        [row.name for row in rows],
        [row.artists for row in rows],
        [row.added_at for row in rows],
        [taken_at] * len(rows),
        [snapshot_id] * len(rows),
    ]
