"""Every table of the ledger, declared once: a record's fields are its columns; keys and indices are added here.

Columns are a contract: add them by a migration, never rename one (docs/ledger.md). Rows are only added, unless a table says otherwise.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, MetaData, Table

from beatporter.ledger.column_types import Moment, PlainText, RowId, RunnersUp, SpotifyId, Texts
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import (
    AuditRow,
    CallRow,
    ChallengeRow,
    ChartReadRow,
    CorrectionRow,
    HistoryRow,
    ListedPlaylist,
    MemoryRow,
    RearrangementRow,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match

metadata = MetaData()
_KINDS: dict[Any, Any] = {bool: Boolean, int: BigInteger, float: Double, str: PlainText, datetime: Moment, tuple[str, ...]: Texts}


def _fields_of(record: type, *without: str, **kinds: Any) -> list[Column[Any]]:
    """A column for each of a record's fields; `kinds` names the columns that are not stored by their default type."""
    hints = get_type_hints(record)
    return [_column(field.name, hints[field.name], kinds.get(field.name)) for field in fields(record) if field.name not in without]


def _column(name: str, hint: Any, kind: Any) -> Column[Any]:
    options = [part for part in get_args(hint) if part is not NoneType] if NoneType in get_args(hint) else [hint]
    plain = str if get_origin(options[0]) is Literal else options[0]
    kind = kind or _KINDS[plain]
    return Column(name, kind, nullable=NoneType in get_args(hint) or kind in (Texts, RunnersUp))


def columns_of(table: Table, record: type) -> list[Column[Any]]:
    """The table's columns in the order of the record's fields, so that a row makes a record."""
    return [table.c[field.name] for field in fields(record)]


LEDGER = Table("ledger", metadata, Column("key", PlainText, primary_key=True), Column("value", PlainText, nullable=False))
"""About the database itself: `id`, which its archive carries too."""

PLAYLIST_IDS = Table(
    "playlist_ids",
    metadata,
    Column("playlist", Integer, primary_key=True),
    Column("playlist_id", SpotifyId, nullable=False, unique=True),
)
"""A small number for each playlist, so that millions of rows do not repeat its id."""


def _playlist(*, primary_key: bool = False) -> Column[Any]:
    return Column("playlist", Integer, ForeignKey(PLAYLIST_IDS.c.playlist), primary_key=primary_key, nullable=False)


ENTRIES = Table(
    "entries",
    metadata,
    Column("entry", RowId, primary_key=True),
    Column("fingerprint", BigInteger, nullable=False, unique=True),
    *_fields_of(ChartEntry, "position"),
    Index("entries_by_beatport_id", "beatport_id"),
)
"""What Beatport said about a track; a new row whenever it said something else."""

CHARTS = Table(
    "charts",
    metadata,
    Column("chart", RowId, primary_key=True),
    Column("genre_id", Integer, nullable=False),
    Column("scraped_at", Moment, nullable=False),
    Column("fingerprint", BigInteger, nullable=False),
    Index("charts_once", "genre_id", "scraped_at", "fingerprint", unique=True),
)

