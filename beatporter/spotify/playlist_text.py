"""Finds the playlist that a person's text names: a link, a URI, an id, or the name of one in the account."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from beatporter.errors import SettingsError
from beatporter.names import folded, playlist_url
from beatporter.records.track import PlaylistRef
from beatporter.spotify.links import is_id, parse_link

HOW = "Give a playlist's link (Share, Copy link to playlist), its URI, its id of 22 characters, or its exact name in your account."
MAX_LISTED = 10
"""How many playlists of one name an error lists."""


def playlist_id_of(text: str) -> str | None:
    """The id in a playlist's link, URI or id; None when the text can only be a name.

    Raises:
        SettingsError: the text is a link or URI of something else, or its id is not one of Spotify's.
    """
    text = text.strip()
    link = parse_link(text)
    if link is None:
        return text if is_id(text) else None
    kind, playlist_id = link
    if kind != "playlist":
        raise SettingsError(f"{text!r:.200} is the address of a Spotify {kind}, not of a playlist.", HOW)
    if not is_id(playlist_id):
        raise SettingsError(f"{text!r:.200} is not the address of a Spotify playlist: an id has 22 characters.", HOW)
    return playlist_id


def find_playlist_by_text(listing: Sequence[PlaylistRef], text: str) -> PlaylistRef:
    """The listed playlist that the text names.

    An id wins over a name, and a name in the same letter case over one in another.

    Args:
        listing: the account's playlists, own and followed, or a part of them.
        text: a link, a URI, an id or a name.

    Raises:
        SettingsError: no listed playlist, or several, are meant; the message lists those or the nearest names.
    """
    wanted = playlist_id_of(text)
    for playlist in listing:
        if playlist.playlist_id == wanted:
            return playlist
    named = _named(listing, text)
    if len(named) == 1:
        return named[0]
    if named:
        several = "; ".join(f"{playlist_url(one.playlist_id)} ({one.total:,} tracks)" for one in named[:MAX_LISTED])
        raise SettingsError(f"{len(named)} playlists are named {text.strip()!r:.200}: {several}.", "Give the link of the one you mean.")
    if wanted is not None:
        raise SettingsError(f"The playlist {wanted} is not in your account's library.", "Follow it in Spotify, or check the link.")
    near = difflib.get_close_matches(text.strip()[:200], [playlist.name for playlist in listing], n=3)
    hint = f"Did you mean {' or '.join(repr(name) for name in near)}? {HOW}" if near else HOW
    raise SettingsError(f"No playlist in your account is named {text.strip()!r:.200}.", hint)


def _named(listing: Sequence[PlaylistRef], text: str) -> list[PlaylistRef]:
    exact = [playlist for playlist in listing if playlist.name.strip() == text.strip()]
    return exact or [playlist for playlist in listing if folded(playlist.name) == folded(text)]
