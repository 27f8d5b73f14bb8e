"""Table `rearrangements`: work on a playlist's order or content that has begun; one row per playlist, which goes when it has ended."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import delete, select

from beatporter.ledger.database import Database
from beatporter.ledger.playlist_ids import number_of, numbered
from beatporter.ledger.tables import PLAYLIST_IDS, REARRANGEMENTS
from beatporter.records.ledger import RearrangementRow

_FIELDS = [field.name for field in fields(RearrangementRow) if field.name != "playlist_id"]


class Rearrangements:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, row: RearrangementRow) -> None:
        """Save work that has begun, replacing the playlist's earlier row."""
        values = {name: getattr(row, name) for name in _FIELDS}
        with self._database.single() as connection:
            playlist = numbered(self._database, connection, row.playlist_id)
            statement = self._database.insert(REARRANGEMENTS).values(playlist=playlist, **values)
            self._database.send(connection, statement.on_conflict_do_update(index_elements=["playlist"], set_=values))

    def of(self, playlist_id: str) -> RearrangementRow | None:
        """The playlist's row; None when no work on it has begun."""
        query = select(*(REARRANGEMENTS.c[name] for name in _FIELDS)).where(REARRANGEMENTS.c.playlist == number_of(playlist_id))
        with self._database.read() as connection:
            found = connection.execute(query).first()
        return RearrangementRow(playlist_id, *found) if found is not None else None

    def begun(self) -> list[str]:
        """Ids of the playlists on which work has begun."""
        joined = REARRANGEMENTS.join(PLAYLIST_IDS, PLAYLIST_IDS.c.playlist == REARRANGEMENTS.c.playlist)
        with self._database.read() as connection:
            return sorted(connection.execute(select(PLAYLIST_IDS.c.playlist_id).select_from(joined)).scalars())

    def end(self, playlist_id: str) -> None:
        """Delete the playlist's row: the work is done."""
        with self._database.transaction() as connection:
            connection.execute(delete(REARRANGEMENTS).where(REARRANGEMENTS.c.playlist == number_of(playlist_id)))
