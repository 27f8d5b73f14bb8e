"""What a write left whose outcome nobody heard: pure, from what was sent and what is there now.

A run may die, or lose its connection, after a request was sent. What it sent and is there is found by reading the playlist. What it sent
and is *not* there either never came in, and belongs in, or was removed by the person since, and stays out. A request
is carried out whole or not at all, and the last one is sent first, each when the one before it is known to stand: so a track that came in
tells that everything that was to stand below it, and what was sent with it, came in too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from beatporter.records.ledger import SnapshotRow
from beatporter.spotify.apply import batches

LONGEST_WRITE = timedelta(minutes=15)
"""What came in so long after a write began is the write's: five rounds with growing pauses and waits for 429s take some minutes."""
CLOCK_DIFFERENCE = timedelta(minutes=1)
"""Ours and Spotify's, which says when a track came in."""


def removed_by_user(state: SnapshotRow | None, there: Mapping[str, datetime | None]) -> list[str]:
    """Tracks that came in by a write of unknown outcome and were taken out before anybody looked.

    Where nothing is left of the last request that was carried out, nothing tells that it was, and its tracks count as never come in.

    Args:
        state: the playlist's last state.
        there: tracks of `state.sending` that the playlist holds, with the time at which Spotify says that they came in.
    """
    if state is None or state.state != "writing" or state.sent_at is None:
        return []
    ours = {track_id for track_id, added_at in there.items() if _in_time(state.sent_at, added_at)}
    requests = list(batches(state.sending))
    last = next((number for number, batch in enumerate(requests) if ours.intersection(batch)), len(requests))
    return [track_id for batch in requests[last:] for track_id in batch if track_id not in there]


def _in_time(sent_at: datetime, added_at: datetime | None) -> bool:
    return added_at is not None and -CLOCK_DIFFERENCE <= added_at - sent_at <= LONGEST_WRITE
