"""Flow `back-up-playlists`: back up the playlists of [backups] in beatporter.toml, and collect their tracks in others.

Those that Spotify lets no app read are named with the reason; the others are still done. Artifact: `back-up-playlists`.
In a terminal: `beatporter back-up-playlists`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError, PermanentError
from orchestration.failure import failed, incomplete
from orchestration.flow_options import LEDGER_RUN
from tasks.playlist_backups import back_up_all


@flow(name="back-up-playlists", **LEDGER_RUN)
def back_up_playlists(playlists: list[str] | None = None, dry_run: bool = False) -> Any:
    """Back up playlists; an unchanged one is not read.

    Args:
        playlists: Names from [backups], or links, URIs, ids or names of playlists; empty for all of [backups].
        dry_run: Only say what would be done.
    """
    try:
        done = back_up_all(playlists or [], dry_run)
    except BeatporterError as error:
        return failed(error)
    if done is None:
        return Completed(message="No playlist is named in [backups].")
    if done["problems"]:
        return incomplete(PermanentError(f"{done['said']}.", "The artifact back-up-playlists says why."))
    return Completed(message=done["said"])
