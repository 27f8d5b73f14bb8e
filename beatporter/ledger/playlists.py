"""Tables about the account's playlists.

`snapshots`: our last write to each. `playlists`: which one belongs to a genre. `listings`: what a run found in the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from beatporter.ledger.database import Database
from beatporter.ledger.playlist_ids import numbered
from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import LISTED_PLAYLISTS, LISTINGS, PLAYLIST_IDS, PLAYLISTS, SNAPSHOTS
from beatporter.records.ledger import ListedPlaylist, RememberedPlaylist, SnapshotRow

_STATE = [field.name for field in fields(SnapshotRow) if field.name != "playlist_id"]


class Snapshots:
    """The table in one database: one row per playlist, which changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, row: SnapshotRow) -> None:
        """Save the state of our last write to a playlist, replacing the previous one."""
        values = {name: getattr(row, name) for name in _STATE}
        with self._database.single() as connection:
            statement = self._database.insert(SNAPSHOTS).values(playlist=numbered(self._database, connection, row.playlist_id), **values)
            self._database.send(connection, statement.on_conflict_do_update(index_elements=["playlist"], set_=values))

    def latest(self, playlist_id: str) -> SnapshotRow | None:
        """The playlist's row; None when there is none."""
        with self._database.read() as connection:
            found = connection.execute(_NUMBERED_STATE.where(PLAYLIST_IDS.c.playlist_id == playlist_id)).first()
        return self._row(playlist_id, found)

    def of_list(self, genre_id: int) -> tuple[str, SnapshotRow | None] | None:
        """Id and row of the playlist that was last remembered for a list; None when there is none."""
        newest = select(PLAYLISTS.c.playlist_id).where(PLAYLISTS.c.genre_id == genre_id)
        one = newest.order_by(PLAYLISTS.c.at.desc(), PLAYLISTS.c.id.desc()).limit(1).subquery()
        columns = (one.c.playlist_id, PLAYLIST_IDS.c.playlist, *_STATE_COLUMNS)
        joined = one.outerjoin(PLAYLIST_IDS, PLAYLIST_IDS.c.playlist_id == one.c.playlist_id)
        joined = joined.outerjoin(SNAPSHOTS, SNAPSHOTS.c.playlist == PLAYLIST_IDS.c.playlist)
        with self._database.read() as connection:
            found = connection.execute(select(*columns).select_from(joined)).first()
        return (found[0], self._row(found[0], found[1:])) if found is not None else None

    def _row(self, playlist_id: str, found: Sequence[Any] | None) -> SnapshotRow | None:
        """The row from a playlist's number and the columns of its state, all null without one; the number is noted for later writes."""
        number, *state = found or (None, None)
        if number is not None:
            self._database.playlist_numbers.setdefault(playlist_id, number)
        return SnapshotRow(playlist_id, *state) if state[0] is not None else None


_STATE_COLUMNS = [SNAPSHOTS.c[name] for name in _STATE]
_NUMBERED_STATE = select(PLAYLIST_IDS.c.playlist, *_STATE_COLUMNS).select_from(PLAYLIST_IDS.outerjoin(SNAPSHOTS))


