"""A playlist's description and cover image, written when its tracks are about to change.

Spotify's state id moves with both, and only the answer to the change of tracks that follows shows it: so the next morning knows the state
and reads nothing. Neither is worth a failed run: what cannot be written is reported, and the tracks are changed all the same.
"""

from __future__ import annotations

import logging

from beatporter.errors import RequestRefused, SettingsError, UpstreamDown
from beatporter.progress import Progress, report
from beatporter.settings_tables import MAX_DESCRIPTION
from beatporter.spotify.sign_in import allows_covers, load_sign_in
from beatporter.sync.playlist_plan import ListPlaylist
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)
NEEDS_SCOPE = (
    "The covers were left out: the sign-in does not allow them. Run `beatporter login` once more with BEATPORTER_PLAYLIST_COVER set, "
    "or set it to false."
)


def description_of(workspace: Workspace, target: ListPlaylist) -> str:
    """The playlist's description of today; empty when the person wants none."""
    values = {"{genre}": target.genre.name, "{date}": f"{workspace.now():%Y-%m-%d}", "{run}": workspace.run_key}
    text = target.options.description
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text[:MAX_DESCRIPTION]


def calls_for_details(target: ListPlaylist, *, is_new: bool) -> int:
    """Calls that `write_details` makes."""
    return int(bool(target.options.description) and not is_new) + int(target.options.cover)


def write_details(workspace: Workspace, target: ListPlaylist, playlist_id: str, *, is_new: bool) -> None:
    """Write the description and the cover that the person wants.

    Args:
        is_new: the playlist was just created, with its description.

    Raises:
        QuotaExceeded, RateLimited: nothing that follows can be sent either.
    """
    if target.options.description and not is_new:
        try:
            workspace.spotify.describe(playlist_id, description_of(workspace, target))
        except (UpstreamDown, RequestRefused) as error:
            _say(workspace, f"The description of {target.name!r} was not written: {error}")
    if target.options.cover:
        _write_cover(workspace, target, playlist_id)


def _write_cover(workspace: Workspace, target: ListPlaylist, playlist_id: str) -> None:
    from beatporter.spotify.cover import draw_cover  # loads Pillow

    try:
        if not allows_covers(load_sign_in(workspace.settings, workspace.sign_in_store)):
            _say(workspace, NEEDS_SCOPE)
            return
        workspace.spotify.set_cover(playlist_id, draw_cover(target.genre.name, target.kind, f"{workspace.now():%Y-%m-%d}"))
    except RequestRefused as error:
        _say(workspace, NEEDS_SCOPE if error.status in (401, 403) else f"The cover of {target.name!r} was not written: {error}")
    except (UpstreamDown, SettingsError) as error:
        _say(workspace, f"The cover of {target.name!r} was not written: {error}")


def _say(workspace: Workspace, note: str) -> None:
    logger.warning("%s: %s", workspace.slug, note)
    report(Progress(workspace.slug, "playlist", note=note))
