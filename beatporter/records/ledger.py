"""Rows of the ledger's tables that have no record elsewhere in the domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SnapshotState = Literal["writing", "written", "recorded"]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A track that a playlist once held. A track's history is the union of its rows, with the earliest added_at."""

    track_id: str
    isrc: str | None
    recording: str
    """Normalised artist, title and version: equal for the same recording under another id."""
    beatport_id: int | None
    """None when the track did not come from a chart."""
    source: str
    """chart, import, or playlist (found in it: added by the person, or by a run that died before it recorded this)."""
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """Which of the requested ids are in a history."""

    track_ids: frozenset[str]
    isrcs: frozenset[str]
    recordings: frozenset[str]


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One position of a playlist at the time of a backup."""

    position: int
    """0 is the top."""
    track_id: str | None
    """None: a local file, an episode or an empty entry."""
    isrc: str | None
    name: str
    artists: tuple[str, ...]
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """The latest backup of a playlist."""

    playlist_id: str
    snapshot_id: str
    taken_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """The state of our last write to a playlist: `writing` before it is sent, `written` when Spotify has carried it out, `recorded` when
    the history holds what the playlist held then. See `beatporter.sync.playlist_state`.
    """

    playlist_id: str
    state: SnapshotState
    snapshot_id: str | None
    """Spotify's id of the playlist's state after our write; None when it is not known."""
    at: datetime
    """Aware, UTC, second resolution."""
    sending: tuple[str, ...] = ()
    """Tracks that are being put on top, until a backup shows them."""
    sent_at: datetime | None = None
    """When sending them began; None when `sending` is empty."""


@dataclass(frozen=True, slots=True)
class ListedPlaylist:
    """A playlist in one run's listing of the account."""

    run_key: str
    playlist_id: str
    name: str
    snapshot_id: str
    total: int
    owner_id: str
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class RememberedPlaylist:
    """Which playlist belongs to a genre, so that it is still found after it was renamed. The latest row of a genre counts."""

    genre_id: int
    playlist_id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A track that a person ruled out for a chart entry: it is removed from every playlist that it got into."""

    beatport_id: int
    replaces: str
    """The wrong track's id."""
    track_id: str | None
    """The right track, which replaces it. None: no replacement. The wrong track's own id: the correction was withdrawn."""
    at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """How a run of a genre ended."""

    genre_id: int
    state: str
    """completed, deferred or failed."""
    added: int
    not_found: int
    deferred: int
    error: str | None
    """What happened and what to do about it, for a failed run."""
    at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """Spotify calls reserved from the daily budget, or given back (negative count), or the end of a quota."""

    at: datetime
    """When they were reserved; calls given back carry the same time."""
    kind: str
    """search, list, read, write, other; or quota: Spotify said QUOTA_EXCEEDED."""
    count: int
    run_key: str
    until: datetime | None = None
    """For kind quota: when Spotify may be called again."""
