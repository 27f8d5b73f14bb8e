"""Step 3: bring the genre's playlist up to date by sending only the difference.

`playlist_state` knows what the playlist holds. After a write with unknown outcome the next run reads the playlist, so nothing is added
twice; it also adds what a crash or a spent quota left out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from beatporter.errors import QuotaExceeded, RateLimited
from beatporter.genres import Genre
from beatporter.progress import Progress, report
from beatporter.records.ledger import Known
from beatporter.records.match import Match
from beatporter.records.track import PlaylistRef
from beatporter.spotify.apply import apply_update
from beatporter.spotify.plan import PLAYLIST_LIMIT, Plan, plan_collect, select_new
from beatporter.sync.account_playlists import genre_playlist
from beatporter.sync.apply_overrides import apply_overrides
from beatporter.sync.candidates import KnownTracks, candidate_of, known_of, matches_by_track, removed_from_earlier
from beatporter.sync.complete_history import complete_history
from beatporter.sync.overflow import make_room_for
from beatporter.sync.playlist_state import PlaylistReading, PlaylistState
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)


def update_playlist(
    workspace: Workspace,
    slug: str,
    beatport_ids: Sequence[int],
    track_ids: Sequence[str],
    *,
    dry_run: bool = False,
    limit: int = PLAYLIST_LIMIT,
) -> list[str]:
    """Ids added to the genre's playlist, top first; with `dry_run` those that would be.

    Tracks that the playlist once held, under the same id or as the same recording, stay away. Tracks that the person put in by hand go
    into the history as well. A track of this chart that is already there but in no history counts as added: a run that died after its
    write left it. When Spotify refuses for lack of quota, or asks for too long a wait, what is not there yet is left for the next run.

    Args:
        beatport_ids: the chart, in order.
        track_ids: what was found, in the wanted order.
        limit: entries that a playlist may hold.

    Raises:
        TransientError: Spotify did not answer; calling again is safe.
        PlaylistFull: there is no room, and the person wants no continuation or nothing can be moved.
    """
    genre = workspace.genre(slug)
    by_track = matches_by_track(workspace, beatport_ids, track_ids)
    wanted = {track_id: by_track[track_id] for track_id in track_ids if track_id in by_track}
    report(Progress(slug, "playlist", 0, len(wanted)))
    remembered = workspace.ledger.playlists.latest(genre.genre_id)
    state = PlaylistState(workspace, remembered.playlist_id) if remembered is not None else None
    if dry_run:
        return _would_add(workspace, genre, state, wanted)
    arrived = set(state.catch_up()) if state is not None else set()
    try:
        _add_missing(workspace, genre, state, wanted, arrived, limit)
    except (QuotaExceeded, RateLimited) as error:
        logger.warning("%s: what is not in the playlist yet is left for the next run: %s", slug, error)
    return [track_id for track_id in wanted if track_id in arrived]


def _add_missing(
    workspace: Workspace, genre: Genre, state: PlaylistState | None, wanted: Mapping[str, Match], arrived: set[str], limit: int
) -> None:
    """Put what is missing on top; `arrived` collects what the history must record, also when an error is raised."""
    listed = genre_playlist(workspace, genre, state.playlist_id if state else None, create=bool(wanted), wanted=wanted)
    if listed is None:
        return
    state = _state_of(workspace, listed, state)
    playlist, reading = _brought_up_to_date(state, listed, wanted)
    arrived.update(reading.left_behind)
    if apply_overrides(workspace, genre, playlist, state):
        playlist, again = _brought_up_to_date(state, playlist, wanted)
        reading = PlaylistReading(again.present, again.left_behind, reading.removed_by_user)
    complete_history(workspace, playlist.playlist_id, wanted.values())
    plan = _plan(workspace, genre, playlist, wanted, reading)
    if not plan.add:
        return
    make_room_for(workspace, genre, playlist, state, len(plan.add), limit)
    state.begin_write(plan.add)
    applied = apply_update(
        workspace.spotify, playlist.playlist_id, plan, sleep=workspace.sleep, on_added=arrived.update, id_of=KnownTracks(wanted).id_of
    )
    state.confirm_write(applied.snapshot_id)


def _brought_up_to_date(state: PlaylistState, listed: PlaylistRef, wanted: Mapping[str, Match]) -> tuple[PlaylistRef, PlaylistReading]:
    """The playlist's current state, read when somebody may have changed it."""
    playlist = state.present_of(listed)
    return playlist, PlaylistReading() if state.is_unchanged(playlist) else state.reconcile(playlist, wanted)


def _state_of(workspace: Workspace, listed: PlaylistRef, known: PlaylistState | None) -> PlaylistState:
    return known if known is not None and known.playlist_id == listed.playlist_id else PlaylistState(workspace, listed.playlist_id)


def _would_add(workspace: Workspace, genre: Genre, state: PlaylistState | None, wanted: Mapping[str, Match]) -> list[str]:
    listed = genre_playlist(workspace, genre, state.playlist_id if state else None, create=False)
    if listed is None:
        return list(select_new(map(candidate_of, wanted.values())))
    state = _state_of(workspace, listed, state)
    playlist = state.present_of(listed)
    reading = PlaylistReading() if state.is_unchanged(playlist) else state.look(wanted)
    return list(_plan(workspace, genre, playlist, wanted, reading).add)


def _plan(workspace: Workspace, genre: Genre, playlist: PlaylistRef, wanted: Mapping[str, Match], reading: PlaylistReading) -> Plan:
    """Plan what is neither there nor was ever there, in the order given."""
    candidates = [candidate_of(match) for match in wanted.values()]
    there = [one for one in candidates if one.track_id in reading.present]
    present = Known(
        reading.present, frozenset(one.isrc for one in there if one.isrc), frozenset(one.recording for one in there if one.recording)
    )
    wished = select_new(candidates, known_of(workspace, playlist.playlist_id, candidates), present)
    return plan_collect(
        wished, reading.present, reading.removed_by_user | removed_from_earlier(workspace, genre, playlist.playlist_id, candidates)
    )
