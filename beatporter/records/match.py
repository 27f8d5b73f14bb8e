"""The records of matching: what was decided for a chart entry, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from beatporter.records.track import SpotifyTrack

Version = Literal["same", "substitute"]
Method = Literal["isrc", "search", "person", "forgotten"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about one candidate for one chart entry."""

    track: SpotifyTrack
    version: Version | None
    """same: the chart's own cut; substitute: another cut of the same recording; None: not this recording."""
    score: float
    """0 to 100, 100 minus the penalties."""
    penalties: tuple[tuple[str, float], ...]
    """Named penalties with their points, in a fixed order; they explain the verdict."""
    rejected: tuple[str, ...]
    """Reasons that rule the candidate out regardless of its score; empty when version is set."""
    chance: float = 1.0
    """Probability that a person would choose the candidate, 0 to 1; orders what they are shown."""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A candidate that was not taken, kept so that a person can choose it."""

    track_id: str
    name: str
    artists: tuple[str, ...]
    score: float
    why: str
    isrc: str | None = None
    """This and the following fields allow judging the decision again without a call; None in rows up to November 2026."""
    duration_ms: int | None = None
    album: str | None = None
    album_type: str | None = None
    is_playable: bool | None = None
    release_date: str | None = None
    chance: float | None = None
    """Probability that a person would choose it; orders the review."""

    @property
    def track(self) -> SpotifyTrack:
        """The candidate as Spotify returned it."""
        return SpotifyTrack(
            self.track_id,
            self.name,
            self.artists,
            self.album,
            self.album_type,
            self.isrc,
            self.duration_ms,
            self.is_playable,
            self.release_date,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """A decision for one chart entry, as the ledger's table `matches` keeps it. The latest row of an id counts."""

    beatport_id: int
    isrc: str | None
    """The chart entry's."""
    track_id: str | None
    """None: not found on Spotify (method isrc or search), or ruled out by a person (method person)."""
    method: Method
    """forgotten: a person withdrew an earlier decision; the entry counts as undecided."""
    score: float
    version: Version | None
    rules: str
    """Version of the rules that decided."""
    decided_at: datetime
    """Aware, UTC, second resolution."""
    retry_at: datetime | None
    """When to search again after a miss; None for hits and a person's decision."""
    reasons: tuple[str, ...] = ()
    """Named reasons in plain words, strongest first."""
    track_name: str | None = None
    track_artists: tuple[str, ...] = ()
    track_isrc: str | None = None
    misses: int = 0
    """How many times in a row nothing was found; the retry intervals grow with it."""
    runners_up: tuple[RunnerUp, ...] = ()
    """At most three, best first."""
    track_duration_ms: int | None = None
    track_album: str | None = None
    track_album_type: str | None = None
    track_release_date: str | None = None

    @property
    def track(self) -> SpotifyTrack | None:
        """The chosen track; None for a miss."""
        if self.track_id is None:
            return None
        return SpotifyTrack(
            self.track_id,
            self.track_name or "",
            self.track_artists,
            self.track_album,
            self.track_album_type,
            self.track_isrc,
            self.track_duration_ms,
            None,
            self.track_release_date,
        )


class LateEntry(NamedTuple):
    """A chart entry that a search missed, and what became of it. Times are seconds since 1970, as the ledger keeps them."""

    label: str | None
    """As Beatport last said it, like the day of release."""
    publish_date: str | None
    missed_s: int
    """Time of the first search that found nothing, and of the last one."""
    missing_s: int
    found_s: int | None
    """Time of the search that found it, by the same rules; None: none has."""
