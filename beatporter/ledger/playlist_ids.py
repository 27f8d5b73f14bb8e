"""Table `playlist_ids`: a small number for each playlist, used in tables with many rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Connection, ScalarSelect, select

from beatporter.ledger.database import Database
from beatporter.ledger.tables import PLAYLIST_IDS


def number_of(playlist_id: str | BindParameter[str]) -> ScalarSelect[Any]:
    """The playlist's number, for queries; null when there is no row about it yet."""
    return select(PLAYLIST_IDS.c.playlist).where(PLAYLIST_IDS.c.playlist_id == playlist_id).scalar_subquery()


def numbered(database: Database, connection: Connection, playlist_id: str) -> int:
    """The playlist's number, for writing; assigned when it has none."""
    known = database.playlist_numbers
    if playlist_id not in known:
        query = select(PLAYLIST_IDS.c.playlist).where(PLAYLIST_IDS.c.playlist_id == playlist_id)
        found = connection.execute(query).scalar()
        if found is None:
            connection.execute(database.insert(PLAYLIST_IDS).values(playlist_id=playlist_id).on_conflict_do_nothing())
            found = connection.execute(query).scalar_one()
        known[playlist_id] = int(found)
    return known[playlist_id]
