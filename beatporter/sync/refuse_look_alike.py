"""Before a playlist is made: does the account have one that looks like it? By its name, and by what the old history knows of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from beatporter import names
from beatporter.errors import LookAlikeFound
from beatporter.genres import Genre
from beatporter.look_alikes import looks_like
from beatporter.playlist_kinds import PlaylistKind
from beatporter.records.track import PlaylistRef
from beatporter.sync.workspace import Workspace

ENOUGH_KNOWN = 10
SHARE_KNOWN = 0.3
"""Share of the wanted tracks that must be in a playlist's imported history. Charts of two genres share 3 % of their tracks."""
MOST_NAMED = 3


def check_no_look_alike(
    workspace: Workspace, genre: Genre, kind: PlaylistKind, listing: Sequence[PlaylistRef], wanted: Collection[str] = ()
) -> None:
    """Refuse to make a playlist while the account has one that looks like it.

    A second playlist would get back what the person removed from the first. Playlists of other lists, and those that once were this
    list's, do not count.

    Args:
        listing: the account's own playlists.
        wanted: tracks that the new playlist would get.

    Raises:
        LookAlikeFound: naming them, and what to type.
    """
    found = look_alikes(workspace, genre, kind, listing, wanted)
    if not found:
        return
    named = "; ".join(f"{one.name!r:.120} ({one.total:,} tracks, {names.playlist_url(one.playlist_id)})" for one in found[:MOST_NAMED])
    option = "" if kind == "collect" else f" --kind {kind}"
    adopt = f"beatporter adopt {genre.slug}"
    raise LookAlikeFound(
        f"{genre.name} has no {kind} playlist yet, and none was made, because the account has one that looks like it: {named}.",
        f"Use it: `{adopt} {found[0].playlist_id}{option}`. Or make a new one: `{adopt} --new{option}`.",
    )


def look_alikes(
    workspace: Workspace, genre: Genre, kind: PlaylistKind, listing: Sequence[PlaylistRef], wanted: Collection[str] = ()
) -> list[PlaylistRef]:
    """The account's playlists that may be the list's, likeliest first; see `check_no_look_alike`."""
    taken = workspace.ledger.playlists.all_ids()
    free = [playlist for playlist in listing if playlist.playlist_id not in taken]
    own_name = names.playlist_name(workspace.settings.playlist_options(genre), genre, kind)
    named = [playlist for playlist in free if looks_like(playlist.name, kind, genre, own_name)]
    held = [playlist for playlist in free if playlist not in named and _held(workspace, playlist, kind, wanted)]
    return sorted(named, key=lambda one: -one.total) + held


def _held(workspace: Workspace, playlist: PlaylistRef, kind: PlaylistKind, wanted: Collection[str]) -> bool:
    """Whether the imported history shows that the playlist held much of what the new one would get."""
    if kind != "collect" or len(wanted) < ENOUGH_KNOWN:
        return False
    known = workspace.ledger.history.known(playlist.playlist_id, wanted).track_ids
    return len(known) >= max(ENOUGH_KNOWN, SHARE_KNOWN * len(wanted))
