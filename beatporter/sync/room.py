"""Room in a genre's playlist that is near Spotify's limit: its oldest tracks move to a continuation, which is taken into the ledger too."""

from __future__ import annotations

from beatporter import names
from beatporter.genres import Genre
from beatporter.records.track import PlaylistRef
from beatporter.spotify.continuation import continuation_name, make_room
from beatporter.spotify.playlists import ensure_playlist
from beatporter.sync.present import Here, ids_in_order, mark, take_in
from beatporter.sync.workspace import Workspace


def with_room(workspace: Workspace, genre: Genre, playlist: PlaylistRef, here: Here, adding: int, limit: int) -> Here:
    """What is known of the playlist once `adding` more fit in; nothing is asked of Spotify while they do.

    After a move both playlists are read, some 20 calls for each thousand entries, so that history and backups show them as they are.
    It happens once in about 500 additions.

    Raises:
        PlaylistFull: the person wants no continuation, or what stands there cannot be moved.
    """
    if playlist.total + adding <= limit:
        return here
    present = list(ids_in_order(workspace, playlist))
    used: list[PlaylistRef] = []

    def continuation(number: int) -> PlaylistRef:
        mark(workspace, playlist.playlist_id, "writing", None)  # only now: a run that finds no way to make room leaves no doubt
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
        for changed in (*used, playlist):
            here = take_in(workspace, workspace.spotify.playlist(changed.playlist_id), {}, record=True)
    return here
