"""Adopts playlists that the account already has: remembers them as those of a list, so that no second one is made.

`plan_adoption` decides which of the old script's playlists belongs to which list; it is pure. Adopting changes only the ledger. The next
run reads the playlist and puts what is in it into the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import OldPlaylist, RememberedPlaylist
from beatporter.records.track import PlaylistRef
from beatporter.script_settings import MovedList, matches_dated
from beatporter.subscriptions import Subscription
from beatporter.sync.account_playlists import genre_playlist
from beatporter.sync.workspace import Workspace

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
    wanted = {_folded(one.names[kind]) for one in moved}
    dated = [one.names[kind] for one in moved if one.dated]

    def fits(name: str) -> bool:
        return _folded(name) in wanted or any(matches_dated(template, name) for template in dated)

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


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def own_playlists(workspace: Workspace) -> list[PlaylistRef]:
    """The account's own playlists, as Spotify lists them now."""
    account_id = workspace.account_id
    return [playlist for playlist in workspace.spotify.playlists() if playlist.owner_id == account_id]


def make_beside_similar(workspace: Workspace, genre: Genre, kind: PlaylistKind) -> PlaylistRef:
    """Make a new playlist for a list that has none, even if the account has one that looks like it.

    Raises:
        SettingsError: the list has one.
        UpstreamDown: it is unknown whether it was made.
    """
    remembered = workspace.ledger.playlists.latest(playlist_number(genre, kind))
    made = genre_playlist(workspace, genre, remembered.playlist_id if remembered else None, kind=kind, create=True)
    if made is None:
        raise AssertionError("it is created when there is none")
    if remembered is not None and made.playlist_id == remembered.playlist_id:
        raise SettingsError(
            f"{genre.slug} has a {kind} playlist already: {made.name!r:.120}.", "Adopt another one, or delete it in Spotify first."
        )
    return made


def adopt_playlist(workspace: Workspace, genre: Genre, kind: PlaylistKind, playlist: PlaylistRef) -> bool:
    """Remember a playlist as the list's; returns whether this is new.

    Raises:
        SettingsError: the playlist belongs to another account, or is another list's.
    """
    check_adoptable(workspace, genre, kind, playlist)
    number = playlist_number(genre, kind)
    before = workspace.ledger.playlists.latest(number)
    if before is not None and before.playlist_id == playlist.playlist_id:
        return False
    workspace.ledger.playlists.append(RememberedPlaylist(number, playlist.playlist_id, playlist.name, workspace.now()))
    return True


def check_adoptable(workspace: Workspace, genre: Genre, kind: PlaylistKind, playlist: PlaylistRef) -> None:
    """Check that a playlist can be the list's.

    Raises:
        SettingsError: it belongs to another account, or is another list's.
    """
    if playlist.owner_id != workspace.account_id:
        raise SettingsError(
            f"{playlist.name!r:.120} belongs to the account {playlist.owner_id}, not to yours.",
            "Only your own playlists can be kept up to date.",
        )
    number = workspace.ledger.playlists.numbers().get(playlist.playlist_id)
    if number not in (None, playlist_number(genre, kind)):
        raise SettingsError(
            f"{playlist.name!r:.120} is already the playlist of another list or kind.",
            "Adopt another playlist, or give that list another one first.",
        )
