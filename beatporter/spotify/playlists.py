"""Finds a genre's playlist in the account, and creates it when there is none; never a second one by mistake.

Renamed playlists are found by their remembered id, others by exact name among the account's own. A list is complete or an exception
(`SpotifyClient.playlists`), so "not found" never comes from a half-read list.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from beatporter.errors import UpstreamDown
from beatporter.records.track import PlaylistRef
from beatporter.spotify.client import SpotifyClient

MAX_ROUNDS = 3
SETTLE_S = 3.0

_log = logging.getLogger(__name__)


def find_playlist(
    listing: Sequence[PlaylistRef],
    account_id: str,
    remembered_id: str | None,
    name: str,
    say: Callable[[str], None] = _log.warning,
) -> PlaylistRef | None:
    """The playlist to use; None when the account has none.

    Args:
        listing: the account's complete list.
        account_id: only this account's own playlists count.
        remembered_id: id that an earlier run used.
        name: exact name to look for when that id is gone.
        say: called with one sentence when several of the account's own playlists have that name; the one with the most tracks is used,
            and among equals the one with the lowest id.
    """
    own = [playlist for playlist in listing if playlist.owner_id == account_id]
    for playlist in own:
        if playlist.playlist_id == remembered_id:
            return playlist
    named = sorted((one for one in own if one.name == name), key=lambda one: (-one.total, one.playlist_id))
    if len(named) > 1:
        others = ", ".join(one.playlist_id for one in named[1:])
        say(f"{len(named)} playlists are named {name!r}; {named[0].playlist_id} is used, not {others}. Rename or delete the others.")
    return named[0] if named else None


def ensure_playlist(
    client: SpotifyClient,
    listing: Sequence[PlaylistRef],
    account_id: str,
    remembered_id: str | None,
    name: str,
    *,
    public: bool,
    description: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> PlaylistRef:
    """The playlist to use, created when there is none; after an unknown outcome the account is listed again first.

    Args:
        client: of the account.
        listing: the account's complete list.
        account_id: only this account's own playlists count.
        remembered_id: id that an earlier run used.
        name: exact name.
        public: for a new playlist; Spotify may ignore False.
        description: for a new playlist.
        sleep: called with seconds before listing again.

    Raises:
        UpstreamDown: it is unknown whether a playlist was created; the next run finds it by name.
    """
    found = find_playlist(listing, account_id, remembered_id, name)
    for number in range(MAX_ROUNDS):
        if found is not None:
            return found
        try:
            return client.create_playlist(name, public=public, description=description)
        except UpstreamDown as error:
            if not error.outcome_unknown or number == MAX_ROUNDS - 1:
                raise
        sleep(SETTLE_S * 2**number)
        found = find_playlist(client.playlists(), account_id, None, name)
    raise AssertionError("every round returns, raises or continues")
