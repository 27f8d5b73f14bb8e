"""What the person does in Spotify's own app, behind the product's back. For tests and demos; costs no quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.spotify.playlist import ItemKind, Playlist

if TYPE_CHECKING:
    from sandbox.spotify.models import SpotifyState


class Person:
    """Acts on playlists by name or id; a name means the newest playlist with that name in the library."""

    def __init__(self, state: SpotifyState) -> None:
        self._state = state

    def find(self, name_or_id: str) -> Playlist:
        """A playlist in the library.

        Raises:
            KeyError: there is none.
        """
        with self._state.lock:
            for playlist in self._state.library():
                if name_or_id in (playlist.playlist_id, playlist.name):
                    return playlist
        raise KeyError(f"no playlist {name_or_id!r} in the library")

    def track_ids(self, playlist: str) -> list[str]:
        """Ids of the tracks in a playlist, in order."""
        with self._state.lock:
            return [item.uri.rpartition(":")[2] for item in self.find(playlist).items if item.kind == "track"]

    def add_track(self, playlist: str, track_id: str, position: int | None = None) -> None:
        self._insert(playlist, f"spotify:track:{track_id}", "track", position)

    def add_local_file(self, playlist: str, artist: str, title: str, position: int | None = None, *, seconds: int = 180) -> None:
        self._insert(playlist, f"spotify:local:{artist.replace(' ', '+')}::{title.replace(' ', '+')}:{seconds}", "local", position)

    def add_episode(self, playlist: str, episode_id: str, position: int | None = None) -> None:
        self._insert(playlist, f"spotify:episode:{episode_id}", "episode", position)

    def lose_track(self, playlist: str, track_id: str) -> None:
        """A track leaves the catalogue: its entries become null and keep their positions."""
        with self._state.lock:
            found = self.find(playlist)
            uri = f"spotify:track:{track_id}"
            lost = [self._state.make_item(uri, "null") if item.uri == uri else item for item in found.items]
            found.change(self._state.clock(), lost)

    def remove_track(self, playlist: str, track_id: str) -> None:
        """Remove every occurrence.

        Raises:
            KeyError: the playlist does not hold the track.
        """
        with self._state.lock:
            found = self.find(playlist)
            uri = f"spotify:track:{track_id}"
            if uri not in found.uris:
                raise KeyError(f"{found.name} does not hold {track_id}")
            found.remove(self._state.clock(), [uri])

    def reorder(self, playlist: str, start: int, before: int, length: int = 1) -> None:
        with self._state.lock:
            self.find(playlist).reorder(self._state.clock(), start, before, length)

    def rename(self, playlist: str, name: str) -> None:
        with self._state.lock:
            self._state.change_details(self.find(playlist).playlist_id, {"name": name})

    def describe(self, playlist: str, description: str) -> None:
        with self._state.lock:
            self._state.change_details(self.find(playlist).playlist_id, {"description": description})

    def delete(self, playlist: str) -> None:
        """Delete, which in Spotify means unfollow: it leaves the library and can still be read by id."""
        with self._state.lock:
            self.find(playlist).in_library = False

    def _insert(self, playlist: str, uri: str, kind: ItemKind, position: int | None) -> None:
        with self._state.lock:
            self.find(playlist).insert(self._state.clock(), [self._state.make_item(uri, kind)], position)
