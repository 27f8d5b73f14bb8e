"""Makes room in a genre's playlist near Spotify's limit: moves its oldest tracks to a continuation and records this in the ledger."""

from __future__ import annotations

from beatporter import names
from beatporter.genres import Genre
from beatporter.records.track import PlaylistRef
from beatporter.spotify.overflow import continuation_name, make_room
from beatporter.spotify.playlists import ensure_playlist
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


def make_room_for(workspace: Workspace, genre: Genre, playlist: PlaylistRef, state: PlaylistState, adding: int, limit: int) -> int:
    """Make sure that `adding` more tracks fit into the playlist; Spotify is not called while they do. Returns how many were moved.

    After a move both playlists are read, about 20 calls for each thousand entries, so that history and backups show their current
    state. This happens once in about 500 additions.

    Raises:
        PlaylistFull: the person wants no continuation, or what is there cannot be moved.
    """
    if playlist.total + adding <= limit:
        return 0
    present = state.ids_in_order(playlist)
    options = workspace.settings.playlist_options(genre)
    used: list[PlaylistRef] = []

    def continuation(number: int) -> PlaylistRef:
        state.begin_write()  # only now: a run that cannot make room leaves no unconfirmed write
        name = continuation_name(names.playlist_name(options, genre), number)
        found = ensure_playlist(
            workspace.spotify,
            workspace.spotify.playlists(),
            workspace.account_id,
            None,
            name,
            public=options.public,
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
        oldest_on_top=options.add_at == "end",
        sleep=workspace.sleep,
    )
    if moved:
        for changed in used:
            PlaylistState(workspace, changed.playlist_id).reconcile(workspace.spotify.playlist(changed.playlist_id), {})
        state.reconcile(workspace.spotify.playlist(playlist.playlist_id), {})
    return len(moved)
