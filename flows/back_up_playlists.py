"""Flow `back-up-playlists`: back up the playlists of [backups] in beatporter.toml, and collect their tracks in others.

Those that Spotify lets no app read are named with the reason; the others are still done. Artifact: `back-up-playlists`.
In a terminal: `beatporter back-up-playlists`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.care.documents import backed_up_page
from beatporter.errors import BeatporterError, PermanentError
from orchestration.artifacts import publish
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
        found = back_up_all(playlists or [], dry_run)
    except BeatporterError as error:
        return failed(error)
    if not found:
        return Completed(message="No playlist is named in [backups].")
    counts = {outcome: sum(one["outcome"] == outcome for one in found) for outcome in dict.fromkeys(one["outcome"] for one in found)}
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    publish("back-up-playlists", f"# {said}\n\n" + backed_up_page(found), said)
    if "failed" in counts:
        return incomplete(PermanentError(f"{said}.", "The artifact back-up-playlists says why."))
    return Completed(message=said)
