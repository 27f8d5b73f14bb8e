"""Tables about the account's playlists.

`snapshots`: what we did to them. `playlists`: which one is a genre's. `listings`: what a run found in the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from beatporter.ledger.columns import rows_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt
from beatporter.ledger.home import Home
from beatporter.ledger.tables import LISTINGS, PLAYLISTS, SNAPSHOTS
from beatporter.records.ledger import ListedPlaylist, RememberedPlaylist, SnapshotRow, SnapshotState

_CAUTION: tuple[SnapshotState, ...] = ("recorded", "written", "writing")
"""States by how much of a playlist they leave open."""


class Snapshots:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(SNAPSHOTS, home)

    def append(self, row: SnapshotRow) -> SnapshotRow:
        """Keep what is or was done to a playlist.

        Returns:
            The row as written: `at` is a second after the playlist's newest row where the row given is not later than that.

        Raises:
            LedgerUnwritable: it could not be written.
        """
        newest = self.latest(row.playlist_id)
        at = row.at.replace(microsecond=0)
        if newest is not None:
            at = max(at, newest.at + timedelta(seconds=1))
        row = replace(row, at=at)
        self._files.append([[row.state], [row.snapshot_id], [row.at], [row.sending], [row.sent_at]], row.playlist_id)
        return row

    def latest(self, playlist_id: str) -> SnapshotRow | None:
        """The playlist's newest row, None when there is none.

        Where two processes wrote in one second, the one that says least stands, which has the playlist read again.
        """
        rows = [SnapshotRow(playlist_id, *values) for values in attempt(lambda: _rows(self._files.newest(playlist_id)))]
        return max(rows, key=lambda row: (row.at, _CAUTION.index(row.state), row.snapshot_id or "")) if rows else None


class Playlists:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(PLAYLISTS, home)

    def append(self, row: RememberedPlaylist) -> None:
        """Remember which playlist is a genre's.

        Raises:
            LedgerUnwritable: it could not be written.
        """
        self._files.append([[row.playlist_id], [row.name], [row.at]], row.genre_id)

    def latest(self, genre_id: int) -> RememberedPlaylist | None:
        """The genre's playlist as last remembered, None when there is none."""
        rows = [RememberedPlaylist(genre_id, *values) for values in attempt(lambda: _rows(self._files.newest(genre_id)))]
        return max(rows, key=lambda row: (row.at, row.playlist_id, row.name)) if rows else None

    def ids(self, genre_id: int) -> set[str]:
        """Ids of every playlist that was ever remembered as the genre's."""
        return {values[0] for values in attempt(lambda: _rows(self._files.files(genre_id)))}


class Listings:
    """The table at one home. A listing without playlists is a file without rows."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(LISTINGS, home)

    def append(self, run_key: str, rows: Sequence[ListedPlaylist]) -> None:
        """Keep a run's listing of the account; one call is one listing.

        Raises:
            ValueError: a row of another run.
            LedgerUnwritable: it could not be written; nothing of it was.
        """
        if any(row.run_key != run_key for row in rows):
            raise ValueError(f"A listing of run {run_key!r} holds rows of another.")
        values = sorted((row.playlist_id, row.name, row.snapshot_id, row.total, row.owner_id, row.listed_at) for row in rows)
        columns: list[Sequence[Any]] = list(zip(*values, strict=True)) if values else [[] for _ in LISTINGS.schema]
        self._files.append(columns, run_key)

    def last_owner(self) -> str | None:
        """The account's id as the newest listing that has playlists names it; None when there is none."""
        return attempt(self._last_owner)

    def _last_owner(self) -> str | None:
        for file in sorted(self._files.files(), key=lambda file: file.name.stamp, reverse=True):
            if rows := _rows([file]):
                return str(rows[0][4])
        return None

    def of_run(self, run_key: str) -> list[ListedPlaylist] | None:
        """The run's newest listing by playlist id, empty when the account had no playlist then; None when the run made none.

        A listing without playlists counts as older than any other of its run; of two in one second, both count together.
        """
        files = attempt(lambda: _loaded(self._files.newest(run_key)))
        found = [ListedPlaylist(run_key, *values) for values in sorted(_rows(files))]
        newest = max((row.listed_at for row in found), default=None)  # a file that compaction merged holds older listings too
        return list({row.playlist_id: row for row in found if row.listed_at == newest}.values()) if files else None


def _rows(files: Sequence[LedgerFile]) -> list[tuple[Any, ...]]:
    return [values for file in files for batch in file.batches() for values in rows_of(batch)]


def _loaded(files: list[LedgerFile]) -> list[LedgerFile]:
    for file in files:
        _ = file.parquet
    return files
