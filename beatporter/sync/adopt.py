"""Adopts playlists that the account already has: remembers them as those of a list, so that no second one is made.

Adopting changes only the ledger. The next run reads the playlist and puts what is in it into the history.
"""

from __future__ import annotations

from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import RememberedPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.sync.account_playlists import genre_playlist
from beatporter.sync.workspace import Workspace


def make_beside_similar(workspace: Workspace, genre: Genre, kind: PlaylistKind) -> PlaylistRef:
    """Make a new playlist for a list that has none, even if the account has one that looks like it.

    Raises:
        SettingsError: the list has one.
        UpstreamDown: it is unknown whether it was made.
    """
    remembered = workspace.ledger.playlists.latest(playlist_number(genre, kind))
    made = genre_playlist(workspace, genre, remembered.playlist_id if remembered else None, kind=kind, create=True)
    if made is None:
        raise AssertionError("it is created when there is none")
    if remembered is not None and made.playlist_id == remembered.playlist_id:
        raise SettingsError(
            f"{genre.slug} has a {kind} playlist already: {made.name!r:.120}.", "Adopt another one, or delete it in Spotify first."
        )
    return made


def adopt_playlist(workspace: Workspace, genre: Genre, kind: PlaylistKind, playlist: PlaylistRef) -> bool:
    """Remember a playlist as the list's; returns whether this is new.

    Raises:
        SettingsError: the playlist belongs to another account, or is another list's.
    """
    check_adoptable(workspace, genre, kind, playlist)
    number = playlist_number(genre, kind)
    before = workspace.ledger.playlists.latest(number)
    if before is not None and before.playlist_id == playlist.playlist_id:
        return False
    workspace.ledger.playlists.append(RememberedPlaylist(number, playlist.playlist_id, playlist.name, workspace.now()))
    return True


def check_adoptable(workspace: Workspace, genre: Genre, kind: PlaylistKind, playlist: PlaylistRef) -> None:
    """Check that a playlist can be the list's.

    Raises:
        SettingsError: it belongs to another account, or is another list's.
    """
    if playlist.owner_id != workspace.account_id:
        raise SettingsError(
            f"{playlist.name!r:.120} belongs to the account {playlist.owner_id}, not to yours.",
            "Only your own playlists can be kept up to date.",
        )
    number = workspace.ledger.playlists.numbers().get(playlist.playlist_id)
    if number not in (None, playlist_number(genre, kind)):
        raise SettingsError(
            f"{playlist.name!r:.120} is already the playlist of another list or kind.",
            "Adopt another playlist, or give that list another one first.",
        )
