"""Completes history rows that name no title, so that another release of a track that the person removed stays out too.

The script that Beatporter replaces recorded only the artist of most tracks. Such a row recognises its track by id alone. A playlist that
is read completes the rows of what is in it (`PlaylistState`). For what was removed it matters only when a track by the same artist is
about to be added. Then three sources complete the row: what the ledger says about its track elsewhere; the search that found the new
track, since its runners-up are often other releases; and as a last resort Spotify, a few calls a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from beatporter.errors import BeatporterError, RequestRefused
from beatporter.ledger.history import earliest_of
from beatporter.matching import is_without_title, keys_without_title, recording_key
from beatporter.quota.window import WINDOW
from beatporter.records.ledger import HistoryRow, Known
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.sync.candidates import candidate_of, known_of, match_recording
from beatporter.sync.workspace import Workspace

LOOKUPS_A_DAY = 20
"""Calls of the kind `other` in 24 hours above which no track is looked up here: 2 or 3 % of a day's quota."""
IDS_AT_ONCE = 50
"""Tracks that older apps may ask for in one call; newer ones get a track a call."""
GONE = "gone"
"""In the place of the version: Spotify no longer has the track, so it is not asked for it again."""

logger = logging.getLogger(__name__)


def complete_history(workspace: Workspace, playlist_id: str, matches: Iterable[Match], known: Known | None = None) -> int:
    """Complete rows of a playlist's history that may be one of these tracks; returns how many were completed.

    The most recent rows come first, because a second release usually follows within months. Rows that the day's calls do not
    suffice for are left for later runs. A failed look-up does not stop the run.

    Args:
        matches: the decisions that found the tracks that are about to be added, unless the history knows them.
        known: what the history knows of these tracks; looked up when it is not given.
    """
    by_candidate = {candidate_of(match): match for match in matches if match.track_id}
    known = known if known is not None else known_of(workspace, playlist_id, list(by_candidate))
    new = {
        one: match for one, match in by_candidate.items() if one.track_id not in known.track_ids and one.recording not in known.recordings
    }
    rows = incomplete_rows(workspace, playlist_id, {key for one in new for key in keys_without_title(one.recording)})
    found = _from_ledger(workspace, rows) | _from_searches(rows, new.values())
    left = [row for track_id, row in rows.items() if track_id not in found]
    found |= _from_spotify(workspace, sorted(left, key=lambda row: row.added_at, reverse=True))
    workspace.ledger.history.append(playlist_id, list(found.values()))
    return len(found)


def incomplete_rows(workspace: Workspace, playlist_id: str, recordings: Iterable[str]) -> dict[str, HistoryRow]:
    """The earliest rows of tracks with one of these recordings and no row with a title, by track id."""
    named = {row.track_id for row in workspace.ledger.history.rows_of_recordings(playlist_id, set(recordings))}
    rows = workspace.ledger.history.all_rows(playlist_id, named)
    titled = {row.track_id for row in rows if not is_without_title(row.recording)}
    return {track_id: row for track_id, row in earliest_of(rows).items() if track_id not in titled}


def completed(row: HistoryRow, track: SpotifyTrack) -> HistoryRow:
    """The row with what Spotify says about its track."""
    return replace(row, isrc=track.isrc, recording=recording_key(track.name, track.artists))


def _from_ledger(workspace: Workspace, rows: Mapping[str, HistoryRow]) -> dict[str, HistoryRow]:
    """Rows completed from other histories and from decisions."""
    found: dict[str, HistoryRow] = {}
    for other in workspace.ledger.history.all_rows(None, rows.keys()):
        if not is_without_title(other.recording):
            found[other.track_id] = replace(rows[other.track_id], isrc=other.isrc, recording=other.recording)
    for track_id, match in workspace.ledger.matches.that_took(list(rows.keys())).items():
        found[track_id] = replace(rows[track_id], isrc=match.track_isrc, recording=match_recording(match))
    return found


def _from_searches(rows: Mapping[str, HistoryRow], matches: Iterable[Match]) -> dict[str, HistoryRow]:
    """Rows completed from the searches that found the new tracks."""
    runners_up = [one.track for match in matches for one in match.runners_up if one.track_id in rows]
    return {track.track_id: completed(rows[track.track_id], track) for track in runners_up}


def _from_spotify(workspace: Workspace, rows: Sequence[HistoryRow]) -> dict[str, HistoryRow]:
    """Rows completed by asking Spotify, as far as the day's look-ups go."""
    if not rows:
        return {}
    # The ledger counts this process's own calls with a delay, so they are added, at worst twice.
    used = workspace.ledger.calls.by_kind(workspace.now() - WINDOW).get("other", 0) + workspace.spotify.calls.get("other", 0)
    if used >= LOOKUPS_A_DAY:
        return {}
    try:
        tracks = workspace.spotify.tracks([row.track_id for row in rows[:IDS_AT_ONCE]], most_calls=LOOKUPS_A_DAY - used)
    except RequestRefused as error:
        logger.warning("Rows of the old history stay incomplete: %s", error)
        return {}
    except BeatporterError as error:  # quota, time-out: the run itself meets the same and says so
        logger.info("Rows of the old history stay incomplete for now: %s", error)
        return {}
    by_id = {row.track_id: row for row in rows}
    return {track_id: completed(by_id[track_id], track) if track else _gone(by_id[track_id]) for track_id, track in tracks.items()}


def _gone(row: HistoryRow) -> HistoryRow:
    return replace(row, recording=f"{row.recording}{GONE}")
