"""Flow `dedupe-playlists`: remove what playlists hold twice; the first stays where it is, and the order is kept.

Artifact: `dedupe-playlists`. Retry finishes what was interrupted. In a terminal: `beatporter dedupe-playlists`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError, PermanentError
from orchestration.failure import failed, incomplete
from orchestration.flow_options import LEDGER_RUN
from tasks.dedupe import dedupe_all


@flow(name="dedupe-playlists", **LEDGER_RUN)
def dedupe_playlists(playlists: list[str], dry_run: bool = True, any_cut: bool = False, keep_dates: bool = False) -> Any:
    """Remove duplicates: the same id, the same ISRC, or the same recording with the same length.

    Args:
        playlists: Links, URIs, ids or names of your own playlists.
        dry_run: Only show what would be removed, and the calls that it would take.
        any_cut: Also other cuts of the same recording, such as a radio edit.
        keep_dates: Send no track again that can stay, even if that takes more calls.
    """
    try:
        done = dedupe_all(playlists, any_cut, keep_dates, dry_run)
    except BeatporterError as error:
        return failed(error)
    if done["problems"]:
        return incomplete(PermanentError(f"Not done: {', '.join(done['problems'])}. {done['said']}.", "Retry continues there."))
    return Completed(message=done["said"])
