"""The state of the stand-in: one account's library, other people's playlists, the catalogue, limits and sign-in. No HTTP.

    state = SpotifyState(tracks, clock=clock)
    playlist = state.create_playlist("Mine")
    state.add_items(playlist.playlist_id, [track_uri], position=0)

`person` does in tests what a person does in the app (`state.person.remove_track(...)`). `lock` guards everything.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from beatporter.records.track import SpotifyTrack
from sandbox.spotify.accounts import Accounts
from sandbox.spotify.exceptions import bad_request, forbidden, not_found
from sandbox.spotify.limits import CallLimits
from sandbox.spotify.person import Person
from sandbox.spotify.playlist import Item, ItemKind, Playlist
from sandbox.spotify.search import SearchIndex

Rules = Literal["development", "extended"]
"""development: the shape for apps made since 2026-02-11. extended: the older shape, endpoints and limits."""

_BASE62: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_URI: Final = re.compile(r"spotify:(track|episode):([0-9A-Za-z]{22})")
MAX_BATCH: Final = 100


def base62_id(*what: str) -> str:
    """A Spotify id, 22 characters, derived only from the words."""
    number = int.from_bytes(hashlib.blake2b("\x1f".join(what).encode(), digest_size=16).digest())
    letters = []
    for _ in range(22):
        number, rest = divmod(number, 62)
        letters.append(_BASE62[rest])
    return "".join(letters)


class SpotifyState:
    """Everything that the stand-in stores.

    Attributes:
        rules: the cohort of apps that the Web API assumes.
        index: the search; `tracks` holds the same tracks by id.
        visible: predicate for the tracks that the service has now (None: all); others are not found and cannot be added.
        relinks: ids that are returned instead of others, as for an account in another country.
        listed_as: ids under which playlists list tracks that were added under others; searches still return the others.
        removable_by: which of the two ids a removal of such a track accepts; the other one gets a 400.
        snapshot_delay, items_delay: how long a change takes to appear in reads (measured: up to 30 s, 0.6 s); default 0.
    """

    def __init__(
        self,
        tracks: Sequence[SpotifyTrack] = (),
        *,
        clock: Callable[[], datetime],
        index: SearchIndex | None = None,
        seed: int = 0,
        user_id: str = "sandbox-listener",
        rules: Rules = "development",
        limits: CallLimits | None = None,
    ) -> None:
        self.clock = clock
        self.rules: Rules = rules
        self.user_id = user_id
        self.display_name = "Sandbox Listener"
        self.limits = limits if limits is not None else CallLimits()
        self.accounts = Accounts(clock)
        self.index = index if index is not None else SearchIndex(tracks, seed=seed)
        self.tracks = {track.track_id: track for track in tracks}
        self.playlists: dict[str, Playlist] = {}
        self.visible: Callable[[SpotifyTrack], bool] | None = None
        self.relinks: dict[str, str] = {}
        self.listed_as: dict[str, str] = {}
        self.removable_by: Literal["either", "listed", "sent"] = "either"
        self.snapshot_delay = timedelta()
        self.items_delay = timedelta()
        self.person = Person(self)
        self.lock = threading.RLock()
        self._made = 0

    # -- reading

    def library(self) -> list[Playlist]:
        """The account's list: own and followed playlists, newest first."""
        return [playlist for playlist in reversed(self.playlists.values()) if playlist.in_library]

    def playlist(self, playlist_id: str) -> Playlist:
        """A playlist by id, including deleted ones.

        Raises:
            SpotifyRefusal: 400 for an invalid id, 404 for an unknown playlist or one made by Spotify itself.
        """
        if not re.fullmatch(r"[0-9A-Za-z]{22}", playlist_id):
            raise bad_request("Invalid base62 id")
        playlist = self.playlists.get(playlist_id)
        if playlist is None or playlist.algorithmic:
            raise not_found()
        return playlist

    def may_read_items(self, playlist: Playlist) -> bool:
        return self.rules == "extended" or playlist.owner_id == self.user_id or playlist.collaborative

    def track(self, track_id: str) -> SpotifyTrack:
        """A track of the catalogue, under the id that this country sees.

        Raises:
            SpotifyRefusal: 400 for an invalid id, 404 for an unknown or invisible track.
        """
        if not re.fullmatch(r"[0-9A-Za-z]{22}", track_id):
            raise bad_request("Invalid base62 id")
        track = self.tracks.get(self.relinks.get(track_id, track_id))
        if track is None or not self._is_visible(track):
            raise not_found()
        return track

    def listed_track(self, track_id: str) -> SpotifyTrack:
        """A track as listed in a playlist that holds it.

        Raises:
            SpotifyRefusal: see `track`.
        """
        track = self.track(track_id)
        return replace(track, track_id=self.listed_as[track_id]) if track_id in self.listed_as else track

    def shown_items(self, playlist: Playlist) -> list[Item]:
        return playlist.shown_items(self.clock(), self.items_delay)

    def shown_snapshot(self, playlist: Playlist) -> str:
        return playlist.shown_snapshot(self.clock(), self.snapshot_delay)

    # -- writing, as the Web API does

    def create_playlist(self, name: str, *, description: str = "", public: bool = True, collaborative: bool = False) -> Playlist:
        """Create a new, empty playlist of the account; names may repeat."""
        self._made += 1
        playlist_id = base62_id("playlist", self.user_id, str(self._made))
        playlist = Playlist(playlist_id, self.user_id, name, description, public, collaborative)
        self.playlists[playlist_id] = playlist
        return playlist

    def add_foreign_playlist(
        self,
        name: str,
        uris: Iterable[str] = (),
        *,
        owner_id: str = "somebody-else",
        algorithmic: bool = False,
        collaborative: bool = False,
    ) -> Playlist:
        """Add somebody else's playlist that the account follows; algorithmic ones belong to Spotify and cannot be read."""
        self._made += 1
        owner_id = "spotify" if algorithmic else owner_id
        now = self.clock()
        items = [Item(uri, now, owner_id) for uri in uris]
        playlist_id = base62_id("playlist", owner_id, str(self._made))
        playlist = Playlist(playlist_id, owner_id, name, algorithmic=algorithmic, collaborative=collaborative, items=items)
        self.playlists[playlist_id] = playlist
        return playlist

    def writable(self, playlist_id: str) -> Playlist:
        """A playlist that the account may change.

        Raises:
            SpotifyRefusal: 403 when somebody else owns it.
        """
        playlist = self.playlist(playlist_id)
        if playlist.owner_id != self.user_id and not playlist.collaborative:
            raise forbidden("You cannot add tracks to a playlist you don't own.")
        return playlist

    def change_details(self, playlist_id: str, details: dict[str, Any]) -> None:
        """Change name, description, public or collaborative; each changes the snapshot id."""
        playlist = self.writable(playlist_id)
        if playlist.owner_id != self.user_id:
            raise forbidden("You cannot change the details of a playlist you don't own.")  # the text is ours
        kinds = {"name": str, "description": str, "public": bool, "collaborative": bool}
        given = {key: details[key] for key in kinds if details.get(key) is not None}
        wrong = [key for key, value in given.items() if not isinstance(value, kinds[key])]
        if wrong or given.get("name") == "":
            raise bad_request(f"Invalid value for {wrong[0] if wrong else 'name'}")
        for key, value in given.items():
            setattr(playlist, key, value)
        playlist.change(self.clock())

    def set_cover(self, playlist_id: str, image: bytes) -> None:
        """Set a playlist's image. Whether this changes the snapshot id is not known; here it does, which is the harder case."""
        playlist = self.writable(playlist_id)
        playlist.cover = image
        playlist.change(self.clock())

    def add_items(self, playlist_id: str, uris: Sequence[str], position: int | None = None) -> str:
        """Insert tracks in the given order, including duplicates; returns the snapshot id."""
        playlist = self.writable(playlist_id)
        if not uris:
            raise bad_request("No uris provided")
        return playlist.insert(self.clock(), self._items(uris), position)

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Make these the whole content of the playlist; idempotent."""
        return self.writable(playlist_id).change(self.clock(), self._items(uris))

    def remove_items(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Remove every occurrence of each."""
        playlist = self.writable(playlist_id)
        if len(uris) > MAX_BATCH:
            raise bad_request("You can remove a maximum of 100 tracks per request.")
        for uri in uris:
            if not _URI.fullmatch(uri) and not uri.startswith("spotify:local:"):
                raise bad_request(f"Invalid track uri: {uri}")
        shown_as = {f"spotify:track:{shown}": f"spotify:track:{kept}" for kept, shown in (self.relinks | self.listed_as).items()}
        listed = {f"spotify:track:{listed}": f"spotify:track:{sent}" for sent, listed in self.listed_as.items()}
        refused = {"either": (), "listed": listed.values(), "sent": listed.keys()}[self.removable_by]
        if any(uri in refused for uri in uris):
            raise bad_request("Could not remove tracks, please check parameters.")
        return playlist.remove(self.clock(), [*uris, *(shown_as[uri] for uri in uris if uri in shown_as)])

    def reorder_items(self, playlist_id: str, start: int, before: int, length: int = 1) -> str:
        return self.writable(playlist_id).reorder(self.clock(), start, before, length)

    def set_in_library(self, uris: Iterable[str], kept: bool) -> None:
        """Follow or unfollow playlists; unfollowing one's own playlist is Spotify's way of deleting it."""
        for uri in uris:
            kind, _, playlist_id = uri.removeprefix("spotify:").partition(":")
            if kind != "playlist":
                raise bad_request(f"Unsupported uri in the sandbox: {uri}")
            playlist = self.playlists.get(playlist_id)
            if playlist is None:
                raise not_found()
            playlist.in_library = kept

    def make_item(self, uri: str, kind: ItemKind = "track") -> Item:
        return Item(uri, self.clock().replace(microsecond=0), self.user_id, kind)

    def _items(self, uris: Sequence[str]) -> list[Item]:
        if len(uris) > MAX_BATCH:
            raise bad_request("You can add a maximum of 100 tracks per request.")
        items = []
        for uri in uris:
            match = _URI.fullmatch(uri) if isinstance(uri, str) else None
            if match is None:
                raise bad_request(f"Invalid track uri: {uri}")
            kind: ItemKind = "track" if match.group(1) == "track" else "episode"
            track = self.tracks.get(match.group(2))
            if kind == "track" and (track is None or not self._is_visible(track)):
                raise bad_request("Payload contains a non-existing ID")
            items.append(self.make_item(uri, kind))
        return items

    def _is_visible(self, track: SpotifyTrack) -> bool:
        return self.visible is None or self.visible(track)

    # -- keeping

    def to_json(self) -> dict[str, Any]:
        """What must outlive the process: playlists, calls of the last 24 h, sign-ins. The catalogue is made again from its seed."""
        with self.lock:
            return {
                "made": self._made,
                "playlists": [playlist.to_json() for playlist in self.playlists.values()],
                "calls": self.limits.to_json(),
                "sign_in": self.accounts.to_json(),
            }

    def restore(self, data: dict[str, Any]) -> None:
        """Restore the result of `to_json`."""
        with self.lock:
            self._made = data["made"]
            self.playlists = {entry["playlist_id"]: Playlist.from_json(entry) for entry in data["playlists"]}
            self.limits.restore(data["calls"])
            self.accounts.restore(data["sign_in"])
