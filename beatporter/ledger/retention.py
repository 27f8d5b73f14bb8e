"""Thins old backups of playlists: all for 30 days, the last of each week for a year, the last of each month after that.

A playlist's last backup is never dropped, and neither is a complete one that later changes begin from. The changes of a dropped backup go
into the next one that stays, so every state that stays is exactly as before. What is in the archive stays there; with an archive only
archived backups are dropped. See docs/decisions/backup-retention.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, delete, select, type_coerce, update

from beatporter.ledger.backups import Change, Item, apply_changes, change_values, changes_between
from beatporter.ledger.database import Database
from beatporter.ledger.history import chunks
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import BACKUP_CHANGES, BACKUPS, LEDGER, PLAYLIST_IDS

ALL_FOR = timedelta(days=30)
WEEKLY_FOR = timedelta(days=365)
THINNED_TO = "backups_thinned_to"
"""Key in the table `ledger`: up to this number, backups may have been dropped, or their changes merged, since they were archived."""


def thinned_to(database: Database) -> int:
    """The highest number of a backup that was dropped or that took in the changes of dropped ones; 0 before any was."""
    with database.read() as connection:
        return int(connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == THINNED_TO)).scalar() or 0)


def thin_backups(ledger: Ledger, now: datetime, archived_to: int | None = None) -> int:
    """Drop the backups that are too many for their age; returns how many. Each playlist is one transaction.

    Args:
        archived_to: the last archived backup's number: later ones stay as they are. None without an archive.
    """
    with ledger.database.read() as connection:
        playlists = list(connection.execute(select(PLAYLIST_IDS.c.playlist).order_by(PLAYLIST_IDS.c.playlist)).scalars())
    return sum(_thin(ledger.database, playlist, now, archived_to) for playlist in playlists)


def kept(times: Sequence[datetime], now: datetime) -> set[int]:
    """Which of some backups stay, by their place.

    Args:
        times: when each was taken, oldest first.
    """
    last_of: dict[Any, int] = {}
    for place, at in enumerate(times):
        age = now - at
        week = at.isocalendar()
        period: Any = place if age <= ALL_FOR else (week.year, week.week, "week") if age <= WEEKLY_FOR else (at.year, at.month, "month")
        last_of[period] = place
    return {*last_of.values(), len(times) - 1} if times else set()


def _thin(database: Database, playlist: int, now: datetime, archived_to: int | None) -> int:
    with database.transaction() as connection:
        database.alone(connection, playlist)  # no new backup may come in between
        query = select(BACKUPS).where(BACKUPS.c.playlist == playlist).order_by(BACKUPS.c.backup)
        backups = connection.execute(query).all()
        stay = {backups[place].backup for place in kept([backup.taken_at for backup in backups], now)}
        highest, dropped = 0, 0
        for _, chain in groupby(backups, lambda backup: backup.base or backup.backup):
            for gone, successor in _droppable(list(chain), stay, archived_to):
                _drop(connection, gone, successor)
                dropped += len(gone)
                highest = max(highest, gone[-1].backup, successor.backup if successor is not None else 0)
        if highest:
            _mark(database, connection, highest)
    return dropped


def _droppable(chain: Sequence[Any], stay: set[int], archived_to: int | None) -> Iterator[tuple[list[Any], Any | None]]:
    """Runs of a chain's backups that go, each with the one that takes in their changes; None where nothing follows.

    The complete backup that the chain begins with stays as long as any other does.
    """
    if not any(backup.backup in stay for backup in chain):
        if archived_to is None or chain[-1].backup <= archived_to:
            yield list(chain), None
        return
    gone: list[Any] = []
    for backup in chain[1:]:
        if backup.backup not in stay:
            gone.append(backup)
            continue
        if gone and (archived_to is None or backup.backup <= archived_to):
            yield gone, backup
        gone = []
    if gone and (archived_to is None or gone[-1].backup <= archived_to):
        yield gone, None


def _drop(connection: Connection, gone: Sequence[Any], successor: Any | None) -> None:
    """Delete backups; their changes go into the successor's, in a shorter form if there is one."""
    numbers = [backup.backup for backup in gone]
    merged: list[Change] = []
    if successor is not None:
        merged = _changes(connection, [*numbers, successor.backup])
        before = _state_before(connection, gone[0])
        after = list(before)
        apply_changes(after, merged)
        shorter = changes_between(before, after)
        merged = shorter if len(shorter) < len(merged) else merged
    rewritten = [*numbers, *([successor.backup] if successor is not None else [])]
    for part in chunks(rewritten):
        connection.execute(delete(BACKUP_CHANGES).where(BACKUP_CHANGES.c.backup.in_(part)))
    for part in chunks(numbers):
        connection.execute(delete(BACKUPS).where(BACKUPS.c.backup.in_(part)))
    if successor is not None:
        connection.execute(update(BACKUPS).where(BACKUPS.c.backup == successor.backup).values(merged=len(merged)))
        if merged:
            values = [change_values(successor.backup, number, change) for number, change in enumerate(merged)]
            connection.execute(BACKUP_CHANGES.insert(), values)


def _state_before(connection: Connection, backup: Any) -> list[Item]:
    """What the playlist held before a backup that is not its chain's first."""
    part_of_chain = (BACKUPS.c.backup == backup.base) | (BACKUPS.c.base == backup.base)
    query = select(BACKUPS.c.backup).where(BACKUPS.c.playlist == backup.playlist, part_of_chain, BACKUPS.c.backup < backup.backup)
    items: list[Item] = []
    apply_changes(items, _changes(connection, list(connection.execute(query.order_by(BACKUPS.c.backup)).scalars())))
    return items


def _changes(connection: Connection, backups: Sequence[int]) -> list[Change]:
    """The changes of some backups, one after the other."""
    plain_s = type_coerce(BACKUP_CHANGES.c.added_at, BigInteger)
    query = select(BACKUP_CHANGES.c.position, BACKUP_CHANGES.c.removed, BACKUP_CHANGES.c.track, plain_s)
    found: list[Change] = []
    for part in chunks(backups):
        ordered = query.where(BACKUP_CHANGES.c.backup.in_(part)).order_by(BACKUP_CHANGES.c.backup, BACKUP_CHANGES.c.number)
        for position, removed, track, added_s in connection.execute(ordered):
            found.append((position, removed, None if track is None else (track, added_s)))
    return found


def _mark(database: Database, connection: Connection, number: int) -> None:
    """Remember up to which number the archive may differ."""
    before = int(connection.execute(select(LEDGER.c.value).where(LEDGER.c.key == THINNED_TO)).scalar() or 0)
    values = {"key": THINNED_TO, "value": str(max(before, number))}
    statement = database.insert(LEDGER).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": values["value"]}))
