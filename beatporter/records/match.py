"""The records of matching: what was decided for a chart entry, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from beatporter.records.track import SpotifyTrack

Version = Literal["same", "substitute"]
Method = Literal["isrc", "search", "person", "forgotten"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one candidate for one chart entry."""

    track: SpotifyTrack
    version: Version | None
    """same: the chart's own cut; substitute: another cut of the same recording; None: not this recording."""
    score: float
    """0 to 100, 100 minus the penalties."""
    penalties: tuple[tuple[str, float], ...]
    """Named penalties with their points, in a fixed order; the verdict explains itself by them."""
    rejected: tuple[str, ...]
    """Reasons that rule the candidate out whatever its score; empty when version is set."""
    chance: float = 1.0
    """How probable it is that a person would take the candidate, 0 to 1; orders what is shown to them."""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A candidate that was not taken, kept so that a person can choose it."""

    track_id: str
    name: str
    artists: tuple[str, ...]
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Match:
    """A decision for one chart entry, as the ledger's table `matches` keeps it. The latest row of an id stands."""

    beatport_id: int
    isrc: str | None
    """The chart entry's."""
    track_id: str | None
    """None: not found on Spotify (method isrc or search), or never to be taken (method person)."""
    method: Method
    """forgotten: a person withdrew an earlier decision; the entry counts as undecided."""
    score: float
    version: Version | None
    rules: str
    """Version of the rules that decided."""
    decided_at: datetime
    """Aware, UTC, second resolution."""
    retry_at: datetime | None
    """When a miss is worth another search; None for hits and a person's word."""
    reasons: tuple[str, ...] = ()
    """Named reasons in plain words, best first."""
    track_name: str | None = None
    track_artists: tuple[str, ...] = ()
    track_isrc: str | None = None
    misses: int = 0
    """How many times in a row nothing was found; the retry intervals grow with it."""
    runners_up: tuple[RunnerUp, ...] = ()
    """At most three, best first."""
    track_duration_ms: int | None = None
