"""Tables `backups`, `backup_changes` and `tracks`: states of playlists. A backup costs only what changed since the one before it.

A playlist's backups form a chain: the first is complete, each later one holds its changes to the one before. When the changes of a chain
exceed the length of the playlist, the next backup is complete again: so reading a state takes at most twice its length.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Connection, select, type_coerce

from beatporter.ledger.column_types import fingerprint, seconds
from beatporter.ledger.database import Database
from beatporter.ledger.history import chunks
from beatporter.ledger.playlist_ids import number_of, numbered
from beatporter.ledger.tables import BACKUP_CHANGES, BACKUPS, PLAYLIST_IDS, TRACKS
from beatporter.records.ledger import BackupInfo, BackupRow

ROWS_AT_ONCE = 500
Item = tuple[int, int | None]
"""A track's number, and when it was added, in seconds since 1970."""
Change = tuple[int, int, Item | None]
"""At a position: how many entries are removed, then the entry that is inserted, if any."""


class Backups:
    """The tables in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, playlist_id: str, snapshot_id: str, taken_at: datetime, rows: Iterable[BackupRow]) -> BackupInfo:
        """Save a playlist's state from a stream of rows; a state that is already saved is not saved again.

        Args:
            rows: ordered by position; always read to the end.

        Raises:
            ValueError: the positions are not 0, 1, 2 and so on.
            LedgerUnwritable, LedgerUnavailable: the state could not be written; nothing was saved.
        """
        items = self.items_of(rows)
        return self.keep(playlist_id, snapshot_id, taken_at, items)

    def items_of(self, rows: Iterable[BackupRow]) -> list[Item]:
        """Convert a playlist's rows for `keep`, two numbers each; adds tracks that are new to the ledger."""
        items: list[Item] = []
        chunk_of = iter(rows)
        while chunk := list(islice(chunk_of, ROWS_AT_ONCE)):
            for number, row in enumerate(chunk, len(items)):
                if row.position != number:
                    raise ValueError(f"Position {row.position} of a backup came where {number} was expected.")
            items += self._items(chunk)
        return items

    def keep(self, playlist_id: str, snapshot_id: str, taken_at: datetime, items: Sequence[Item]) -> BackupInfo:
        """Save a state from `items_of` or `state`; its time is at least a second after the playlist's last one."""
        with self._database.transaction() as connection:
            self._database.alone(connection, numbered(self._database, connection, playlist_id))  # no other backup may come in between
            kept = self._info(connection, playlist_id, BACKUPS.c.snapshot_id == snapshot_id)
            if kept is not None:
                return kept
            before = self._last(connection, playlist_id)
            changes = changes_between(self._replay(connection, before), items) if before is not None else []
            new_base = before is None or before.changes + len(changes) > len(items)
            if new_base:
                changes = [(0, 0, item) for item in reversed(items)]
            return self._add(connection, playlist_id, snapshot_id, taken_at, len(items), changes, before, new_base=new_base)

    def put_on_top(self, playlist_id: str, snapshot_id: str, taken_at: datetime, rows: Sequence[BackupRow]) -> BackupInfo:
        """Save the playlist's last backup with some rows on top; what is below is read only when a new base is due.

        Args:
            rows: from the top; their positions are 0, 1, 2 and so on.
        """
        with self._database.transaction() as connection:
            self._database.alone(connection, numbered(self._database, connection, playlist_id))
            on_top = self.items_of(rows)
            before = self._last(connection, playlist_id)
            if before is None or before.changes > before.rows:
                below = self._replay(connection, before) if before is not None else []
                return self.keep(playlist_id, snapshot_id, taken_at, [*on_top, *below])
            changes: list[Change] = [(0, 0, item) for item in reversed(on_top)]
            length = before.rows + len(on_top)
            return self._add(connection, playlist_id, snapshot_id, taken_at, length, changes, before, new_base=False)

    def latest(self, playlist_id: str) -> BackupInfo | None:
        """The playlist's last backup; None when it has none."""
        with self._database.read() as connection:
            return self._info(connection, playlist_id)

    def of_snapshot(self, playlist_id: str, snapshot_id: str | None) -> BackupInfo | None:
        """The playlist's backup of that snapshot; None when it has none."""
        with self._database.read() as connection:
            return self._info(connection, playlist_id, BACKUPS.c.snapshot_id == snapshot_id)

    def all(self, playlist_id: str) -> list[BackupInfo]:
        """The playlist's backups, oldest first."""
        query = select(BACKUPS.c.snapshot_id, BACKUPS.c.taken_at, BACKUPS.c.rows).where(BACKUPS.c.playlist == number_of(playlist_id))
        with self._database.read() as connection:
            return [BackupInfo(playlist_id, *row) for row in connection.execute(query.order_by(BACKUPS.c.taken_at))]

    def state(self, playlist_id: str, snapshot_id: str) -> list[Item]:
        """A backup's positions from the top; empty when there is no such backup."""
        query = select(BACKUPS).where(BACKUPS.c.playlist == number_of(playlist_id), BACKUPS.c.snapshot_id == snapshot_id)
        with self._database.read() as connection:
            found = connection.execute(query).first()
            return self._replay(connection, found) if found is not None else []

    def items(self, playlist_id: str, snapshot_id: str) -> Iterator[BackupRow]:
        """A backup's rows ordered by position; empty when there is no such backup."""
        state = self.state(playlist_id, snapshot_id)
        for start in range(0, len(state), ROWS_AT_ONCE):
            chunk = state[start : start + ROWS_AT_ONCE]
            query = select(TRACKS.c.track, TRACKS.c.track_id, TRACKS.c.isrc, TRACKS.c.name, TRACKS.c.artists)
            with self._database.read() as connection:
                found = connection.execute(query.where(TRACKS.c.track.in_({track for track, _ in chunk})))
                tracks = {row.track: (row.track_id, row.isrc, row.name, row.artists) for row in found}
            for position, (track, added_s) in enumerate(chunk, start):
                yield BackupRow(position, *tracks[track], _moment(added_s))

    def states(self, playlist_id: str) -> Iterator[tuple[BackupInfo, list[Item]]]:
        """Every backup, oldest first, with its positions; each state is made from the one before, and the list is used again."""
        columns = (BACKUPS.c.backup, BACKUPS.c.base, BACKUPS.c.snapshot_id, BACKUPS.c.taken_at, BACKUPS.c.rows)
        query = select(*columns).where(BACKUPS.c.playlist == number_of(playlist_id)).order_by(BACKUPS.c.backup)
        with self._database.read() as connection:
            backups = connection.execute(query).all()
        items: list[Item] = []
        for number, base, *about in backups:
            if not base:
                items.clear()
            with self._database.read() as connection:
                self._apply(connection, items, [number])
            yield BackupInfo(playlist_id, *about), items

    def track_ids(self, playlist_id: str, snapshot_id: str) -> list[str | None]:
        """A backup's track ids in order; None for local files, episodes and empty entries."""
        return [row.track_id for row in self.items(playlist_id, snapshot_id)]

    def playlists(self) -> list[str]:
        """Ids of the playlists that have a backup."""
        has = select(BACKUPS.c.backup).where(BACKUPS.c.playlist == PLAYLIST_IDS.c.playlist).exists()
        with self._database.read() as connection:
            return sorted(connection.execute(select(PLAYLIST_IDS.c.playlist_id).where(has)).scalars())

    def _add(
        self,
        connection: Connection,
        playlist_id: str,
        snapshot_id: str,
        taken_at: datetime,
        rows: int,
        changes: Sequence[Change],
        before: Any,
        *,
        new_base: bool,
    ) -> BackupInfo:
        """Write a backup: its changes to the one before it, or, as a new base, all of it."""
        if before is not None:
            taken_at = max(taken_at, before.taken_at + timedelta(seconds=1))
        values = {
            "playlist": numbered(self._database, connection, playlist_id),
            "snapshot_id": snapshot_id,
            "taken_at": taken_at,
            "rows": rows,
            "changes": 0 if new_base else before.changes + len(changes),
            "base": None if new_base else before.base or before.backup,
        }
        statement = self._database.insert(BACKUPS).values(values).on_conflict_do_nothing().returning(BACKUPS.c.backup)
        backup = connection.execute(statement).scalar()
        if backup is None:  # already saved
            kept = self._info(connection, playlist_id, BACKUPS.c.snapshot_id == snapshot_id)
            return kept or BackupInfo(playlist_id, snapshot_id, taken_at, rows)
        if changes:
            self._database.send(connection, BACKUP_CHANGES.insert(), [change_values(backup, *one) for one in enumerate(changes)])
        return BackupInfo(playlist_id, snapshot_id, taken_at, rows)

    def _last(self, connection: Connection, playlist_id: str) -> Any:
        query = select(BACKUPS).where(BACKUPS.c.playlist == number_of(playlist_id)).order_by(BACKUPS.c.backup.desc()).limit(1)
        return connection.execute(query).first()

    def _info(self, connection: Connection, playlist_id: str, *conditions: Any) -> BackupInfo | None:
        query = select(BACKUPS.c.snapshot_id, BACKUPS.c.taken_at, BACKUPS.c.rows).where(
            BACKUPS.c.playlist == number_of(playlist_id), *conditions
        )
        found = connection.execute(query.order_by(BACKUPS.c.backup.desc()).limit(1)).first()
        return BackupInfo(playlist_id, *found) if found is not None else None

    def _replay(self, connection: Connection, backup: Any) -> list[Item]:
        base = backup.base or backup.backup
        chain = [base]
        if backup.base:
            later = (BACKUPS.c.backup == base) | (BACKUPS.c.base == base)
            query = select(BACKUPS.c.backup).where(BACKUPS.c.playlist == backup.playlist, later, BACKUPS.c.backup <= backup.backup)
            chain = list(connection.execute(query.order_by(BACKUPS.c.backup)).scalars())
        items: list[Item] = []
        self._apply(connection, items, chain)
        return items

    def _apply(self, connection: Connection, items: list[Item], backups: Sequence[int]) -> None:
        """Apply the changes of some backups, one after the other."""
        plain_s = type_coerce(BACKUP_CHANGES.c.added_at, BigInteger)  # avoids making ten thousand dates only to take them apart again
        columns = [BACKUP_CHANGES.c.position, BACKUP_CHANGES.c.removed, BACKUP_CHANGES.c.track, plain_s]
        for part in chunks(backups):
            query = select(*columns).where(BACKUP_CHANGES.c.backup.in_(part)).order_by(BACKUP_CHANGES.c.backup, BACKUP_CHANGES.c.number)
            found = connection.execute(query)
            apply_changes(
                items, ((position, removed, None if track is None else (track, at_s)) for position, removed, track, at_s in found)
            )

    def _items(self, rows: Sequence[BackupRow]) -> list[Item]:
        """Convert a playlist's rows to numbers, adding their tracks to the ledger."""
        prints = [fingerprint(row.track_id, row.isrc, row.name, row.artists) for row in rows]
        query = select(TRACKS.c.fingerprint, TRACKS.c.track)
        with self._database.read() as connection:
            numbers = {row[0]: row[1] for row in connection.execute(query.where(TRACKS.c.fingerprint.in_(prints)))}
        if missing := {found: row for found, row in zip(prints, rows, strict=True) if found not in numbers}:
            values = [
                {"fingerprint": found, "track_id": row.track_id, "isrc": row.isrc, "name": row.name, "artists": row.artists}
                for found, row in sorted(missing.items(), key=itemgetter(0))  # always in the same order, see `Charts.append`
            ]
            with self._database.transaction() as connection:
                self._database.send(connection, self._database.insert(TRACKS).on_conflict_do_nothing(), values)
                numbers |= {row[0]: row[1] for row in connection.execute(query.where(TRACKS.c.fingerprint.in_(list(missing))))}
        return [(numbers[found], None if row.added_at is None else seconds(row.added_at)) for found, row in zip(prints, rows, strict=True)]