CHART_ENTRIES = Table(
    "chart_entries",
    metadata,
    Column("chart", RowId, ForeignKey(CHARTS.c.chart), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("entry", RowId, ForeignKey(ENTRIES.c.entry), nullable=False),
    Index("chart_entries_by_entry", "entry", "chart"),
    sqlite_with_rowid=False,
)

MATCHES = Table(
    "matches",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(Match, track_id=SpotifyId, runners_up=RunnersUp),
    Column("fingerprint", BigInteger, nullable=False),
    Index("matches_once", "beatport_id", "fingerprint", unique=True),
    Index("matches_by_track", "track_id", "decided_at"),
)

HISTORY = Table(
    "history",
    metadata,
    Column("id", RowId, primary_key=True),
    _playlist(),
    *_fields_of(HistoryRow, track_id=SpotifyId),
    Column("track_key", Integer, nullable=False),
    Column("isrc_key", Integer),
    Column("recording_key", Integer),
    Column("rest_key", Integer, nullable=False),
    Index("history_once", "playlist", "track_key", "rest_key", unique=True),
    Index("history_by_isrc", "playlist", "isrc_key"),
    Index("history_by_recording", "playlist", "recording_key"),
)
"""The keys are 32-bit hashes: an index on them takes a third of the space of one on the text (docs/decisions/ledger-database.md)."""

TRACKS = Table(
    "tracks",
    metadata,
    Column("track", RowId, primary_key=True),
    Column("fingerprint", BigInteger, nullable=False, unique=True),
    Column("track_id", SpotifyId),
    Column("isrc", PlainText),
    Column("name", PlainText, nullable=False),
    Column("artists", Texts),
)
"""The content of a playlist position, stored once however often it is backed up."""

BACKUPS = Table(
    "backups",
    metadata,
    Column("backup", RowId, primary_key=True),
    _playlist(),
    Column("snapshot_id", PlainText, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("base", RowId),
    Column("merged", Integer),
    Index("backups_once", "playlist", "snapshot_id", unique=True),
    Index("backups_by_time", "playlist", "taken_at", unique=True),
)
"""A state of a playlist. `base` is the backup that its chain of changes begins with; a backup that is its own base is complete.

`changes` counts the chain's changes up to it. `merged`: how many rows its own changes are since thinning merged those of dropped backups
into them; null as long as none were dropped before it.
"""

BACKUP_CHANGES = Table(
    "backup_changes",
    metadata,
    Column("backup", RowId, ForeignKey(BACKUPS.c.backup), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("track", RowId, ForeignKey(TRACKS.c.track)),
    Column("added_at", Moment),
    sqlite_with_rowid=False,
)
"""A backup's change to the one before it: at a position, how many entries are removed, then the entry that is inserted."""

SNAPSHOTS = Table(
    "snapshots",
    metadata,
    _playlist(primary_key=True),
    *_fields_of(SnapshotRow, "playlist_id"),
)
"""The state of our last write to a playlist; one row per playlist, which changes."""

REARRANGEMENTS = Table(
    "rearrangements",
    metadata,
    _playlist(primary_key=True),
    *_fields_of(RearrangementRow, "playlist_id"),
)
"""Work on a playlist that has begun; the row goes when it has ended."""

PLAYLISTS = Table(
    "playlists",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(RememberedPlaylist, playlist_id=SpotifyId),
    Index("playlists_by_genre", "genre_id", "at"),
)

CORRECTIONS = Table(
    "corrections",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(CorrectionRow, replaces=SpotifyId, track_id=SpotifyId),
    Index("corrections_by_entry", "beatport_id"),
)

AUDITS = Table(
    "audits",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(AuditRow, track_id=SpotifyId),
)
"""One row for each answer of a person."""

LISTINGS = Table(
    "listings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("run_key", PlainText, nullable=False),
    Column("listed_at", Moment, nullable=False),
    Index("listings_by_run", "run_key"),
)
"""A run's listing of the account; dropped after some weeks. An account without playlists has a row here and none below."""

LISTED_PLAYLISTS = Table(
    "listed_playlists",
    metadata,
    Column("listing", RowId, ForeignKey(LISTINGS.c.id, ondelete="CASCADE"), primary_key=True),
    *(
        Column(column.name, column.type, nullable=column.nullable, primary_key=column.name == "playlist_id")
        for column in _fields_of(ListedPlaylist, "run_key", "listed_at", playlist_id=SpotifyId)
    ),
    sqlite_with_rowid=False,
)

CALLS = Table(
    "calls",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(CallRow),
    Index("calls_by_time", "at"),
    Index("calls_by_until", "until"),
)
"""Calls of the last weeks; calls in hand are one row, which their settlement replaces."""

RUNS = Table(
    "runs",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(RunRow),
    Index("runs_by_genre", "genre_id", "at"),
    Index("runs_by_key", "run_key"),
)

MEMORY = Table(
    "memory",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(MemoryRow),
    Index("memory_by_genre", "genre_id", "at"),
    Index("memory_by_time", "at"),
)
"""Memory of each run and of its steps; kept for some months."""

CHALLENGES = Table(
    "challenges",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(ChallengeRow),
    Index("challenges_by_source", "source", "at"),
)

CHART_READS = Table(
    "chart_reads",
    metadata,
    Column("id", RowId, primary_key=True),
    *_fields_of(ChartReadRow),
    Index("chart_reads_by_genre", "genre_id", "at"),
)
