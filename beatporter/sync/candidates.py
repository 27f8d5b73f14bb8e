"""What was found for chart entries: decisions by Spotify track, and which of the tracks a genre's playlist never had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from beatporter.genres import Genre
from beatporter.matching import recording_key
from beatporter.records.ledger import HistoryRow, Known
from beatporter.records.match import Match
from beatporter.spotify.plan import Candidate, select_new
from beatporter.sync.workspace import Workspace


def matches_by_track(workspace: Workspace, beatport_ids: Sequence[int], track_ids: Iterable[str] = ()) -> dict[str, Match]:
    """The decisions that found a chart's tracks, by Spotify id; where two entries are one track, the higher one's.

    Args:
        beatport_ids: the chart, in its order.
        track_ids: tracks that earlier charts may have brought; the decisions that found them are looked up by track.
    """
    matches = workspace.ledger.matches.latest(beatport_ids)
    by_track: dict[str, Match] = {}
    for beatport_id in beatport_ids:
        match = matches.get(beatport_id)
        if match is not None and match.track_id:
            by_track.setdefault(match.track_id, match)
    if others := [track_id for track_id in track_ids if track_id not in by_track]:
        found = workspace.ledger.matches.by_track(others)
        by_track.update((track_id, min(found[track_id], key=lambda match: match.beatport_id)) for track_id in others if track_id in found)
    return by_track


def match_recording(match: Match) -> str:
    """The history's `recording` of what was found for a chart entry."""
    return recording_key(match.track_name or "", match.track_artists)


def history_row(match: Match, added_at: datetime) -> HistoryRow:
    """The history's row of what was found for a chart entry."""
    return HistoryRow(match.track_id or "", match.track_isrc, match_recording(match), match.beatport_id, "chart", added_at)


def candidate_of(match: Match) -> Candidate:
    """What was found, with what makes it the same recording under another id."""
    return Candidate(match.track_id or "", match.track_isrc, match_recording(match))


def known_of(workspace: Workspace, playlist_id: str, candidates: Sequence[Candidate]) -> Known:
    """What a playlist's history has of the candidates, by id, ISRC and recording."""
    return workspace.ledger.history.known(
        playlist_id,
        [one.track_id for one in candidates],
        [one.isrc for one in candidates if one.isrc],
        [one.recording for one in candidates if one.recording],
    )


def removed_from_earlier(workspace: Workspace, genre: Genre, playlist_id: str, candidates: Sequence[Candidate]) -> frozenset[str]:
    """Ids of candidates that the person took out of a playlist that the genre had before this one.

    A playlist that was deleted as a whole begins anew, but what was thrown out of it before that stays out: its history has it, its last
    backup does not.
    """
    gone: set[str] = set()
    for earlier in workspace.ledger.playlists.ids(genre.genre_id) - {playlist_id}:
        held = known_of(workspace, earlier, candidates).track_ids
        backup = workspace.ledger.backups.latest(earlier)
        if held and backup is not None:
            gone |= held - {row.track_id for row in workspace.ledger.backups.items(earlier, backup.snapshot_id)}
    return frozenset(gone)


def never_had(workspace: Workspace, genre: Genre, matches: Iterable[Match]) -> set[str]:
    """Spotify ids among what was found that none of the genre's playlists ever had, of several for one recording the first."""
    candidates = [candidate_of(match) for match in matches if match.track_id]
    if not candidates:
        return set()
    playlists = sorted(workspace.ledger.playlists.ids(genre.genre_id))
    return set(select_new(candidates, *(known_of(workspace, playlist_id, candidates) for playlist_id in playlists)))
