"""Links to runs and artifacts in Prefect's UI.

On the UI's own pages a link is a path, which works under any host name and port. Elsewhere, as in an alert, it needs the
server's address.
"""

from __future__ import annotations

from uuid import UUID

from prefect.settings import get_current_settings

from beatporter import names
from beatporter.sync.report import GenreLinks


def run_path(run_id: UUID | str) -> str:
    """A run's page."""
    return f"/v2/runs/flow-run/{run_id}"


def artifact_path(key: str, version: UUID | None = None) -> str:
    """An artifact's page: of one version, or of the key with its newest version first."""
    return f"/v2/artifacts/artifact/{version}" if version else f"/v2/artifacts/key/{key}"


def absolute(path: str) -> str:
    """The same link for a reader outside the UI; only the path if the UI's address is unknown."""
    address = get_current_settings().ui_url
    return f"{str(address).rstrip('/')}{path}" if address else path


def genre_links(slug: str, run_id: UUID | str | None, playlist_id: str | None, page: UUID | None = None) -> GenreLinks:
    """The links of a genre's name.

    Args:
        page: the newest version of its artifact, if known.
    """
    return GenreLinks(
        run=run_path(run_id) if run_id else "",
        page=artifact_path(names.sync_artifact(slug), page),
        playlist=names.playlist_url(playlist_id) if playlist_id else "",
    )
