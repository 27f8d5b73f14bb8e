"""Rows of the ledger's tables that no other part of the domain already has a record for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SnapshotState = Literal["writing", "written", "recorded"]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A track that a playlist once held. Union over all rows; the earliest added_at of a track stands."""

    track_id: str
    isrc: str | None
    recording: str
    """Normalised artist, title and version: equal for the same recording under another id."""
    beatport_id: int | None
    """None when the track did not come from a chart."""
    source: str
    """chart, playlist (found there: added by the person, or by a run that died before it wrote this), or import."""
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """Which of the ids asked for are in a history."""

    track_ids: frozenset[str]
    isrcs: frozenset[str]
    recordings: frozenset[str]


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One position of a playlist as it stood."""

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
    """Which backup of a playlist there is."""

    playlist_id: str
    snapshot_id: str
    taken_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """What became of our last write to a playlist: `writing` before it is sent, `written` when Spotify has carried it out, `recorded` when
    the history holds what the playlist held then. See `beatporter.sync.playlist_state`.
    """

    playlist_id: str
    state: SnapshotState
    snapshot_id: str | None
    """Spotify's id of the playlist's state after our write; None: not known."""
    at: datetime
    """Aware, UTC, second resolution."""
    sending: tuple[str, ...] = ()
    """Tracks that are or were to be put on top, until the backup shows them."""
    sent_at: datetime | None = None
    """When sending them began; None when `sending` is empty."""


@dataclass(frozen=True, slots=True)
class ListedPlaylist:
    """A playlist as one run's listing of the account found it."""

    run_key: str
    playlist_id: str
    name: str
    snapshot_id: str
    total: int
    owner_id: str
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class RememberedPlaylist:
    """Which playlist is a genre's, so that it is found again after it was renamed. The latest row of a genre stands."""

    genre_id: int
    playlist_id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A track that a person ruled out for a chart entry: it leaves every playlist that it got into."""

    beatport_id: int
    replaces: str
    """The wrong track's id."""
    track_id: str | None
    """The right one, to be put in its place; None: nothing is; the wrong track's own: that decision was taken back."""
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
    """What happened and what to do, for a failed run."""
    at: datetime
    run_key: str | None = None
    """Of the run that it belongs to: equal for all genres of a morning. This and what follows is None in rows of older versions."""
    run_id: str | None = None
    """Of the genre's own run, as the scheduler knows it."""
    playlist_id: str | None = None
    chart: int | None = None
    """Entries of the chart."""
    matched: int | None = None
    """Entries with a Spotify track."""
    spotify_calls: int | None = None
    peak_memory_mb: float | None = None
    """In MiB by the kernel's count, as the next two: while the run worked, before it and after it."""
    memory_before_mb: float | None = None
    memory_after_mb: float | None = None
    duration_s: float | None = None
    error_type: str | None = None
    """The error's class, e.g. ChallengeShown."""
    dry_run: int | None = None
    """1: nothing was written; such a row is the answer to a parent run and counts for nothing else."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """Spotify calls taken from the daily budget, or given back (negative count), or a quota's end."""

    at: datetime
    """When they were taken; what is given back carries the same time."""
    kind: str
    """search, list, read, write, other; or quota: Spotify said QUOTA_EXCEEDED."""
    count: int
    run_key: str
    until: datetime | None = None
    """For kind quota: when asking makes sense again."""
