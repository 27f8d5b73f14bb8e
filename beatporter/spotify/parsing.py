"""Turns Spotify's JSON, in both of its shapes, into our records. No network, no state.

Apps made since February 2026 get `items` and `item` where older ones get `tracks` and `track` (developer.spotify.com,
"Web API changes, February 2026"); both are read everywhere. A missing optional field becomes None. When an essential field is missing,
`ShapeError` is raised, which the client turns into `UpstreamDown`. Control characters are stripped from text here, where it enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beatporter.http.content import clean_text
from beatporter.http.limits import MAX_NUMBER, MAX_PAGE_ENTRIES
from beatporter.isrc import clean_isrc
from beatporter.records.track import PlaylistItem, PlaylistRef, SpotifyTrack

_TRACK_FIELDS = "id,name,type,is_local,duration_ms,is_playable,artists(name),album(name,album_type,release_date),external_ids(isrc)"
ITEM_FIELDS = f"total,items(added_at,is_local,item({_TRACK_FIELDS}),track({_TRACK_FIELDS}))"
"""Fields mask for a page of items. It names the entry both ways: `track(...)` alone silently empties entries of the new shape."""
PLAYLIST_FIELDS = "id,name,snapshot_id,owner(id),items(total),tracks(total)"
_MESSAGE_LENGTH = 200


class ShapeError(ValueError):
    """An answer lacks an essential field; the text names the field, never the answer's content."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is signed in."""

    account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its raw entries, and how many there are in all."""

    entries: tuple[Any, ...]
    total: int


def read_page(answer: object) -> Page:
    """A paging object's entries, including nulls, and its total."""
    page = _mapping(answer, "a page")
    entries, total = page.get("items"), _number(page.get("total"))
    if not isinstance(entries, list) or total is None:
        raise ShapeError("a page without 'items' and 'total'")
    if len(entries) > MAX_PAGE_ENTRIES:
        raise ShapeError(f"a page of {len(entries):,} entries, more than {MAX_PAGE_ENTRIES:,}")
    return Page(tuple(entries), total)


def read_search(answer: object) -> list[SpotifyTrack]:
    """The tracks of a search answer, best first; null entries are left out."""
    page = read_page(_mapping(answer, "a search answer").get("tracks"))
    return [track for entry in page.entries if (track := read_track(entry)) is not None]


def read_tracks(answer: object) -> list[SpotifyTrack | None]:
    """The tracks of an answer to several ids, in their order; None for those that Spotify does not have."""
    tracks = _mapping(answer, "an answer about tracks").get("tracks")
    if not isinstance(tracks, list) or len(tracks) > MAX_PAGE_ENTRIES:
        raise ShapeError("an answer without 'tracks'")
    return [read_track(entry) for entry in tracks]


def read_track(answer: object) -> SpotifyTrack | None:
    """A track; None for null, a local file, an episode or anything else without a track id."""
    if not isinstance(answer, Mapping) or answer.get("is_local") or answer.get("type", "track") != "track":
        return None
    track_id = _identifier(answer.get("id"))
    if track_id is None:
        return None
    album = answer.get("album")
    album = album if isinstance(album, Mapping) else {}
    ids = answer.get("external_ids")
    return SpotifyTrack(
        track_id=track_id,
        name=_text(answer.get("name")) or "",
        artists=_artist_names(answer.get("artists")),
        album=_text(album.get("name")),
        album_type=_text(album.get("album_type")),
        isrc=clean_isrc(ids.get("isrc")) if isinstance(ids, Mapping) else None,
        duration_ms=_number(answer.get("duration_ms")),
        is_playable=playable if isinstance(playable := answer.get("is_playable"), bool) else None,
        release_date=_text(album.get("release_date")),
    )


def read_item(entry: object, position: int) -> PlaylistItem:
    """One entry of a playlist; an entry without a track keeps its position."""
    if not isinstance(entry, Mapping):
        return PlaylistItem(position, None, None)
    content = entry.get("item")
    if not isinstance(content, Mapping):  # older shape; in the newer one only the item holds a `track`, a boolean
        content = entry.get("track")
    track = None if entry.get("is_local") else read_track(content)
    return PlaylistItem(position, track, _moment(entry.get("added_at")))


def names_content(entries: tuple[Any, ...]) -> bool:
    """False when no entry has a key for its content: the fields mask did not suit the service."""
    return not entries or any(isinstance(entry, Mapping) and ("item" in entry or "track" in entry) for entry in entries)


def read_playlist(answer: object) -> PlaylistRef:
    """A playlist, alone or from a list. total is 0 where Spotify hides it: in playlists of other accounts."""
    playlist = _mapping(answer, "a playlist")
    owner = playlist.get("owner")
    owner_id = _text(owner.get("id")) if isinstance(owner, Mapping) else None
    holdings = [part for key in ("items", "tracks") if isinstance(part := playlist.get(key), Mapping)]
    total = next((total for part in holdings if (total := _number(part.get("total"))) is not None), 0)
    return PlaylistRef(_required(playlist, "id"), _text(playlist.get("name")) or "", snapshot_of(playlist), total, owner_id or "")


def snapshot_of(answer: object) -> str:
    """The snapshot id of a playlist or of a write's answer."""
    return _required(_mapping(answer, "a write's answer"), "snapshot_id")


def read_account(answer: object) -> Account:
    """The signed-in account; without a name it gets its id as name."""
    account = _mapping(answer, "an account")
    account_id = _required(account, "id")
    return Account(account_id, _text(account.get("display_name")) or account_id)


def read_error(answer: object) -> tuple[str, str]:
    """Message and reason of an error answer, each on one short line, empty when missing; `error` may be a plain string (accounts)."""
    error = answer.get("error") if isinstance(answer, Mapping) else None
    fields = error if isinstance(error, Mapping) else {"message": error}
    message, reason = (" ".join((_text(fields.get(key)) or "").split())[:_MESSAGE_LENGTH] for key in ("message", "reason"))
    return message, reason


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ShapeError(f"{what} that is not an object")
    return value


def _required(answer: Mapping[str, Any], key: str) -> str:
    value = _identifier(answer.get(key))
    if value is None:
        raise ShapeError(f"an answer without {key!r}")
    return value


def _identifier(value: object) -> str | None:
    """The id unchanged; None when it has control characters, since stripping them would make it another id."""
    return value if isinstance(value, str) and value and clean_text(value) == value else None


def _text(value: object) -> str | None:
    return clean_text(value) or None if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER else None


def _artist_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(name for artist in value if isinstance(artist, Mapping) and (name := _text(artist.get("name"))))


def _moment(value: object) -> datetime | None:
    """An ISO time as aware UTC; Spotify gives null for very old entries, and 1970 for algorithmic playlists."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for year 1 in another time zone
        return None
