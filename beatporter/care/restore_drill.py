"""The restore drill: does every playlist's backup lead back to what it shows? Plans each restore and plays it on paper; sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from beatporter.care.known_playlists import known_playlists
from beatporter.errors import LedgerCorrupt
from beatporter.ledger.ledger import Ledger
from beatporter.records.ledger import BackupInfo
from beatporter.spotify.arrangement import carried_out, plan_arrangement

STATES = 4
"""States of each playlist that a drill restores: the first, the last, and others spread between them."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """One state that was restored on paper.

    Attributes:
        playlist_id, name: of the playlist.
        taken_at: of the backup.
        entries: how many it has; `unsendable` of them cannot be put back by an app.
        calls: that restoring it in place would take today.
        problem: what is wrong; empty when the result is the backup.
    """

    playlist_id: str
    name: str
    taken_at: datetime
    entries: int
    unsendable: int
    calls: int
    problem: str = ""


def drill(ledger: Ledger) -> Iterator[Drilled]:
    """Yield the result for some states of every playlist with a backup, one playlist in memory at a time."""
    for playlist in known_playlists(ledger):
        backups = ledger.backups.all(playlist.playlist_id)
        if not backups:
            continue
        present = ledger.backups.track_ids(playlist.playlist_id, backups[-1].snapshot_id)
        for backup in spread(backups, STATES):
            yield _drill_one(ledger, playlist.name, backup, present)


def spread(backups: list[BackupInfo], count: int) -> list[BackupInfo]:
    """The first, the last, and others evenly between them."""
    last = len(backups) - 1
    places = sorted({round(number * last / (count - 1)) for number in range(count)})
    return [backups[place] for place in places]


def _drill_one(ledger: Ledger, name: str, backup: BackupInfo, present: list[str | None]) -> Drilled:
    problem = ""
    try:
        wanted = ledger.backups.track_ids(backup.playlist_id, backup.snapshot_id)
    except (LedgerCorrupt, LookupError) as error:
        return Drilled(backup.playlist_id, name, backup.taken_at, backup.rows, 0, 0, f"It cannot be read: {error}")
    plan = plan_arrangement(present, wanted)
    held = list(present)
    for operation in plan.operations:
        held = carried_out(held, operation)
    if len(wanted) != backup.rows:
        problem = f"It has {len(wanted):,} entries, and was saved with {backup.rows:,}."
    elif [one for one in held if one is not None] != [one for one in wanted if one is not None]:
        problem = "Restoring it would lead to another content or order."
    unsendable = max(0, wanted.count(None) - present.count(None))
    return Drilled(backup.playlist_id, name, backup.taken_at, backup.rows, unsendable, len(plan.operations), problem)
