"""The account's playlists: listed once per run, found by remembered id or by name, created when missing."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from beatporter.errors import QuotaExceeded, RateLimited
from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind
from beatporter.records.ledger import ListedPlaylist, RememberedPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.spotify.playlists import ensure_playlist, find_playlist
from beatporter.subscriptions import Subscription
from beatporter.sync.playlist_details import description_of
from beatporter.sync.playlist_plan import ListPlaylist
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.refuse_look_alike import check_no_look_alike
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)
CALLS_TO_CREATE = 2
"""Listing the account again, so that no second one is made, and creating the playlist."""


def list_playlists(workspace: Workspace) -> list[str]:
    """Ids of the account's own playlists; the list goes into the ledger under the run's key, for all genres of the run.

    Empty when there is no quota for Spotify: the genres' runs then notice this themselves, and what their charts ask for is
    deferred.
    """
    try:
        return [playlist.playlist_id for playlist in own_playlists(workspace)]
    except (QuotaExceeded, RateLimited) as error:
        logger.warning("Could not list the account's playlists: %s", error)
        return []


def list_account(workspace: Workspace) -> tuple[str, list[PlaylistRef]]:
    """The account's id and its playlists as Spotify lists them now, own and followed. Its own go into the ledger under the run's key.

    Two calls, and one more for every fifty playlists after the first.
    """
    account_id, listed_at = workspace.account_id, workspace.now()
    listing = workspace.spotify.playlists()
    rows = [
        ListedPlaylist(workspace.run_key, one.playlist_id, one.name, one.snapshot_id, one.total, account_id, listed_at)
        for one in listing
        if one.owner_id == account_id
    ]
    workspace.ledger.listings.append(workspace.run_key, listed_at, rows)
    return account_id, listing


def own_playlists(workspace: Workspace) -> list[PlaylistRef]:
    """The account's own playlists, see `list_account`."""
    account_id, listing = list_account(workspace)
    return [playlist for playlist in listing if playlist.owner_id == account_id]


def genre_playlist(
    workspace: Workspace,
    genre: Genre,
    remembered_id: str | None,
    *,
    kind: PlaylistKind = "collect",
    create: bool,
    wanted: Collection[str] = (),
) -> PlaylistRef | None:
    """The list's playlist of this kind from this run's listing; created when the account has none and `create` is set.

    The account is listed again before creating, and once more when the outcome is unknown, so that no second one is created.

    Args:
        remembered_id: last remembered id of that playlist.
        wanted: tracks for which it is, or would be, created. With some, it is not created beside one that looks like it.

    Raises:
        LookAlikeFound: there is none, and the account has one that looks like it.
    """
    target = ListPlaylist(genre, kind, workspace.settings.playlist_options(genre))
    listing = _listing_of_run(workspace)
    playlist = _find(target, remembered_id, listing) if listing is not None else None
    if playlist is None and (create or listing is None):
        listing = own_playlists(workspace)
        playlist = _find(target, remembered_id, listing)
    if playlist is None and wanted:
        check_no_look_alike(workspace, genre, kind, listing or [], wanted)
    if playlist is None and create:
        playlist = _create(workspace, target, remembered_id, listing or [])
        if playlist.total == 0:
            PlaylistState(workspace, playlist.playlist_id).begin(playlist.snapshot_id)
    if playlist is not None and playlist.playlist_id != remembered_id:
        workspace.ledger.playlists.append(RememberedPlaylist(target.number, playlist.playlist_id, playlist.name, workspace.now()))
    return playlist


def _find(target: ListPlaylist, remembered_id: str | None, listing: Sequence[PlaylistRef]) -> PlaylistRef | None:
    return find_playlist(listing, _owner(listing), remembered_id, target.name)


def _create(workspace: Workspace, target: ListPlaylist, remembered_id: str | None, listing: Sequence[PlaylistRef]) -> PlaylistRef:
    return ensure_playlist(
        workspace.spotify,
        listing,
        workspace.account_id,
        remembered_id,
        target.name,
        public=target.options.public,
        description=description_of(workspace, target) or _first_description(target),
        sleep=workspace.sleep,
    )


def _first_description(target: ListPlaylist) -> str:
    """Of a new playlist, unless the person wants another."""
    chart = f"Beatport's {target.genre.name}" + ("" if isinstance(target.genre, Subscription) else " Top 100")
    return {
        "collect": f"{chart}, kept by Beatporter.",
        "daily": f"New in {chart}: remove what you have heard. Kept by Beatporter.",
        "mirror": f"{chart} as it is today, kept by Beatporter.",
    }[target.kind]


def _owner(listing: Sequence[PlaylistRef]) -> str:
    """The owner of a listing: a run's listing holds only the account's own playlists."""
    return listing[0].owner_id if listing else ""


def _listing_of_run(workspace: Workspace) -> list[PlaylistRef] | None:
    rows = workspace.ledger.listings.of_run(workspace.run_key)
    if rows is None:
        return None
    return [PlaylistRef(row.playlist_id, row.name, row.snapshot_id, row.total, row.owner_id, row.listed_at) for row in rows]
