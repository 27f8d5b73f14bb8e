"""The history for a person: each track that a playlist ever held, with names, tempo, key and links; or in the old script's columns.

It is read as a stream, newest track of each playlist first, so memory does not grow with the history. Names come from Beatport's chart
where the track was in one, otherwise from a backup or a match. Where nobody ever said them, the history's own key is shown, which is in
lower case.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, select

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.ledger.export import nearest
from beatporter.ledger.import_script_history import UNDATED
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.playlist_ids import number_of
from beatporter.ledger.spreadsheet import ROWS_AT_ONCE, Column
from beatporter.ledger.tables import HISTORY, LISTED_PLAYLISTS, PLAYLIST_IDS, PLAYLISTS, TRACKS
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import HistoryRow
from beatporter.records.match import Match

LINES_AT_ONCE = 500
COLUMNS = (
    Column("Playlist", 34),
    Column("Artist", 34),
    Column("Title", 40),
    Column("Mix", 22),
    Column("Added (UTC)", 17),
    Column("BPM", 6),
    Column("Key", 10),
    Column("Camelot", 9),
    Column("Label", 24),
    Column("Spotify", 54, "link"),
    Column("Beatport", 42, "link"),
    Column("Playlist link", 58),
    Column("Source", 10),
)
SCRIPT_COLUMNS = tuple(Column(name, 28) for name in ("playlist_id", "playlist_name", "track_id", "datetime_added", "artist_name"))
"""The columns of the script that Beatporter replaces; its artist_name is "Artist - Title"."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A track of a playlist's history, with what is known about it.

    Attributes:
        row: the row that counts, the earliest.
        entry: what Beatport said; None when the track was in no chart.
    """

    playlist_id: str
    playlist: str
    row: HistoryRow
    artists: tuple[str, ...]
    title: str
    mix: str
    entry: ChartEntry | None


def history_lines(ledger: Ledger, playlist_id: str | None = None) -> Generator[HistoryLine, None, None]:
    """Every track of the history, once for each playlist.

    Args:
        playlist_id: only this playlist's.
    """
    called = playlist_names(ledger)
    database = ledger.database
    # PostgreSQL streams rows only within a transaction; SQLite does so anyway, and a transaction would block writers.
    with database.read() if database.is_sqlite else database.transaction() as connection:
        found = connection.execute(_query(playlist_id), execution_options={"yield_per": ROWS_AT_ONCE})
        rows = iter(found)
        while chunk := list(islice(rows, LINES_AT_ONCE)):
            yield from _lines(ledger, chunk, called)


def sheet_rows(lines: Iterable[HistoryLine]) -> Iterator[tuple[Any, ...]]:
    """The lines as rows of `COLUMNS`."""
    for line in lines:
        entry, row = line.entry, line.row
        yield (
            line.playlist,
            line.artists,
            line.title,
            line.mix,
            row.added_at if row.added_at != UNDATED else None,
            entry.bpm if entry else None,
            entry.key if entry else None,
            entry.camelot if entry else None,
            entry.label if entry else None,
            names.track_url(row.track_id),
            names.beatport_track_url(entry.beatport_id) if entry else None,
            names.playlist_url(line.playlist_id),
            row.source,
        )


def script_rows(lines: Iterable[HistoryLine]) -> Iterator[tuple[Any, ...]]:
    """The lines as rows of `SCRIPT_COLUMNS`. The mix is part of the title, in brackets, as Spotify writes it."""
    for line in lines:
        title = f"{line.title} ({line.mix})" if line.mix else line.title
        name = f"{', '.join(line.artists)} - {title}" if line.artists or title else ""
        yield line.playlist_id, line.playlist, line.row.track_id, line.row.added_at, name


def playlist_names(ledger: Ledger) -> dict[str, str]:
    """Names of playlists by id: as last seen in the account, otherwise as remembered."""
    remembered = select(PLAYLISTS.c.playlist_id, PLAYLISTS.c.name).order_by(PLAYLISTS.c.at, PLAYLISTS.c.id)
    newest = select(func.max(LISTED_PLAYLISTS.c.listing)).scalar_subquery()
    listed = select(LISTED_PLAYLISTS.c.playlist_id, LISTED_PLAYLISTS.c.name).where(LISTED_PLAYLISTS.c.listing == newest)
    with ledger.database.read() as connection:
        return {row.playlist_id: row.name for query in (remembered, listed) for row in connection.execute(query)}


def find_playlist(ledger: Ledger, text: str) -> str:
    """The id of the playlist with a history that a person means by an id, a link or a name.

    Raises:
        SettingsError: there is none, or several have that name.
    """
    known, called = ledger.history.playlists(), playlist_names(ledger)
    wanted = text.strip()
    found = [one for one in known if wanted == one or f"/{one}" in wanted or wanted.endswith(f":{one}")]
    found = found or [one for one in known if called.get(one) == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(f"{len(found)} playlists are called {wanted!r}.", f"Name one by its id: {', '.join(found)}.")
    raise SettingsError(f"No playlist {wanted!r} has a history.", nearest(wanted, sorted({called.get(one) or one for one in known})))


def _query(playlist_id: str | None) -> Select[Any]:
    """The earliest row of each track of a playlist, with its name in the newest backup that has it; newest tracks first."""
    same = (HISTORY.c.playlist, HISTORY.c.track_id)
    first = (HISTORY.c.added_at, HISTORY.c.isrc.is_(None), HISTORY.c.isrc, HISTORY.c.recording, HISTORY.c.id)
    place = func.row_number().over(partition_by=same, order_by=first).label("place")
    charted = func.max(HISTORY.c.beatport_id).over(partition_by=same).label("charted")  # an import knows no Beatport id
    columns = (HISTORY.c[name] for name in ("id", "playlist", "track_id", "isrc", "recording", "source", "added_at"))
    ranked = select(*columns, charted, place)
    if playlist_id is not None:
        ranked = ranked.where(HISTORY.c.playlist == number_of(playlist_id))
    row = ranked.subquery()
    newest = select(TRACKS.c.track_id, func.max(TRACKS.c.track).label("track")).group_by(TRACKS.c.track_id).subquery()
    joined = row.join(PLAYLIST_IDS, PLAYLIST_IDS.c.playlist == row.c.playlist)
    joined = joined.outerjoin(newest, newest.c.track_id == row.c.track_id).outerjoin(TRACKS, TRACKS.c.track == newest.c.track)
    wanted = (PLAYLIST_IDS.c.playlist_id, row.c.track_id, row.c.isrc, row.c.recording, row.c.charted, row.c.source, row.c.added_at)
    query = select(*wanted, TRACKS.c.name, TRACKS.c.artists).select_from(joined).where(row.c.place == 1)
    return query.order_by(row.c.playlist, row.c.added_at.desc(), row.c.id.desc())


def _lines(ledger: Ledger, rows: list[Any], called: dict[str, str]) -> Iterator[HistoryLine]:
    uncharted = [row.track_id for row in rows if row.charted is None]
    matches = ledger.matches.that_took(uncharted)
    ids = {row.charted or (match.beatport_id if (match := matches.get(row.track_id)) else None) for row in rows} - {None}
    entries = ledger.charts.described({beatport_id for beatport_id in ids if beatport_id is not None})
    for row in rows:
        match = matches.get(row.track_id)
        entry = entries.get(row.charted or (match.beatport_id if match else -1))
        artists, title, mix = _named(row, entry, match)
        history = HistoryRow(row.track_id, row.isrc, row.recording, row.charted, row.source, row.added_at)
        yield HistoryLine(row.playlist_id, called.get(row.playlist_id, ""), history, artists, title, mix, entry)


def _named(row: Any, entry: ChartEntry | None, match: Match | None) -> tuple[tuple[str, ...], str, str]:
    """Artists, title and mix."""
    if entry is not None:
        return entry.artists, entry.name, entry.mix_name or ""
    if row.name:
        return row.artists, row.name, ""
    if match is not None and match.track_name:
        return match.track_artists, match.track_name, ""
    artists, _, rest = row.recording.partition("|")
    title, _, mix = rest.partition("|")
    return tuple(filter(None, artists.split(", "))), title, mix
