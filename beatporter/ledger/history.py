"""Table `history`: every track that a playlist once held. A set that only grows; of a track's rows the earliest stands."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from beatporter.ledger.columns import ints_of, key_of, values_of
from beatporter.ledger.files import LedgerFile, TableFiles, attempt, closing_each
from beatporter.ledger.home import Home
from beatporter.ledger.lookup import KeySet, find_rows, groups_with
from beatporter.ledger.tables import HISTORY
from beatporter.records.ledger import HistoryRow, Known

_KEYS = {"track_ids": "track_key", "isrcs": "isrc_key", "recordings": "recording_key"}


class History:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(HISTORY, home)

    def append(self, playlist_id: str, rows: Sequence[HistoryRow]) -> None:
        """Remember tracks; the same rows again, in any order, change nothing.

        Raises:
            LedgerUnwritable: the rows could not be written; none of them was.
        """
        kept = distinct(rows)
        if kept:
            self._files.append(columns_of(kept), playlist_id)

    def known(
        self,
        playlist_id: str | None,
        track_ids: Collection[str] = (),
        isrcs: Collection[str] = (),
        recordings: Collection[str] = (),
    ) -> Known:
        """Which of the tracks, ISRCs and recordings the playlist once held.

        Args:
            playlist_id: None asks for all playlists together.

        Raises:
            LedgerCorrupt: a file is damaged; an answer without it might add a track twice.
        """
        asked = {"track_ids": track_ids, "isrcs": isrcs, "recordings": recordings}
        found = attempt(lambda: self._find_keys(playlist_id, {_KEYS[name]: texts for name, texts in asked.items()}))
        known = {name: frozenset(text for text in texts if key_of(text) in found[_KEYS[name]]) for name, texts in asked.items()}
        return Known(**known)

    def newest(self, playlist_id: str, n: int) -> list[HistoryRow]:
        """The playlist's n latest tracks, latest first; of one second, by track id."""
        return attempt(lambda: _newest(self._files.files(playlist_id), n)) if n > 0 else []

    def rows(self, playlist_id: str, track_ids: Collection[str]) -> dict[str, HistoryRow]:
        """The rows of some tracks by id; what the playlist never held is left out."""
        return attempt(lambda: _rows_of_tracks(self._files.files(playlist_id), track_ids))

    def track_ids(self, playlist_id: str) -> Iterator[str]:
        """Every track that the playlist ever held, once each, by id; read in bounded batches."""
        files = attempt(lambda: _opened(self._files.files(playlist_id)))
        last = None
        for track_id in heapq.merge(*map(_track_ids, files)):
            if track_id != last:
                yield track_id
            last = track_id

    def playlists(self) -> list[str]:
        """Ids of the playlists that have a history."""
        return self._files.partitions()

    def _find_keys(self, playlist_id: str | None, asked: dict[str, Collection[str]]) -> dict[str, set[int]]:
        missing = {column: {key_of(text) for text in texts} - {0} for column, texts in asked.items()}
        wanted = {column: set(keys) for column, keys in missing.items()}
        track_ids = sorted(asked["track_key"])
        for file in closing_each(self._files.files(*(() if playlist_id is None else (playlist_id,)))):
            with_track = set(groups_with(file, "track_id", track_ids)) if missing["track_key"] else set()
            for group in range(file.row_groups):
                for column, keys in missing.items():
                    if not keys or (column == "track_key" and group not in with_track):
                        continue
                    for batch in file.read_group(group, [column]):  # a column at a time: memory is that of one
                        numbers = ints_of(batch.column(0))
                        keys.difference_update(numbers[KeySet(keys).rows_in(numbers)].tolist())
        return {column: wanted[column] - missing[column] for column in wanted}


