"""Finds playlists that look like a list's own: a person, or an earlier program, may have made it under a slightly different name.

Names are compared without case, punctuation, prefix and ending: "BP: Psy Trance Top 100" looks like "Beatport: Psy-Trance - Top 100". A
genre is also recognised by the names that Beatport gave it before. Pure; `sync.refuse_look_alike` asks the ledger.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind
from beatporter.subscriptions import Subscription

FORMER_NAMES: Mapping[int, tuple[str, ...]] = {
    2: ("Hardcore / Hard Techno",),
    3: ("Electronica / Downtempo",),
    6: ("Techno", "Techno (Peak Time / Driving / Hard)"),
    7: ("Trance",),
    8: ("Hard Dance", "Hard Dance / Hardcore"),
    9: ("Breaks",),
    37: ("Indie Dance / Nu Disco",),
    38: ("Hip-Hop / R&B", "Trap / Hip-Hop / R&B"),
    39: ("Dance", "Dance / Electro Pop"),
    81: ("Funky / Groove / Jackin' House",),
    85: ("Leftfield Bass",),
    86: ("Garage / Bassline / Grime",),
    93: ("Organic House / Downtempo",),
    95: ("Deep Dubstep / Grime",),
}
"""Names that genres had at Beatport before, by id: its menu of 2017 to 2025, and the lists of programs written then."""
_FRAME = frozenset({"beatport", "beatporter", "bp", "top", "100", "chart", "charts", "daily", "today", "genre"})
"""Words around a genre's name. At least one must be there: a playlist that is only called "House" is the person's own."""
_KINDS: Mapping[str, PlaylistKind] = {"daily": "daily", "today": "mirror"}


def looks_like(name: str, kind: PlaylistKind, genre: Genre, own_name: str) -> bool:
    """Whether a playlist's name looks like the one of this kind of playlist of the list.

    Args:
        own_name: the name that a new playlist would get.
    """
    words = _words(name)
    if words == _words(own_name):
        return True
    if isinstance(genre, Subscription):  # "Beatport: House - Top 100" is the genre's, not that of a chart that a person called House
        return False
    frame = _FRAME & set(words)
    if not frame or next((_KINDS[word] for word in words if word in _KINDS), "collect") != kind:
        return False
    core = _without_frame(words)
    return any(core == _without_frame(_words(one)) for one in (genre.name, *FORMER_NAMES.get(genre.genre_id, ())))


def _without_frame(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _FRAME]


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and ").replace("psytrance", "psy trance"))
    return [word for word in re.findall(r"\w+", "".join(one for one in plain if not unicodedata.combining(one))) if word != "and"]
