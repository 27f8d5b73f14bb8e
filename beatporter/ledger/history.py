"""Table `history`: every track that a playlist once held. It only grows; of a track's rows the earliest counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    bindparam,
    null,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from beatporter.ledger.column_types import clean, key_of
from beatporter.ledger.database import STATEMENTS_AT_ONCE, Database
from beatporter.ledger.playlist_ids import number_of, numbered
from beatporter.ledger.tables import HISTORY, PLAYLIST_IDS, columns_of
from beatporter.records.ledger import HistoryRow, Known

ROWS_AT_ONCE = 1_000
_ASKED = {
    "track_id": (HISTORY.c.track_id, HISTORY.c.track_key),
    "isrc": (HISTORY.c.isrc, HISTORY.c.isrc_key),
    "recording": (HISTORY.c.recording, HISTORY.c.recording_key),
    "imported": (HISTORY.c.recording, HISTORY.c.recording_key),
}
"""What can be looked up: its column, and the one of its key."""


class History:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, playlist_id: str, rows: Sequence[HistoryRow]) -> None:
        """Record tracks; rows already recorded with the same track, ISRC and recording stay unchanged.

        Raises:
            LedgerUnwritable, LedgerUnavailable: the rows could not be written; none were.
        """
        if not rows:
            return
        with self._database.transaction() as connection:
            playlist = numbered(self._database, connection, playlist_id)
            values = [_values(playlist, row) for row in sorted(rows, key=rank)]
            self._database.send(connection, self._database.insert(HISTORY).on_conflict_do_nothing(), values)

    def known(
        self,
        playlist_id: str | None,
        track_ids: Collection[str] = (),
        isrcs: Collection[str] = (),
        recordings: Collection[str] = (),
        *,
        imported: Collection[str] = (),
        except_for: Collection[str] = (),
    ) -> Known:
        """Which of the tracks, ISRCs and recordings the playlist once held.

        Args:
            playlist_id: None searches all playlists together.
            imported: recordings to look for in imported rows only.
            except_for: playlists that are left out then.
        """
        given = {"track_id": track_ids, "isrc": isrcs, "recording": recordings, "imported": imported}
        asked = {name: {clean(text): text for text in texts} for name, texts in given.items()}  # by their stored form
        columns = list(zip(*self._find(playlist_id, asked, except_for), strict=True)) or [()] * len(asked)
        found = [{texts[text] for text in texts.keys() & column} for texts, column in zip(asked.values(), columns, strict=True)]
        return Known(*(frozenset(texts - {""}) for texts in found))

    def rows(self, playlist_id: str, track_ids: Collection[str]) -> dict[str, HistoryRow]:
        """The rows of some tracks, by id; tracks that the playlist never held are left out."""
        return earliest_of(self.all_rows(playlist_id, track_ids))

    def all_rows(self, playlist_id: str | None, track_ids: Collection[str]) -> list[HistoryRow]:
        """Every row of some tracks.

        Args:
            playlist_id: None searches all playlists together.
        """
        found = self._rows_by(HISTORY.c.track_key, playlist_id, track_ids)
        wanted = {clean(track_id) for track_id in track_ids}
        return [row for row in found if row.track_id in wanted]

    def rows_of_recordings(self, playlist_id: str, recordings: Collection[str]) -> list[HistoryRow]:
        """The playlist's rows with one of these recordings."""
        found = self._rows_by(HISTORY.c.recording_key, playlist_id, recordings)
        wanted = {clean(recording) for recording in recordings}
        return [row for row in found if row.recording in wanted]

    def _rows_by(self, column: Column[Any], playlist_id: str | None, texts: Collection[str]) -> list[HistoryRow]:
        """Rows whose key is that of one of the texts; a few are other texts with the same key."""
        keys = sorted({key for text in texts if (key := key_of(text)) is not None})
        rows: list[HistoryRow] = []
        if not keys:
            return rows
        query = select(*columns_of(HISTORY, HistoryRow))
        with self._database.read() as connection:
            if playlist_id is None:
                query = query.where(HISTORY.c.playlist.in_(_others(connection)))
            else:
                query = query.where(HISTORY.c.playlist == number_of(playlist_id))
            for part in chunks(keys):
                rows += (HistoryRow(*row) for row in connection.execute(query.where(column.in_(part))))
        return rows

    def track_ids(self, playlist_id: str) -> Iterator[str]:
        """Every track that the playlist ever held, once each, in no particular order; read in bounded batches."""
        place = tuple_(HISTORY.c.track_key, HISTORY.c.rest_key)  # with the playlist, the unique index
        columns = (HISTORY.c.track_key, HISTORY.c.rest_key, HISTORY.c.track_id)
        query = select(*columns).where(HISTORY.c.playlist == number_of(playlist_id)).order_by(*columns[:2]).limit(ROWS_AT_ONCE)
        seen: tuple[int | None, set[str]] = None, set()  # rows of one track share a key, so they are adjacent
        batch: Sequence[Any] = ()
        while True:
            after = query.where(place > tuple_(*batch[-1][:2])) if batch else query
            with self._database.read() as connection:  # closed before yielding: the caller may take long, or write meanwhile
                batch = connection.execute(after).all()
            for key, _, track_id in batch:
                if key != seen[0]:
                    seen = key, set()
                if track_id not in seen[1]:
                    seen[1].add(track_id)
                    yield track_id
            if len(batch) < ROWS_AT_ONCE:
                return

    def playlists(self) -> list[str]:
        """Ids of the playlists that have a history."""
        has = select(HISTORY.c.id).where(HISTORY.c.playlist == PLAYLIST_IDS.c.playlist).exists()
        with self._database.read() as connection:
            return sorted(connection.execute(select(PLAYLIST_IDS.c.playlist_id).where(has)).scalars())

    def _find(self, playlist_id: str | None, asked: Mapping[str, Collection[str]], except_for: Collection[str]) -> Iterator[Row[Any]]:
        """Values of the rows that have one of the keys, each in its column; a few are other texts with the same key."""
        keys = {name: list(chunks(sorted({key_of(text) for text in texts} - {None}))) for name, texts in asked.items()}
        with self._database.read() as connection:
            if playlist_id is None:
                within: dict[str, Any] = {"playlists": _others(connection, except_for)}
            else:
                within = {"playlist_id": playlist_id}
            for part in range(max(map(len, keys.values()))):
                now = {name: found[part] for name, found in keys.items() if part < len(found)}
                yield from connection.execute(_question(tuple(now), everywhere=playlist_id is None), {**now, **within})


