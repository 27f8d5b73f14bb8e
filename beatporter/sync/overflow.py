"""Room in a genre's playlist that is near Spotify's limit: its oldest tracks move to a continuation, which is taken into the ledger too."""

from __future__ import annotations

from beatporter import names
from beatporter.genres import Genre
from beatporter.records.track import PlaylistRef
from beatporter.spotify.overflow import continuation_name, make_room
from beatporter.spotify.playlists import ensure_playlist
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def make_room_for(workspace: Workspace, genre: Genre, playlist: PlaylistRef, state: PlaylistState, adding: int, limit: int) -> None:
    """See that `adding` more fit into the playlist; nothing is asked of Spotify while they do.

    After a move both playlists are read, some 20 calls for each thousand entries, so that history and backups show them as they are.
    It happens once in about 500 additions.

    Raises:
        PlaylistFull: the person wants no continuation, or what stands there cannot be moved.
    """
    if playlist.total + adding <= limit:
        return
    present = state.ids_in_order(playlist)
    used: list[PlaylistRef] = []

    def continuation(number: int) -> PlaylistRef:
        state.begin_write()  # only now: a run that finds no way to make room leaves no doubt
        name = continuation_name(names.playlist_name(workspace.settings.playlist_name, genre), number)
        found = ensure_playlist(
            workspace.spotify,
            workspace.spotify.playlists(),
            workspace.account_id,
            None,
            name,
            public=workspace.settings.playlist_public,
            description=f"Older tracks of {playlist.name}, kept by Beatporter.",
            sleep=workspace.sleep,
        )
        used.append(found)
        return found

    moved = make_room(
        workspace.spotify,
        playlist,
        present,
        adding,
        when_full=workspace.settings.playlist_when_full,
        continuation=continuation,
        limit=limit,
        sleep=workspace.sleep,
    )
    if moved:
        for changed in used:
            PlaylistState(workspace, changed.playlist_id).reconcile(workspace.spotify.playlist(changed.playlist_id), {})
        state.reconcile(workspace.spotify.playlist(playlist.playlist_id), {})
