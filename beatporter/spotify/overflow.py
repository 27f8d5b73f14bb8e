"""A playlist near Spotify's limit: moves its oldest tracks to a continuation ("… (2)"), or raises PlaylistFull.

Tracks are added to the continuation first and removed afterwards. A crash in between leaves them in both playlists; the next move
notices this, because they are on top of the continuation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import Literal

from beatporter.errors import PlaylistFull
from beatporter.records.track import PlaylistRef
from beatporter.spotify.apply import apply_update
from beatporter.spotify.client import SpotifyClient
from beatporter.spotify.plan import MIN_MOVED, PLAYLIST_LIMIT, Plan, Present, plan_collect, plan_move

Continuation = Callable[[int], PlaylistRef]
"""Finds or creates the continuation with that number, 2 or more."""


def continuation_name(name: str, number: int) -> str:
    """The name of a playlist's continuation, "Beatport: House - Top 100 (2)"."""
    return f"{name} ({number})"


def make_room(
    client: SpotifyClient,
    playlist: PlaylistRef,
    present: Present,
    adding: int,
    *,
    when_full: Literal["continue", "fail"],
    continuation: Continuation,
    limit: int = PLAYLIST_LIMIT,
    min_moved: int = MIN_MOVED,
    oldest_on_top: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Move as many of the oldest tracks as `adding` new ones need; does nothing while there is room.

    Args:
        client: of the account.
        playlist: the full one.
        present: its track ids from the top.
        adding: how many tracks will be added.
        when_full: the person's setting.
        continuation: `ensure_playlist` for a continuation's number.
        limit: entries that a playlist may hold.
        min_moved: entries to move at least.
        oldest_on_top: the playlist grows at its end.
        sleep: called with seconds, after unknown outcomes.

    Returns:
        The tracks moved, in playlist order.

    Raises:
        PlaylistFull: the person wants no continuation, or what is there cannot be moved.
    """
    moving = plan_move(present, adding, limit=limit, min_moved=min_moved, oldest_on_top=oldest_on_top)
    if not moving and len(present) + adding <= limit:
        return ()
    if when_full == "fail":
        raise PlaylistFull(
            f"Playlist {playlist.name!r} holds {len(present)} entries; {adding} more would exceed Spotify's limit of {limit}.",
            'Remove old ones, or set BEATPORTER_PLAYLIST_WHEN_FULL=continue to have them moved to a playlist "… (2)".',
        )
    if len(present) - len(moving) + adding > limit:
        raise PlaylistFull(
            f"Playlist {playlist.name!r} holds {len(present)} entries, and an app can move too few of them.",
            "Remove local files or duplicates by hand.",
        )
    _add_to_continuation(client, continuation, moving, limit, sleep)
    apply_update(client, playlist.playlist_id, Plan(remove=moving), sleep=sleep)
    return moving


def _add_to_continuation(
    client: SpotifyClient, continuation: Continuation, moving: tuple[str, ...], limit: int, sleep: Callable[[float], None]
) -> None:
    """Put the tracks on top of the first continuation with room, except those that an earlier, interrupted move has put in one."""
    number, pending = 2, moving
    while pending:
        target = continuation(number)
        top = [item.track.track_id if item.track else None for item in islice(client.playlist_items(target.playlist_id), len(moving))]
        plan = plan_collect(pending, top)
        if target.total + len(plan.add) <= limit:
            apply_update(client, target.playlist_id, plan, sleep=sleep)
            return
        number, pending = number + 1, plan.add
