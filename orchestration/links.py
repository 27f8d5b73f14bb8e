"""Links to runs and artifacts in Prefect's UI.

On the UI's own pages a link is a path, which works under any host name and port. Elsewhere, as in an alert, it needs the
server's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from prefect.settings import get_current_settings

from beatporter import names
from beatporter.playlist_kinds import PlaylistKind
from beatporter.sync.report import GenreLinks


def run_path(run_id: UUID | str) -> str:
    """A run's page."""
    return names.run_path(str(run_id))


def artifact_path(key: str, version: UUID | None = None) -> str:
    """An artifact's page: of one version, or of the key with its newest version first."""
    return f"/v2/artifacts/artifact/{version}" if version else f"/v2/artifacts/key/{key}"


def absolute(path: str) -> str:
    """The same link for a reader outside the UI; only the path if the UI's address is unknown."""
    address = get_current_settings().ui_url
    return f"{str(address).rstrip('/')}{path}" if address else path


def genre_links(
    slug: str, run_id: UUID | str | None, playlist_ids: Mapping[PlaylistKind, str], page: UUID | None = None, changed_by: str | None = None
) -> GenreLinks:
    """What a genre's name leads to.

    Args:
        playlist_ids: of its playlists.
        changed_by: the run that changed the playlist last.
        page: the newest version of its artifact, where it is known.
    """
    return GenreLinks(
        run=run_path(run_id) if run_id else "",
        page=artifact_path(names.sync_artifact(slug), page),
        playlists={kind: names.playlist_url(playlist_id) for kind, playlist_id in playlist_ids.items()},
        change=run_path(changed_by) if changed_by else "",
    )
