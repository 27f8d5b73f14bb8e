"""Overrides: a person sets, rules out or withdraws a match. Playlists follow at the next run, see `apply_overrides`.

An override is a decision like any other, and the latest one of an entry counts; the rules never overrule it. Every track that the entry
had before is kept as a correction, so that each playlist with a wrong track loses it and gets the right one in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from beatporter.errors import SettingsError
from beatporter.matching import RULES
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import CorrectionRow
from beatporter.records.match import Match, Method
from beatporter.records.track import SpotifyTrack
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Subject:
    """What a person can override.

    Attributes:
        entry: from its genre's last chart; None when no last chart has it any more.
        slug: that genre.
        match: the current decision; None when there never was one.
    """

    beatport_id: int
    entry: ChartEntry | None
    slug: str
    match: Match | None


def find_subject(workspace: Workspace, beatport_id: int) -> Subject:
    """Find what is known about a Beatport id.

    Raises:
        SettingsError: the id was in no chart that was read.
    """
    match = workspace.ledger.matches.latest([beatport_id]).get(beatport_id)
    for genre in workspace.settings.all_lists().values():
        chart = workspace.ledger.charts.latest(genre.genre_id)
        for entry in chart.entries if chart else ():
            if entry.beatport_id == beatport_id:
                return Subject(beatport_id, entry, genre.slug, match)
    if match is None:
        raise SettingsError(
            f"No chart read so far has the Beatport id {beatport_id}.", "`beatporter match show GENRE` lists the ids of a genre's chart."
        )
    return Subject(beatport_id, None, "", match)


def set_match(workspace: Workspace, beatport_id: int, track: SpotifyTrack) -> Match:
    """Choose this track for the chart entry.

    Raises:
        SettingsError: the id is unknown.
    """
    override = _override(workspace, beatport_id, "person", "a person chose it")
    override = replace(
        override,
        track_id=track.track_id,
        version="same",
        track_name=track.name,
        track_artists=track.artists,
        track_isrc=track.isrc,
        track_duration_ms=track.duration_ms,
        track_album=track.album,
        track_album_type=track.album_type,
        track_release_date=track.release_date,
        score=100.0,
    )
    return _keep(workspace, override)


def never_match(workspace: Workspace, beatport_id: int) -> Match:
    """Rule out every track for the chart entry.

    Raises:
        SettingsError: the id is unknown.
    """
    return _keep(workspace, _override(workspace, beatport_id, "person", "a person ruled every track out"))


def forget_match(workspace: Workspace, beatport_id: int) -> Match:
    """Withdraw the decision; the next run searches again.

    Raises:
        SettingsError: the id is unknown.
    """
    return _keep(workspace, _override(workspace, beatport_id, "forgotten", "a person took the decision back"))


def _override(workspace: Workspace, beatport_id: int, method: Method, reason: str) -> Match:
    subject = find_subject(workspace, beatport_id)
    previous, now = subject.match, workspace.now()
    if previous is None:
        isrc = subject.entry.isrc if subject.entry else None
        return Match(beatport_id, isrc, None, method, 0.0, None, RULES, now, None, (reason,))
    at = max(now, previous.decided_at + timedelta(seconds=1))
    return Match(beatport_id, previous.isrc, None, method, 0.0, None, RULES, at, None, (reason,), runners_up=previous.runners_up)


def _keep(workspace: Workspace, override: Match) -> Match:
    """Save the override, and a correction for each track that the entry had: ruled out, or unchanged when a decision is withdrawn."""
    previous = workspace.ledger.matches.latest([override.beatport_id]).get(override.beatport_id)
    known = {row.replaces: row.at for row in workspace.ledger.corrections.all() if row.beatport_id == override.beatport_id}
    had = {previous.track_id} if previous and previous.track_id else set()
    had = had | known.keys() if override.method == "person" else had - known.keys()
    with workspace.ledger.transaction():
        for track_id in sorted(had - {override.track_id}):
            at = max(override.decided_at, known[track_id] + timedelta(seconds=1)) if track_id in known else override.decided_at
            instead = override.track_id if override.method == "person" else track_id
            workspace.ledger.corrections.append(CorrectionRow(override.beatport_id, track_id, instead, at))
        workspace.ledger.matches.append([override])
    return override
