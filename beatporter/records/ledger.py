"""Rows of the ledger's tables that have no record elsewhere in the domain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SnapshotState = Literal["writing", "appending", "written", "recorded"]


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

    track_ids: frozenset[str] = frozenset()
    isrcs: frozenset[str] = frozenset()
    recordings: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    """Recordings that were asked for in imported rows only."""


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
    """A backup of a playlist."""

    playlist_id: str
    snapshot_id: str
    taken_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """The state of our last write to a playlist: `writing` before it is sent (`appending`: to the end), `written` when Spotify has
    carried it out, `recorded` when the history holds what the playlist held then. See `beatporter.sync.playlist_state`.
    """

    playlist_id: str
    state: SnapshotState
    snapshot_id: str | None
    """Spotify's id of the playlist's state after our write; None when it is not known."""
    at: datetime
    """Aware, UTC, second resolution."""
    sending: tuple[str, ...] = ()
    """Tracks that are being put in, until a backup shows them; of a mirror its whole content."""
    sent_at: datetime | None = None
    """When sending them began; None when `sending` is empty."""


RearrangementKind = Literal["dedupe", "restore"]


@dataclass(frozen=True, slots=True)
class RearrangementRow:
    """Work on a playlist's order or content that has begun and not ended: what it aims at, so that a break loses nothing."""

    playlist_id: str
    kind: RearrangementKind
    before: tuple[str, ...]
    """What the playlist held, from the top; an empty text is an entry that an app cannot send."""
    wanted: tuple[str, ...]
    """What it should hold, in the same form."""
    sent: tuple[str, ...]
    """Tracks that may be missing because of this work."""
    begun_at: datetime
    """Aware, UTC, second resolution."""


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
class OldPlaylist:
    """A playlist in the history of the script that Beatporter replaces; in no table."""

    playlist_id: str
    name: str
    """As last recorded; may be empty."""
    rows: int
    last_added: datetime | None
    """None when no row has a readable date."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A track that a person ruled out for a chart entry: it is removed from every playlist that it got into."""

    beatport_id: int
    replaces: str
    """The wrong track's id."""
    track_id: str | None
    """The right track, which replaces it. None: no replacement. The wrong track's own id: the correction was withdrawn."""
    at: datetime


AuditAnswer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A person's answer to whether a decision, drawn at random, is right."""

    beatport_id: int
    track_id: str | None
    """The chosen track; None: no track was chosen."""
    rules: str
    """Version of the rules that decided."""
    stratum: str
    """The stratum it was drawn from, e.g. "same, sure" or "none, with a candidate"."""
    stratum_size: int
    """Number of decisions in the stratum at that time: the weight of its answers."""
    answer: AuditAnswer
    """unknown: the person cannot tell."""
    at: datetime
    """Aware, UTC, second resolution."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """How a run of a genre ended."""

    genre_id: int
    state: str
    """completed, deferred, challenged, waiting or failed."""
    added: int
    not_found: int
    deferred: int
    error: str | None
    """What happened and what to do about it, for a failed run."""
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
class ChallengeRow:
    """Beatport showed a challenge, or answered again after one. The latest row of a source counts."""

    source: str
    """website or api."""
    at: datetime
    until: datetime | None
    """The source is left alone until then; None: it answered again."""
    in_a_row: int
    """Challenges since it last answered; 0 when it did."""


@dataclass(frozen=True, slots=True)
class ChartReadRow:
    """A chart that was read or provided, and its source."""

    genre_id: int
    source: str
    """website, api, inbox or file."""
    at: datetime
    """The chart's `scraped_at`."""
    entries: int
    reached: int | None = None
    """For a label that is read in parts: how many tracks, from the newest, were read so far."""
    total: int | None = None
    """For such a label: Beatport's number of tracks; None when the last one was read."""


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


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Memory of a genre's run, or of one of its steps. Byte figures are the kernel's; None where the system does not give them."""

    genre_id: int
    run_key: str
    at: datetime
    """When the run began; the same for all rows of a run."""
    step: str
    """A task's name, such as match-tracks; `run` for the whole."""
    state: str
    """How the run ended: completed, failed or killed."""
    shared_process: int
    """1: other genres ran in the same process."""
    host: str
    """For example Linux x86_64, Python 3.11."""
    code_version: str
    before_bytes: int | None
    peak_bytes: int | None
    after_bytes: int | None
    duration_s: float
    history_rows: int | None
    """Rows in the history of all playlists."""
    searches: int | None
    """Searches that the run made."""
    holders: str
    """JSON: `held` at the peak and, for the whole run, `left` at its end, each a list of function, place, bytes."""
    capture: str
    """File name of memray's capture; empty without one."""