def distinct(rows: Iterable[HistoryRow]) -> list[HistoryRow]:
    """Rows without repetitions, by track id: of equal track, ISRC and recording the earliest.

    A track's rows with another ISRC or recording all stay, for they answer different questions.
    """
    kept: dict[tuple[str, str | None, str], HistoryRow] = {}
    for row in sorted(rows, key=rank):
        kept.setdefault((row.track_id, row.isrc, row.recording), row)
    return list(kept.values())


def earliest_of(rows: Iterable[HistoryRow]) -> dict[str, HistoryRow]:
    """The row of each track that stands: the earliest, and of equal times the same one whatever the order."""
    standing: dict[str, HistoryRow] = {}
    for row in sorted(rows, key=rank):
        standing.setdefault(row.track_id, row)
    return standing


def rank(row: HistoryRow) -> tuple[Any, ...]:
    """Sorts rows by track, and a track's rows with the one that stands first; nulls are last, as Arrow sorts."""
    known = (row.isrc is None, row.isrc or "", row.recording, row.beatport_id is None, row.beatport_id or 0, row.source)
    return row.track_id, row.added_at, *known


def columns_of(rows: Sequence[HistoryRow]) -> list[list[Any]]:
    """The table's columns of rows."""
    return [
        [row.track_id for row in rows],
        [key_of(row.track_id) for row in rows],
        [key_of(row.isrc) for row in rows],
        [key_of(row.recording) for row in rows],
        [row.added_at for row in rows],
        [row.isrc for row in rows],
        [row.recording for row in rows],
        [row.beatport_id for row in rows],
        [row.source for row in rows],
    ]


def history_row(values: tuple[Any, ...]) -> HistoryRow:
    """A record of a file's row."""
    track_id, _, _, _, added_at, isrc, recording, beatport_id, source = values
    return HistoryRow(track_id, isrc, recording or "", beatport_id, source, added_at)


def _track_ids(file: LedgerFile) -> Iterator[str]:
    for batch in file.batches(["track_id"]):
        for start in range(0, batch.num_rows, 1024):
            yield from values_of(batch.column(0).slice(start, 1024))


def _opened(files: list[LedgerFile]) -> list[LedgerFile]:
    """Open every file now, so that none that was listed can vanish before it is read (an open file stays readable)."""
    for file in files:
        _ = file.parquet
    return files


def _rows_of_tracks(files: Sequence[LedgerFile], track_ids: Collection[str]) -> dict[str, HistoryRow]:
    keys = KeySet({key_of(track_id) for track_id in track_ids})
    ordered = sorted(track_ids)
    rows = (history_row(values) for file in files for values in find_rows(file, "track_key", keys, groups_with(file, "track_id", ordered)))
    return earliest_of(rows)


def _newest(files: Sequence[LedgerFile], n: int) -> list[HistoryRow]:
    """Take the rows of the latest times, look up when their tracks really came first, and widen until n are sure."""
    size = 2 * n
    while True:
        candidates = _latest_rows(files, size)
        rows = _rows_of_tracks(files, {track_id for _, track_id in candidates})
        best = sorted(rows.values(), key=lambda row: (-row.added_at.timestamp(), row.track_id))[:n]
        complete = len(candidates) < size
        if complete or (len(best) == n and best[-1].added_at.timestamp() >= -candidates[-1][0]):
            return best
        size *= 4


def _latest_rows(files: Sequence[LedgerFile], size: int) -> list[tuple[int, str]]:
    """The latest rows as (minus the time, track id), at most `size`; a track may stand in several."""
    kept: list[tuple[int, str]] = []
    for file in files:
        for batch in file.batches(["added_at", "track_id"]):
            times = -ints_of(batch.column(0))
            rows = np.argsort(times, kind="stable")[:size]  # rows lie by track id, and so stay among equal times
            if len(kept) == size:
                rows = rows[times[rows] <= kept[-1][0]]
            ids = batch.column(1)
            kept += [(int(times[row]), ids[row].as_py()) for row in rows.tolist()]
            kept = sorted(kept)[:size]
    return kept
