"""The state as Spotify's JSON: tracks, playlists, pages, in the shape of 2026 ("development") or the older one ("extended").

Fields removed by the new rules are absent: a track's popularity, available_markets and linked_from, an album's available_markets
and label. A playlist's `tracks` is now `items`, an entry's `track` is `item`. Album and artist ids are derived from their names.
"""

from __future__ import annotations

from typing import Any

from beatporter.records.track import SpotifyTrack
from sandbox.spotify.exceptions import SpotifyRefusal
from sandbox.spotify.models import SpotifyState, base62_id
from sandbox.spotify.playlist import Item, Playlist

_MARKETS = ["DE", "GB", "NL", "US"]


class Shapes:
    """Builds answers; links start with `root`, e.g. http://127.0.0.1:8001/v1."""

    def __init__(self, state: SpotifyState, root: str) -> None:
        self._state = state
        self._root = root
        self._old = state.rules == "extended"

    @property
    def entries_key(self) -> str:
        return "tracks" if self._old else "items"

    def me(self) -> dict[str, Any]:
        user = self._user(self._state.user_id) | {"display_name": self._state.display_name, "images": []}
        return user | {"country": "GB", "product": "premium", "followers": {"href": None, "total": 0}} if self._old else user

    def track(self, track: SpotifyTrack) -> dict[str, Any]:
        shown = {
            **self._object("track", track.track_id),
            "name": track.name,
            "artists": [self._artist(name) for name in track.artists],
            "album": self._album(track),
            "disc_number": 1,
            "duration_ms": track.duration_ms or 0,
            "explicit": False,
            "external_ids": {"isrc": track.isrc} if track.isrc else {},
            "is_local": False,
            "preview_url": None,
            "track_number": 1,
        }
        if track.is_playable is not None:
            shown["is_playable"] = track.is_playable
        if self._old:
            shown |= {"popularity": self._state.index.popularity(track.track_id), "available_markets": _MARKETS}
        return shown

    def entry(self, item: Item) -> dict[str, Any]:
        """One position of a playlist; null for a track that the catalogue has lost."""
        shown = {
            "added_at": item.added_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "added_by": self._user(item.added_by),
            "is_local": item.kind == "local",
            "primary_color": None,
            "video_thumbnail": {"url": None},
        }
        return shown | {"track" if self._old else "item": self._content(item)}

    def playlist(self, playlist: Playlist) -> dict[str, Any]:
        """A complete playlist, with the first 100 entries if the caller may see them."""
        shown = self._playlist_head(playlist) | {"followers": {"href": None, "total": 0}}
        if self._state.may_read_items(playlist):
            shown[self.entries_key] = self.entries_page(playlist, 100, 0)
        return shown

    def listed_playlist(self, playlist: Playlist) -> dict[str, Any]:
        """A playlist in the account's listing."""
        total = len(self._state.shown_items(playlist))
        return self._playlist_head(playlist) | {self.entries_key: {"href": self._entries_href(playlist), "total": total}}

    def entries_page(self, playlist: Playlist, limit: int, offset: int) -> dict[str, Any]:
        items = self._state.shown_items(playlist)
        shown = [self.entry(item) for item in items[offset : offset + limit]]
        return page(self._entries_href(playlist), shown, len(items), limit, offset)

    def _content(self, item: Item) -> dict[str, Any] | None:
        if item.kind == "null":
            return None
        if item.kind == "local":
            return self._local_file(item.uri)
        if item.kind == "episode":
            return self._episode(item.uri)
        try:
            return self.track(self._state.listed_track(item.uri.rpartition(":")[2]))
        except SpotifyRefusal:
            return None

    def _playlist_head(self, playlist: Playlist) -> dict[str, Any]:
        return {
            **self._object("playlist", playlist.playlist_id),
            "name": playlist.name,
            "description": playlist.description,
            "public": playlist.public,
            "collaborative": playlist.collaborative,
            "images": [],
            "owner": self._user(playlist.owner_id) | {"display_name": playlist.owner_id},
            "primary_color": None,
            "snapshot_id": self._state.shown_snapshot(playlist),
        }

    def _entries_href(self, playlist: Playlist) -> str:
        return f"{self._root}/playlists/{playlist.playlist_id}/{self.entries_key}"

    def _object(self, kind: str, spotify_id: str) -> dict[str, Any]:
        return {
            "type": kind,
            "id": spotify_id,
            "uri": f"spotify:{kind}:{spotify_id}",
            "href": f"{self._root}/{kind}s/{spotify_id}",
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{spotify_id}"},
        }

    def _user(self, user_id: str) -> dict[str, Any]:
        return self._object("user", user_id)

    def _artist(self, name: str) -> dict[str, Any]:
        return self._object("artist", base62_id("artist", name)) | {"name": name}

    def _album(self, track: SpotifyTrack) -> dict[str, Any]:
        album_type = track.album_type or "single"
        name = track.album if track.album is not None else track.name
        artists = ["Various Artists"] if album_type == "compilation" else list(track.artists[:1])
        album_id = base62_id("album", name, *artists)
        date = track.release_date or "0000"
        shown = {
            **self._object("album", album_id),
            "album_type": album_type,
            "artists": [self._artist(artist) for artist in artists],
            "images": [
                {"height": side, "width": side, "url": f"https://i.scdn.co/image/{base62_id('cover', album_id, str(side))}"}
                for side in (640, 300, 64)
            ],
            "name": name,
            "release_date": date,
            "release_date_precision": {4: "year", 7: "month"}.get(len(date), "day"),
            "total_tracks": {"single": 2, "album": 12, "compilation": 30}.get(album_type, 1),
        }
        return shown | {"available_markets": _MARKETS} if self._old else shown

    def _local_file(self, uri: str) -> dict[str, Any]:
        """A file from the person's own disk: no id, no ISRC, an album without id."""
        artist, album, title, seconds = (part.replace("+", " ") for part in uri.removeprefix("spotify:local:").split(":"))
        nowhere: dict[str, Any] = {"id": None, "uri": None, "href": None, "external_urls": {}}
        return {
            **nowhere,
            "type": "track",
            "uri": uri,
            "name": title,
            "artists": [{**nowhere, "type": "artist", "name": artist}],
            "album": {**nowhere, "type": "album", "name": album, "album_type": None, "artists": [], "images": [], "release_date": None},
            "disc_number": 0,
            "duration_ms": int(seconds) * 1000,
            "explicit": False,
            "external_ids": {},
            "is_local": True,
            "preview_url": None,
            "track_number": 0,
        }

    def _episode(self, uri: str) -> dict[str, Any]:
        plain = {
            "description": "",
            "html_description": "",
            "explicit": False,
            "images": [],
            "is_externally_hosted": False,
            "languages": ["en"],
        }
        show = self._object("show", base62_id("show", uri)) | plain | {"name": "A show", "publisher": "Somebody", "media_type": "audio"}
        return {
            **self._object("episode", uri.rpartition(":")[2]),
            **plain,
            "name": "An episode",
            "audio_preview_url": None,
            "duration_ms": 1_800_000,
            "is_playable": True,
            "release_date": "2025-01-01",
            "release_date_precision": "day",
            "show": show | {"copyrights": [], "total_episodes": 1, "available_markets": _MARKETS},
        }


def page(href: str, items: list[Any], total: int, limit: int, offset: int) -> dict[str, Any]:
    """A page of a list, with links to its neighbours; `href` may have a query."""
    joint = "&" if "?" in href else "?"

    def link(start: int) -> str:
        return f"{href}{joint}offset={start}&limit={limit}"

    return {
        "href": link(offset),
        "items": items,
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset else None,
        "total": total,
    }
