"""Which playlists a list has, as the ledger last remembered them."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.records.ledger import RememberedPlaylist
from beatporter.sync.workspace import Workspace


def remembered_playlists(
    workspace: Workspace, genre: Genre, kinds: Sequence[PlaylistKind] | None = None
) -> dict[PlaylistKind, RememberedPlaylist]:
    """The list's playlists as last remembered, by kind; kinds that have none yet are left out.

    Args:
        kinds: None for those of the settings.
    """
    latest = workspace.ledger.playlists.latest
    wanted = workspace.settings.playlist_options(genre).kinds if kinds is None else kinds
    return {kind: found for kind in wanted if (found := latest(playlist_number(genre, kind))) is not None}
