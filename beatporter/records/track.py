"""A Spotify track and playlist: the few fields that we keep of each answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SpotifyTrack:
    track_id: str
    """22 characters, base 62."""
    name: str
    artists: tuple[str, ...]
    album: str | None = None
    album_type: str | None = None
    """single, album or compilation."""
    isrc: str | None = None
    """Upper case, without dashes."""
    duration_ms: int | None = None
    is_playable: bool | None = None
    """None when the answer does not say."""
    release_date: str | None = None
    """ISO date with year, month or day precision."""


@dataclass(frozen=True, slots=True)
class PlaylistRef:
    """A playlist as the account's listing shows it."""

    playlist_id: str
    name: str
    snapshot_id: str
    total: int
    owner_id: str
    """The owner; we write only to the account's own playlists."""
    listed_at: datetime | None = field(default=None, compare=False)
    """When the run listed the account; None: just now."""


@dataclass(frozen=True, slots=True)
class PlaylistItem:
    """One position of a playlist.

    track is None for local files, episodes and entries that Spotify answers with null; they keep their position.
    """

    position: int
    """0 is the top."""
    track: SpotifyTrack | None
    added_at: datetime | None
    """Aware, UTC."""
