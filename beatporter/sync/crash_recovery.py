"""Works out what a write with unknown outcome left behind. Pure: from what was sent and what is there now.

A run may die, or lose its connection, after it sent a request. Reading the playlist shows which of the sent tracks are there. A sent
track that is *not* there was either never added and must be added, or was removed by the person since and stays out. Spotify carries out
a request completely or not at all, and each is sent after the one before it is confirmed: on top the last of them first, at the end the
first. So a track that is there proves that everything in its own request was added, and in all that were sent before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from beatporter.records.ledger import SnapshotRow
from beatporter.spotify.plan import batches

LONGEST_WRITE = timedelta(minutes=15)
"""A track added within this time after a write began is attributed to it: five rounds with pauses and 429s take some minutes."""
CLOCK_DIFFERENCE = timedelta(minutes=1)
"""Allowed difference between our clock and Spotify's, which dates the additions."""


def removed_by_user(state: SnapshotRow | None, there: Mapping[str, datetime | None]) -> list[str]:
    """Tracks that a write of unknown outcome added and that were removed before the next run looked.

    If nothing is left of the last request that was carried out, nothing proves it, and its tracks count as never added.

    Args:
        state: the playlist's last state.
        there: tracks of `state.sending` that the playlist holds, with the time of their addition according to Spotify.
    """
    if state is None or state.state not in ("writing", "appending") or state.sent_at is None:
        return []
    ours = {track_id for track_id, added_at in there.items() if _in_time(state.sent_at, added_at)}
    requests = list(batches(state.sending))
    shown = [number for number, batch in enumerate(requests) if ours.intersection(batch)]
    if not shown:
        return []
    carried_out = requests[: shown[-1] + 1] if state.state == "appending" else requests[shown[0] :]
    return [track_id for batch in carried_out for track_id in batch if track_id not in there]


def _in_time(sent_at: datetime, added_at: datetime | None) -> bool:
    return added_at is not None and -CLOCK_DIFFERENCE <= added_at - sent_at <= LONGEST_WRITE