class Playlists(RecordTable[RememberedPlaylist]):
    """The table in one database."""

    table, record = PLAYLISTS, RememberedPlaylist

    def latest(self, genre_id: int) -> RememberedPlaylist | None:
        """The genre's playlist as last remembered; None when there is none."""
        return self._latest(PLAYLISTS.c.genre_id == genre_id)

    def names(self) -> dict[str, str]:
        """The name of every remembered playlist, by id, as last remembered."""
        query = select(PLAYLISTS.c.playlist_id, PLAYLISTS.c.name).order_by(PLAYLISTS.c.at, PLAYLISTS.c.id)
        with self._database.read() as connection:
            return {row.playlist_id: row.name for row in connection.execute(query)}

    def owners(self, playlist_id: str) -> set[int]:
        """Numbers of the genres, charts and labels that the playlist was ever remembered for."""
        with self._database.read() as connection:
            return set(connection.execute(select(PLAYLISTS.c.genre_id).where(PLAYLISTS.c.playlist_id == playlist_id)).scalars())

    def ids(self, genre_id: int) -> set[str]:
        """Ids of every playlist that was ever remembered for the genre."""
        with self._database.read() as connection:
            return set(connection.execute(select(PLAYLISTS.c.playlist_id).where(PLAYLISTS.c.genre_id == genre_id)).scalars())

    def all_ids(self) -> set[str]:
        """Ids of every playlist that was ever remembered for any list."""
        with self._database.read() as connection:
            return set(connection.execute(select(PLAYLISTS.c.playlist_id)).scalars())

    def numbers(self) -> dict[str, int]:
        """Ids of the playlists in use, with the number of the list that each belongs to."""
        rows = self._all(self._select().order_by(PLAYLISTS.c.at, PLAYLISTS.c.id))
        latest = {row.genre_id: row.playlist_id for row in rows}
        return {playlist_id: number for number, playlist_id in latest.items()}


class Listings:
    """The tables in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, run_key: str, listed_at: datetime, rows: Sequence[ListedPlaylist]) -> None:
        """Save a run's listing of the account; an account without playlists has one too."""
        with self._database.transaction() as connection:
            made = LISTINGS.insert().values(run_key=run_key, listed_at=listed_at).returning(LISTINGS.c.id)
            listing = connection.execute(made).scalar_one()
            names = [column.name for column in LISTED_PLAYLISTS.columns if column.name != "listing"]
            if rows:
                values = [{"listing": listing} | {name: getattr(row, name) for name in names} for row in rows]
                self._database.send(connection, LISTED_PLAYLISTS.insert(), values)

    def newest_names(self) -> dict[str, str]:
        """The name of every playlist in a kept listing, by id, as the newest listing with it has it."""
        query = select(LISTED_PLAYLISTS.c.playlist_id, LISTED_PLAYLISTS.c.name).order_by(LISTED_PLAYLISTS.c.listing)
        with self._database.read() as connection:
            return {row.playlist_id: row.name for row in connection.execute(query)}

    def last_owner(self) -> str | None:
        """The account's id, from the newest listing that has playlists; None when there is none."""
        query = select(LISTED_PLAYLISTS.c.owner_id).order_by(LISTED_PLAYLISTS.c.listing.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def of_run(self, run_key: str) -> list[ListedPlaylist] | None:
        """The run's newest listing, ordered by playlist id; empty when the account had no playlists, None when the run made no listing."""
        newest = select(LISTINGS.c.id, LISTINGS.c.run_key, LISTINGS.c.listed_at).where(LISTINGS.c.run_key == run_key)
        one = newest.order_by(LISTINGS.c.id.desc()).limit(1).subquery()
        places = {"run_key": one.c.run_key, "listed_at": one.c.listed_at}
        columns = [places[field.name] if field.name in places else LISTED_PLAYLISTS.c[field.name] for field in fields(ListedPlaylist)]
        joined = one.outerjoin(LISTED_PLAYLISTS, LISTED_PLAYLISTS.c.listing == one.c.id)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).select_from(joined).order_by(LISTED_PLAYLISTS.c.playlist_id)).all()
        return [ListedPlaylist(*row) for row in rows if row.playlist_id is not None] if rows else None

    def drop_before(self, moment: datetime) -> int:
        """Delete listings older than a time; returns how many."""
        with self._database.transaction() as connection:
            old = select(LISTINGS.c.id).where(LISTINGS.c.listed_at < moment)
            connection.execute(delete(LISTED_PLAYLISTS).where(LISTED_PLAYLISTS.c.listing.in_(old)))
            return connection.execute(delete(LISTINGS).where(LISTINGS.c.listed_at < moment)).rowcount
