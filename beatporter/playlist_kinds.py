"""Kinds of playlist that a list may have, and the number under which the ledger remembers each.

A genre, chart or label has one playlist of each kind that the person wants. The collecting one has the list's own number, as every
playlist had before there were kinds; the others have one derived from it, like a subscription's.
"""

from __future__ import annotations

from typing import Literal

from beatporter.genres import Genre
from beatporter.subscriptions import number_of

PlaylistKind = Literal["collect", "daily", "mirror"]
"""Collect: grows, new entries on top or at the end. Daily: a few to listen to, refilled as the person removes them. Mirror: exactly the
present chart, in its order."""


def playlist_number(genre: Genre, kind: PlaylistKind) -> int:
    """The number of a list's playlist of this kind in the ledger's table `playlists`."""
    return genre.genre_id if kind == "collect" else number_of(f"{kind}:{genre.genre_id}")
