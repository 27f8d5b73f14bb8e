"""Flow `restore-playlist`: make a playlist what it was at a time, in order; in place, or as a new one.

Artifact: `restore-playlist`, with what changes. Retry finishes what was interrupted. In a terminal: `beatporter restore-playlist`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from tasks.restore import restore_one


@flow(name="restore-playlist", **LEDGER_RUN)
def restore_playlist(playlist: str, on: str, into: str = "", dry_run: bool = True, keep_dates: bool = False) -> Any:
    """Restore a playlist from its last backup at that time.

    Args:
        playlist: Its link, URI, id or name.
        on: A day (its end, UTC) such as 2026-11-20, or a time such as 2026-11-20T07:30.
        into: Name of a new playlist; empty to restore in place.
        dry_run: Only show the difference, and the calls that it would take.
        keep_dates: Send no track again that can stay, even if that takes more calls.
    """
    try:
        return Completed(message=restore_one(playlist, on, into, keep_dates, dry_run)["said"])
    except BeatporterError as error:
        return failed(error)
