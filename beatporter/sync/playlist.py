"""Step 3: bring the genre's playlist up to date by sending the difference only.

What the playlist holds is `present`'s business. A write that was sent but not yet recorded in the history makes the next run read the
playlist, so nothing is added twice; what a crash or a spent quota left out is added by the next run.
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
from beatporter.spotify.plan import PLAYLIST_LIMIT, Plan, fresh, plan_collect
from beatporter.sync.account import genre_playlist
from beatporter.sync.correct import correct_playlist, corrections_due
from beatporter.sync.found import candidate_of, known_of, matches_by_track, thrown_out_before
from beatporter.sync.present import Here, as_it_is_now, doubt, ids_in_order, mark, take_in
from beatporter.sync.room import with_room
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
    """Ids that came into the genre's playlist, top first; with `dry_run` those that would.

    Tracks that the playlist once held, under the same id or as the same recording, stay away. What the person put in by hand goes to
    the history on the way. A track of this chart that is there already but in no history counts as added: a run that died after
    its write left it. When Spotify refuses for lack of quota, or asks for too long a wait, what is not there yet is left for the
    next run.

    Args:
        beatport_ids: the chart, in its order.
        track_ids: what was found, in the order in which it is to stand.
        limit: entries that a playlist may hold.

    Raises:
        TransientError: Spotify did not answer; it is safe to call again.
        PlaylistFull: there is no room, and the person wants no continuation or nothing can be moved.
    """
    genre = workspace.genre(slug)
    by_track = matches_by_track(workspace, beatport_ids, track_ids)
    wanted = {track_id: by_track[track_id] for track_id in track_ids if track_id in by_track}
    report(Progress(slug, "playlist", 0, len(wanted)))
    if dry_run:
        return _would_add(workspace, genre, wanted)
    arrived: set[str] = set()
    remembered = workspace.ledger.playlists.latest(genre.genre_id)
    if remembered is not None:
        doubt(workspace, remembered.playlist_id)
    try:
        _add_missing(workspace, genre, wanted, arrived, limit)
    except (QuotaExceeded, RateLimited) as error:
        logger.warning("%s: what is not in the playlist yet is left for the next run: %s", slug, error)
    return [track_id for track_id in wanted if track_id in arrived]


def _add_missing(workspace: Workspace, genre: Genre, wanted: Mapping[str, Match], arrived: set[str], limit: int) -> None:
    """Put what is missing on top; `arrived` gets what the history has to learn, also when an error goes up."""
    playlist = genre_playlist(workspace, genre, create=bool(wanted))
    if playlist is None:
        return
    playlist = _corrected(workspace, genre, as_it_is_now(workspace, playlist))
    here = take_in(workspace, playlist, wanted, record=True)
    arrived.update(here.left_behind)
    plan = _plan(workspace, genre, playlist, wanted, here)
    if not plan.add:
        if here.read:
            mark(workspace, playlist.playlist_id, "written", playlist.snapshot_id if here.backed_up else None)
        return
    here = with_room(workspace, genre, playlist, here, len(plan.add), limit)
    mark(workspace, playlist.playlist_id, "writing", None, plan.add)
    applied = apply_update(workspace.spotify, playlist.playlist_id, plan, sleep=workspace.sleep, on_added=arrived.update)
    mark(workspace, playlist.playlist_id, "written", applied.snapshot_id if here.backed_up else None, plan.add)


def _would_add(workspace: Workspace, genre: Genre, wanted: Mapping[str, Match]) -> list[str]:
    playlist = genre_playlist(workspace, genre, create=False)
    if playlist is None:
        return list(fresh(map(candidate_of, wanted.values())))
    playlist = as_it_is_now(workspace, playlist)
    return list(_plan(workspace, genre, playlist, wanted, take_in(workspace, playlist, wanted, record=False)).add)


def _plan(workspace: Workspace, genre: Genre, playlist: PlaylistRef, wanted: Mapping[str, Match], here: Here) -> Plan:
    """What is neither there nor was ever there, in the order given."""
    candidates = [candidate_of(match) for match in wanted.values()]
    there = [one for one in candidates if one.track_id in here.present]
    present = Known(
        here.present, frozenset(one.isrc for one in there if one.isrc), frozenset(one.recording for one in there if one.recording)
    )
    wished = fresh(candidates, known_of(workspace, playlist.playlist_id, candidates), present)
    return plan_collect(wished, here.present, here.thrown_out | thrown_out_before(workspace, genre, playlist.playlist_id, candidates))


def _corrected(workspace: Workspace, genre: Genre, playlist: PlaylistRef) -> PlaylistRef:
    """The playlist after a person's words were carried out in it."""
    due = corrections_due(workspace, genre, playlist.playlist_id)
    if due is None:
        return playlist
    held = {track_id: position for position, track_id in enumerate(ids_in_order(workspace, playlist)) if track_id}
    return as_it_is_now(workspace, playlist) if correct_playlist(workspace, playlist, due, held) else playlist
