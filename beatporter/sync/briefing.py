"""Collects the morning briefing from the ledger: what is ready, new, gone, or waiting for a person or another day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beatporter import names
from beatporter.genres import Genre
from beatporter.matching import is_doubtful
from beatporter.playlist_kinds import PlaylistKind
from beatporter.quota.window import WINDOW, calls_left
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import RunRow
from beatporter.records.match import Match
from beatporter.sync.audit import audit_line
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.workspace import Workspace

MORNING = timedelta(hours=24)
LEFT_WITHIN = timedelta(hours=36)
"""An entry has just left if it was in a chart within this time before the current one, and is not in the current one."""


@dataclass(frozen=True, slots=True)
class Track:
    """A chart entry on the page.

    Attributes:
        position: in the chart; 0 if the entry left it.
        url: of the track on Spotify; empty without a track.
        again_at: time of the next search for a missing track.
    """

    position: int
    artists: str
    title: str
    url: str = ""
    again_at: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.artists} – {self.title}"


@dataclass(frozen=True, slots=True)
class GenreBriefing:
    """A genre's morning.

    Attributes:
        run: its last run; None before the first.
        playlists: addresses by kind.
        current: that run ended within the last 24 hours.
        change: the last run that added to the playlist; None when none did.
        new: came into the collecting playlist, or the first of the others, within 24 hours, in chart order.
        left: stood in the chart before and left it.
        substitutes, doubtful, missing: of the present chart.
    """

    slug: str
    run: RunRow | None
    current: bool
    playlists: Mapping[PlaylistKind, str] = field(default_factory=dict)
    change: RunRow | None = None
    new: list[Track] = field(default_factory=list)
    left: list[Track] = field(default_factory=list)
    substitutes: list[Track] = field(default_factory=list)
    doubtful: list[Track] = field(default_factory=list)
    missing: list[Track] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        """Whether the playlist follows this morning's chart."""
        return self.current and self.run is not None and self.run.state != "failed"


@dataclass(frozen=True, slots=True)
class Briefing:
    """The morning of all genres, and the day's remaining calls.

    Attributes:
        calls: Spotify calls of the last 24 hours.
        left: calls that the budget still allows.
        quota_until: when Spotify's own quota is available again; None unless it is spent.
        sign_ins: a sentence about each sign-in's age.
        audit: the result of a person's audits of the matching; empty before the first.
    """

    at: datetime
    genres: Sequence[GenreBriefing]
    calls: int
    left: int
    quota_until: datetime | None
    sign_ins: Sequence[str] = ()
    audit: str = ""

    @property
    def is_ready(self) -> bool:
        return all(genre.is_ready for genre in self.genres)

    @property
    def peak_mb(self) -> float | None:
        """The highest peak memory of this morning's runs, in MiB."""
        peaks = [genre.run.peak_memory_mb for genre in self.genres if genre.current and genre.run and genre.run.peak_memory_mb]
        return max(peaks, default=None)


def read_briefing(workspace: Workspace, slugs: Sequence[str], sign_ins: Sequence[str] = ()) -> Briefing:
    """Collect these genres' morning from the ledger.

    Args:
        sign_ins: a sentence about each sign-in.
    """
    now, calls = workspace.now(), workspace.ledger.calls
    until = calls.quota_until()
    return Briefing(
        at=now,
        genres=[_genre_briefing(workspace, workspace.genre(slug)) for slug in slugs],
        calls=sum(calls.by_kind(now - WINDOW).values()),
        left=calls_left(calls, workspace.settings.spotify_daily_budget, now),
        quota_until=until if until is not None and until > now else None,
        sign_ins=sign_ins,
        audit=audit_line(workspace.ledger),
    )


def _genre_briefing(workspace: Workspace, genre: Genre) -> GenreBriefing:
    ledger, since = workspace.ledger, workspace.now() - MORNING
    run = ledger.runs.latest(genre.genre_id)
    current = run is not None and run.at >= since
    chart = ledger.charts.latest(genre.genre_id)
    remembered = remembered_playlists(workspace, genre)
    urls = {kind: names.playlist_url(one.playlist_id) for kind, one in remembered.items()}
    change = ledger.runs.last_change(genre.genre_id)
    if chart is None:
        return GenreBriefing(genre.slug, run, current, urls, change)
    matches = ledger.matches.latest([entry.beatport_id for entry in chart.entries])
    found = [match.track_id for match in matches.values() if match.track_id]
    playlist = next(iter(remembered.values()), None)
    history = ledger.history.rows(playlist.playlist_id, found) if playlist else {}
    arrived = {track_id for track_id, row in history.items() if row.added_at >= since}
    present = {entry.beatport_id for entry in chart.entries}
    before = ledger.charts.since(genre.genre_id, chart.scraped_at - LEFT_WITHIN)

    def chosen(wanted: set[int]) -> list[Track]:
        return [_track(entry, matches.get(entry.beatport_id)) for entry in chart.entries if entry.beatport_id in wanted]

    return GenreBriefing(
        genre.slug,
        run,
        current,
        urls,
        change,
        new=chosen({number for number, match in matches.items() if match.track_id in arrived}),
        left=[_track(entry, None, left=True) for entry in before if entry.beatport_id not in present],
        substitutes=chosen({number for number, match in matches.items() if match.version == "substitute"}),
        doubtful=chosen({number for number, match in matches.items() if is_doubtful(match)}),
        missing=chosen(_missing(matches)),
    )


def _missing(matches: Mapping[int, Match]) -> set[int]:
    return {number for number, match in matches.items() if not match.track_id and match.method not in ("person", "forgotten")}


def _track(entry: ChartEntry, match: Match | None, *, left: bool = False) -> Track:
    url = names.track_url(match.track_id) if match is not None and match.track_id else ""
    again_at = match.retry_at if match is not None and not match.track_id else None
    return Track(0 if left else entry.position, ", ".join(entry.artists), entry.full_title, url, again_at)
