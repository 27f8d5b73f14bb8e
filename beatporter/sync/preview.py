"""What a run would change in one of a list's playlists, and what that would cost. Reads what the run would read, sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beatporter.playlist_kinds import PlaylistKind
from beatporter.spotify.apply import writes_of
from beatporter.spotify.plan import changes_of
from beatporter.sync.account_playlists import CALLS_TO_CREATE, genre_playlist
from beatporter.sync.playlist import state_of
from beatporter.sync.playlist_details import calls_for_details
from beatporter.sync.playlist_plan import list_playlist, plan_for, wanted_tracks
from beatporter.sync.playlist_state import PlaylistReading, PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Preview:
    """A change that is not made.

    Attributes:
        added, removed: ids.
        moved: how many of the tracks that stay would change their order.
        calls: that the change would cost, besides reading.
    """

    added: list[str]
    removed: list[str]
    moved: int
    calls: int


def preview_playlist(
    workspace: Workspace, slug: str, beatport_ids: Sequence[int], track_ids: Sequence[str], *, kind: PlaylistKind = "collect"
) -> Preview:
    """What `update_playlist` would change; overrides that are due are not shown.

    Args:
        beatport_ids: the chart, in order.
        track_ids: what was found, in the wanted order.

    Raises:
        LookAlikeFound: the run would have to make a playlist, and would not, because the account has one that looks like it.
    """
    target = list_playlist(workspace, slug, kind)
    wanted = wanted_tracks(workspace, target, beatport_ids, track_ids)
    remembered = workspace.ledger.playlists.latest(target.number)
    state = PlaylistState(workspace, remembered.playlist_id) if remembered is not None else None
    listed = genre_playlist(workspace, target.genre, state.playlist_id if state else None, kind=kind, create=False, wanted=wanted)
    reading, calls, present = PlaylistReading(), 0, []
    if listed is None:
        playlist, calls = None, CALLS_TO_CREATE
    else:
        state = state_of(workspace, listed, state)
        playlist = state.present_of(listed)
        if not state.is_unchanged(playlist):
            reading = state.look(wanted, recordings=target.heeds_recordings)
        if kind == "mirror":
            present = list(reading.order) if reading.order is not None else state.ids_in_order(playlist)
    plan = plan_for(workspace, target, playlist, reading, wanted)
    if plan.is_empty:
        return Preview([], [], 0, 0)
    change = changes_of(plan, present)
    calls += writes_of(plan) + calls_for_details(target, is_new=playlist is None)
    return Preview(list(change.added), list(change.removed), change.moved, calls)
