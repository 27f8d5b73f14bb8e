"""Decides which of the old script's playlists belongs to which list, so that none is made a second time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from beatporter.genres import Genre
from beatporter.names import folded
from beatporter.old_script.settings import MovedList, matches_dated
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import OldPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.subscriptions import Subscription

State = Literal["adopt", "adopted", "make", "ambiguous"]
"""adopt: this playlist will be the list's; adopted: it already is; make: the account has none, so the first run makes one; ambiguous:
several are possible, so the person must choose."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlannedPlaylist:
    """What becomes of one kind of playlist of a list.

    Attributes:
        name: under which it is looked for, or will be made.
        playlist: the one to adopt, or already adopted.
        others: for `ambiguous` those to choose from, else playlists of the same list that stay unused.
    """

    genre: Genre
    kind: PlaylistKind
    state: State
    name: str
    playlist: PlaylistRef | None = None
    others: tuple[PlaylistRef, ...] = ()


def plan_adoption(
    lists: Sequence[MovedList], own: Sequence[PlaylistRef], history: Mapping[str, OldPlaylist], remembered: Mapping[int, str]
) -> list[PlannedPlaylist]:
    """Find the playlist of each list and kind, by its old name and by the history's ids.

    Of several, the one to which the script added last is taken: it is the one that the script used. Without such a difference the person
    must choose.

    Args:
        lists: several may be the same list, under other names.
        own: the account's own playlists.
        history: the old history's playlists, by id.
        remembered: the playlist of each number that the ledger remembers already.
    """
    names: dict[tuple[int, PlaylistKind], list[MovedList]] = {}
    for one in lists:
        for kind in one.names:
            names.setdefault((one.genre.genre_id, kind), []).append(one)
    present = {playlist.playlist_id: playlist for playlist in own}
    planned = []
    for (_, kind), moved in names.items():
        genre = moved[0].genre
        known = present.get(remembered.get(playlist_number(genre, kind), ""))
        if known is not None:
            planned.append(PlannedPlaylist(genre, kind, "adopted", known.name, known))
        else:
            planned.append(_choose(genre, kind, moved, _candidates(kind, moved, own, history), history))
    return planned


def _candidates(
    kind: PlaylistKind, moved: Sequence[MovedList], own: Sequence[PlaylistRef], history: Mapping[str, OldPlaylist]
) -> list[PlaylistRef]:
    """The account's playlists that have one of the names, or had it when the script last wrote to them."""
    wanted = {folded(one.names[kind]) for one in moved}
    dated = [one.names[kind] for one in moved if one.dated]

    def fits(name: str) -> bool:
        return folded(name) in wanted or any(matches_dated(template, name) for template in dated)

    return [one for one in own if fits(one.name) or (one.playlist_id in history and fits(history[one.playlist_id].name))]


def _choose(
    genre: Genre, kind: PlaylistKind, moved: Sequence[MovedList], found: Sequence[PlaylistRef], history: Mapping[str, OldPlaylist]
) -> PlannedPlaylist:
    if moved[0].dated:  # one for each week or month: none of them is the list's
        name = genre.playlist if isinstance(genre, Subscription) else moved[0].names[kind]
        return PlannedPlaylist(genre, kind, "make", name, others=tuple(found))
    if not found:
        return PlannedPlaylist(genre, kind, "make", moved[0].names[kind])
    written = {one.playlist_id: _last_added(history.get(one.playlist_id)) for one in found}
    latest = max(written.values())
    best = [one for one in found if written[one.playlist_id] == latest]
    if len(best) > 1:
        return PlannedPlaylist(genre, kind, "ambiguous", moved[0].names[kind], others=tuple(found))
    return PlannedPlaylist(genre, kind, "adopt", best[0].name, best[0], tuple(one for one in found if one is not best[0]))


def _last_added(old: OldPlaylist | None) -> datetime:
    return old.last_added or _NEVER if old is not None else _NEVER
