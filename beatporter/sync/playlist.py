"""Step 3: bring one of the list's playlists up to date by sending only the difference.

`playlist_state` knows what the playlist holds, `playlist_plan` what to change in it. After a write with unknown outcome the next run
reads the playlist, so nothing is added twice; it also adds what a crash or a spent quota left out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from beatporter.errors import QuotaExceeded, RateLimited
from beatporter.playlist_kinds import PlaylistKind
from beatporter.progress import Progress, report
from beatporter.records.ledger import Known
from beatporter.records.match import Match
from beatporter.records.track import PlaylistRef
from beatporter.spotify.apply import apply_update
from beatporter.spotify.plan import PLAYLIST_LIMIT
from beatporter.sync.account_playlists import genre_playlist
from beatporter.sync.apply_overrides import apply_overrides
from beatporter.sync.candidates import KnownTracks, candidate_of, known_of
from beatporter.sync.complete_history import complete_history
from beatporter.sync.playlist_details import write_details
from beatporter.sync.playlist_plan import ListPlaylist, list_playlist, plan_for, wanted_tracks
from beatporter.sync.playlist_reading import PlaylistReading
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.record_overflow import make_room_for
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)


def update_playlist(
    workspace: Workspace,
    slug: str,
    beatport_ids: Sequence[int],
    track_ids: Sequence[str],
    *,
    kind: PlaylistKind = "collect",
    limit: int = PLAYLIST_LIMIT,
) -> list[str]:
    """Ids added to the list's playlist of this kind, in the order of the chart.

    Tracks that count as known (docs/playlists.md: digging) stay away, under the same id or as the same recording. Tracks that the person
    put in by hand go into the history as well. A track of this chart that is already there but in no history counts as added: a run that
    died after its write left it. When Spotify refuses for lack of quota, or asks for too long a wait, what is not there yet is left for
    the next run.

    Args:
        beatport_ids: the chart, in order.
        track_ids: what was found, in the wanted order.
        limit: entries that a playlist may hold.

    Raises:
        TransientError: Spotify did not answer; calling again is safe.
        PlaylistFull: there is no room, and the person wants no continuation or nothing can be moved.
    """
    target = list_playlist(workspace, slug, kind)
    wanted = wanted_tracks(workspace, target, beatport_ids, track_ids)
    report(Progress(slug, "playlist", 0, len(wanted)))
    state = PlaylistState.of_list(workspace, target.number)
    caught_up = state.catch_up() if state is not None else []
    arrived = set(caught_up)
    try:
        _bring_up_to_date(workspace, target, state, wanted, arrived, limit)
    except (QuotaExceeded, RateLimited) as error:
        logger.warning("%s: what is not in the %s playlist yet is left for the next run: %s", slug, kind, error)
    made_up = caught_up if kind == "daily" else []
    return [track_id for track_id in dict.fromkeys([*wanted, *made_up]) if track_id in arrived]


def _bring_up_to_date(
    workspace: Workspace, target: ListPlaylist, state: PlaylistState | None, wanted: dict[str, Match], arrived: set[str], limit: int
) -> None:
    """Make the change; `arrived` collects what the history must record, also when an error is raised."""
    remembered_id = state.playlist_id if state else None
    listed = genre_playlist(workspace, target.genre, remembered_id, kind=target.kind, create=bool(wanted), wanted=wanted)
    if listed is None:
        return
    is_new = listed.playlist_id != remembered_id and listed.total == 0
    state = state_of(workspace, listed, state)
    playlist, reading = _read_if_changed(state, target, listed, wanted)
    arrived.update(reading.left_behind)
    if target.kind != "mirror" and apply_overrides(workspace, target.genre, playlist, state):
        playlist, again = _read_if_changed(state, target, playlist, wanted)
        reading = replace(again, removed_by_user=reading.removed_by_user)
    history = _history_of(workspace, playlist.playlist_id, wanted) if target.heeds_history else None
    plan = plan_for(workspace, target, playlist, reading, wanted, history)
    if plan.is_empty:
        return
    if target.kind == "collect":
        moved = make_room_for(workspace, target.genre, playlist, state, len(plan.add), limit)
        plan = replace(plan, position=max(0, plan.position - moved))
    write_details(workspace, target, playlist.playlist_id, is_new=is_new)
    whole = plan.replace is not None
    state.begin_write(plan.replace if plan.replace is not None else plan.add, None if whole else plan.position, at_end=plan.at_end)
    applied = apply_update(
        workspace.spotify, playlist.playlist_id, plan, sleep=workspace.sleep, on_added=arrived.update, id_of=KnownTracks(wanted).id_of
    )
    state.confirm_write(applied.snapshot_id)


def _history_of(workspace: Workspace, playlist_id: str, wanted: Mapping[str, Match]) -> Known:
    """What the playlist's history knows of the wanted tracks, after its rows were completed where that matters for them."""
    candidates = [candidate_of(match) for match in wanted.values()]
    known = known_of(workspace, playlist_id, candidates)
    return known_of(workspace, playlist_id, candidates) if complete_history(workspace, playlist_id, wanted.values(), known) else known


def _read_if_changed(
    state: PlaylistState, target: ListPlaylist, listed: PlaylistRef, wanted: dict[str, Match]
) -> tuple[PlaylistRef, PlaylistReading]:
    """The playlist's current state, read when somebody may have changed it."""
    playlist = state.present_of(listed)
    if state.is_unchanged(playlist):
        return playlist, PlaylistReading()
    return playlist, state.reconcile(playlist, wanted, recordings=target.heeds_recordings)


def state_of(workspace: Workspace, listed: PlaylistRef, known: PlaylistState | None) -> PlaylistState:
    """The state of the listed playlist: the one that is loaded already, if that is it."""
    return known if known is not None and known.playlist_id == listed.playlist_id else PlaylistState(workspace, listed.playlist_id)
