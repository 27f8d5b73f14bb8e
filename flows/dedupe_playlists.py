"""Flow `dedupe-playlists`: remove what playlists hold twice; the first stays where it is, and the order is kept.

Artifact: `dedupe-playlists`. Retry finishes what was interrupted. In a terminal: `beatporter dedupe-playlists`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.care.documents import deduped_page
from beatporter.counted import counted
from beatporter.errors import BeatporterError, PermanentError
from orchestration.artifacts import publish
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
        found = dedupe_all(playlists, any_cut, keep_dates, dry_run)
    except BeatporterError as error:
        return failed(error)
    count, calls = sum(one["duplicates"] for one in found), sum(one["calls"] for one in found)
    said = f"{counted(count, 'duplicate')} {'would be ' if dry_run else ''}removed, {counted(calls, 'call')}"
    publish("dedupe-playlists", f"# {said}\n\n" + deduped_page(found, dry_run=dry_run), said)
    broken = [one["playlist"]["name"] for one in found if one["error"]]
    if broken:
        return incomplete(PermanentError(f"Not done: {', '.join(broken)}. {said}.", "Retry continues there."))
    return Completed(message=said)
