"""What a run would change in one of a list's playlists, and what that would cost. Reads what the run would read, sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from beatporter.playlist_kinds import PlaylistKind
from beatporter.records.track import PlaylistRef
from beatporter.spotify.client import reads_of
from beatporter.spotify.plan import Plan, changes_of, writes_of
from beatporter.sync.account_playlists import CALLS_TO_CREATE, genre_playlist
from beatporter.sync.apply_overrides import overrides_due
from beatporter.sync.playlist import state_of
from beatporter.sync.playlist_details import calls_for_details
from beatporter.sync.playlist_plan import ListPlaylist, list_playlist, plan_for, wanted_tracks
from beatporter.sync.playlist_reading import PlaylistReading
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Preview:
    """A change that is not made.

    Attributes:
        added, removed: ids.
        moved: how many of the tracks that stay would change their order.
        calls: that the change would cost.
    """

    added: list[str]
    removed: list[str]
    moved: int
    calls: int


def preview_playlist(
    workspace: Workspace, slug: str, beatport_ids: Sequence[int], track_ids: Sequence[str], *, kind: PlaylistKind = "collect"
) -> Preview:
    """What `update_playlist` would change.

    Args:
        beatport_ids: the chart, in order.
        track_ids: what was found, in the wanted order.

    Raises:
        LookAlikeFound: the run would have to make a playlist, and would not, because the account has one that looks like it.
    """
    target = list_playlist(workspace, slug, kind)
    wanted = wanted_tracks(workspace, target, beatport_ids, track_ids)
    state = PlaylistState.of_list(workspace, target.number)
    listed = genre_playlist(workspace, target.genre, state.playlist_id if state else None, kind=kind, create=False, wanted=wanted)
    if listed is None:
        plan = plan_for(workspace, target, None, PlaylistReading(), wanted)
        calls = CALLS_TO_CREATE + writes_of(plan) + calls_for_details(target, is_new=True)
        return Preview(list(plan.replace or plan.add), [], 0, 0 if plan.is_empty else calls)
    state = state_of(workspace, listed, state)
    playlist = state.present_of(listed)
    is_unchanged = state.is_unchanged(playlist)
    reading = PlaylistReading() if is_unchanged else state.look(wanted, recordings=target.heeds_recordings)

    def present() -> list[str | None]:
        return list(reading.order) if reading.order is not None else state.ids_in_order(playlist)

    corrected = _corrections(workspace, target, playlist, present)
    plan = plan_for(workspace, target, playlist, reading, wanted)
    plan = replace(plan, add=tuple(track_id for track_id in plan.add if track_id not in corrected.added))
    change = changes_of(plan, present() if plan.replace is not None else ())
    calls = 0 if plan.is_empty else writes_of(plan) + calls_for_details(target, is_new=False)
    return Preview([*corrected.added, *change.added], [*corrected.removed, *change.removed], change.moved, corrected.calls + calls)


def _corrections(workspace: Workspace, target: ListPlaylist, playlist: PlaylistRef, present: Callable[[], list[str | None]]) -> Preview:
    """What the person's overrides would change, and its calls: the playlist is read before and after. A mirror follows its chart anyway."""
    nothing = Preview([], [], 0, 0)
    if target.kind == "mirror":
        return nothing
    due = overrides_due(workspace, target.genre, playlist.playlist_id)
    held = set(present()) if due.wrong or due.back else set()
    removed = [track_id for track_id in due.wrong if track_id in held]
    right = [due.wrong[track_id].track_id for track_id in removed] + list(due.back)
    added = [track_id for track_id in dict.fromkeys(right) if track_id and track_id not in held]
    if not removed and not added:
        return nothing
    reads = 1 + 2 * reads_of(playlist.total)
    return Preview(added, removed, 0, reads + len(added) + writes_of(Plan(remove=tuple(removed))))
