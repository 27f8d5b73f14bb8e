"""Kinds of playlist that a list may have, the number under which the ledger remembers each, and what a person can choose about them.

A genre, chart or label has one playlist of each kind that the person wants. The collecting one has the list's own number, as every
playlist had before there were kinds; the others have one derived from it, like a subscription's. See docs/playlists.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.subscriptions import number_of

PlaylistKind = Literal["collect", "daily", "mirror"]
"""Collect: grows, new entries on top or at the end. Daily: a few to listen to, refilled as the person removes them. Mirror: exactly the
present chart, in its order."""
KINDS: tuple[PlaylistKind, ...] = get_args(PlaylistKind)
"""In the order in which a run updates them: the daily playlist is made up from what the collecting one holds."""
Digging = Literal["off", "playlist", "all"]
"""Which tracks count as known. Off: what is in the playlist now; playlist: what it ever held; all: what any playlist ever held."""
AddAt = Literal["top", "end"]
MAX_DAILY = 100


@dataclass(frozen=True, slots=True)
class PlaylistOptions:
    """What the person chose about the playlists of one list, with defaults filled in.

    Attributes:
        kinds: the kinds to keep, in the order of `KINDS`.
        name: template of the collecting playlist's name; {genre} becomes the list's name.
        daily_name: template of the daily playlist's name.
        mirror_name: template of the mirror's name.
        digging: which tracks count as known; a mirror takes no notice of it.
        daily_size: most entries of the daily playlist.
        add_at: where new entries go.
        description: template of the description, with {genre}, {date} and {run}; empty: never changed.
        cover: draw a cover image.
        public: of new playlists; Spotify may ignore False.
    """

    kinds: tuple[PlaylistKind, ...] = ("collect",)
    name: str = "Beatport: {genre} - Top 100"
    daily_name: str = "Beatport: {genre} - Daily Top"
    mirror_name: str = "Beatport: {genre} - Top 100 today"
    digging: Digging = "playlist"
    daily_size: int = 15
    add_at: AddAt = "top"
    description: str = ""
    cover: bool = False
    public: bool = False

    def template_of(self, kind: PlaylistKind) -> str:
        """The template of the name of this kind's playlist."""
        return {"collect": self.name, "daily": self.daily_name, "mirror": self.mirror_name}[kind]


def playlist_number(genre: Genre, kind: PlaylistKind) -> int:
    """The number of a list's playlist of this kind in the ledger's table `playlists`."""
    return genre.genre_id if kind == "collect" else number_of(f"{kind}:{genre.genre_id}")


def read_kind(text: str) -> PlaylistKind:
    """A kind by its name.

    Raises:
        SettingsError: there is no such kind.
    """
    for kind in KINDS:
        if kind == text:
            return kind
    raise SettingsError(f"{text!r:.40} is not a kind of playlist.", f"Use {', '.join(KINDS)}.")


def in_order(kinds: Iterable[PlaylistKind]) -> tuple[PlaylistKind, ...]:
    """The kinds in the order in which a run updates them, each once."""
    wanted = set(kinds)
    return tuple(kind for kind in KINDS if kind in wanted)