def _others(connection: Connection, except_for: Collection[str] = ()) -> Sequence[int]:
    """The numbers of all other playlists, one by one: with a subquery PostgreSQL reads the whole table."""
    return connection.execute(select(PLAYLIST_IDS.c.playlist).where(PLAYLIST_IDS.c.playlist_id.not_in(except_for))).scalars().all()


@lru_cache
def _question(names: tuple[str, ...], *, everywhere: bool) -> CompoundSelect[Any]:
    """A query for rows by keys of some kinds, each through its own index: with OR, SQLite reads the whole playlist.

    Cached: compiling it takes as long as running it.
    """
    if everywhere:
        within: ColumnElement[bool] = HISTORY.c.playlist.in_(bindparam("playlists", expanding=True))
    else:
        within = HISTORY.c.playlist == number_of(bindparam("playlist_id"))
    return union_all(*(_only(name).where(within, _ASKED[name][1].in_(bindparam(name, expanding=True))) for name in names))


def _only(name: str) -> Select[Any]:
    """One of the columns that can be looked up, null for the others: so only the wanted column is unpacked."""
    found = select(*((column if key == name else type_coerce(null(), column.type)).label(key) for key, (column, _) in _ASKED.items()))
    return found.where(HISTORY.c.source == "import") if name == "imported" else found


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Split values into lists that fit into one statement."""
    for start in range(0, len(values), STATEMENTS_AT_ONCE):
        yield values[start : start + STATEMENTS_AT_ONCE]


def earliest_of(rows: Iterable[HistoryRow]) -> dict[str, HistoryRow]:
    """The row of each track that counts: the earliest; ties are broken the same way in any order of the rows."""
    standing: dict[str, HistoryRow] = {}
    for row in sorted(rows, key=rank):
        standing.setdefault(row.track_id, row)
    return standing


def rank(row: HistoryRow) -> tuple[Any, ...]:
    """Sort key: rows by track, and of a track first the row that counts."""
    known = (row.isrc is None, row.isrc or "", row.recording, row.beatport_id is None, row.beatport_id or 0, row.source)
    return row.track_id, row.added_at, *known


def _values(playlist: int, row: HistoryRow) -> dict[str, Any]:
    imported_at = row.added_at if row.source == "import" else None  # an import's date is kept even for a known track
    return {
        "playlist": playlist,
        "track_id": row.track_id,
        "isrc": row.isrc,
        "recording": row.recording,
        "beatport_id": row.beatport_id,
        "source": row.source,
        "added_at": row.added_at,
        "track_key": key_of(row.track_id),
        "isrc_key": key_of(row.isrc),
        "recording_key": key_of(row.recording),
        "rest_key": key_of(repr((row.track_id, row.isrc, row.recording, imported_at))),  # `track_key` has only 32 bits of the id
    }