def change_values(backup: int, number: int, change: Change) -> dict[str, Any]:
    """A change as a row of `backup_changes`."""
    position, removed, item = change
    track, added_s = item or (None, None)
    return {
        "backup": backup,
        "number": number,
        "position": position,
        "removed": removed,
        "track": track,
        "added_at": _moment(added_s),
    }


def _moment(at_s: int | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)


def apply_changes(items: list[Item], changes: Iterable[Change]) -> None:
    """Apply changes, one after the other."""
    for position, removed, item in changes:
        items[position : position + removed] = [] if item is None else [item]


def changes_between(before: Sequence[Item], after: Sequence[Item]) -> list[Change]:
    """Changes that turn one state into the other, with as few as possible for entries that keep their order; lowest first position last.

    Uses the longest common order of entries that occur once in both (a patience diff without its recursion): a moved entry is removed and
    inserted again.
    """
    places = _once(after)
    pairs = [(old, places[item]) for item, old in _once(before).items() if item in places]
    kept = _rising(sorted(pairs))
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    bounds = [(start - 1, start - 1), *(pair for pair in kept if pair[0] >= start and pair[1] >= start), (len(before), len(after))]
    changes: list[Change] = []
    for (old, new), (old_end, new_end) in reversed(list(pairwise(bounds))):
        removed, coming = old_end - old - 1, list(after[new + 1 : new_end])
        if coming:
            changes.append((old + 1, removed, coming[-1]))
            changes += ((old + 1, 0, item) for item in reversed(coming[:-1]))
        elif removed:
            changes.append((old + 1, removed, None))
    return changes


def _once(items: Sequence[Item]) -> dict[Item, int]:
    """Positions of the entries that occur once."""
    places: dict[Item, int] = {}
    twice: set[Item] = set()
    for place, item in enumerate(items):
        if item in places:
            twice.add(item)
        places[item] = place
    return {item: place for item, place in places.items() if item not in twice}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of pairs, sorted by the first value, whose second value rises too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for number, (_, new) in enumerate(pairs):
        at = bisect_left(ends, new)
        before.append(last[at - 1] if at else None)
        if at == len(ends):
            ends.append(new)
            last.append(number)
        else:
            ends[at], last[at] = new, number
    run: list[tuple[int, int]] = []
    number_or_none = last[-1] if last else None
    while number_or_none is not None:
        run.append(pairs[number_or_none])
        number_or_none = before[number_or_none]
    return run[::-1]
