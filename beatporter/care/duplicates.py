"""Finds what a playlist holds twice. Pure; the first of equal entries stays where it is.

Three kinds, see docs/decisions/duplicates.md: the same id; the same track under another id (equal ISRC, or the same recording with the
same length); and, only if the person wants that, another cut of the same recording, such as its radio edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from beatporter.matching import recording_key
from beatporter.records.ledger import BackupRow
from beatporter.sync.candidates import SAME_LENGTH_MS

Sameness = Literal["same id", "same ISRC", "same recording and length", "same recording"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An entry that repeats an earlier one.

    Attributes:
        position, first: of this one and of the one that stays, from the top, 0 first.
        why: what they have in common.
    """

    position: int
    first: int
    why: Sameness


def find_duplicates(rows: Sequence[BackupRow], lengths_ms: Mapping[str, int], *, any_cut: bool = False) -> list[Duplicate]:
    """Entries that repeat an earlier one, from the top; entries without an id are never compared.

    Args:
        lengths_ms: of tracks, by id; where one is not known, the lengths count as different.
        any_cut: count every cut of a recording as the same.
    """
    by_id: dict[str, int] = {}
    by_isrc: dict[str, int] = {}
    by_recording: dict[str, list[int]] = {}
    found: list[Duplicate] = []
    for position, row in enumerate(rows):
        if row.track_id is None:
            continue
        recording = _recording(row)
        equal = _equal(row, by_id, by_isrc) or _equal_length(row, rows, by_recording.get(recording, ()), lengths_ms, any_cut=any_cut)
        if equal is not None:
            found.append(Duplicate(position, *equal))
        else:
            by_recording.setdefault(recording, []).append(position)
        first = equal[0] if equal is not None else position  # all names of the first count as its own
        by_id.setdefault(row.track_id, first)
        if row.isrc:
            by_isrc.setdefault(row.isrc, first)
    return found


def suspects(rows: Sequence[BackupRow]) -> Iterator[int]:
    """Positions of entries whose length decides: the same recording under several ids that no ISRC shows to be the same."""
    groups: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        if row.track_id is not None and _recording(row):
            groups.setdefault(_recording(row), []).append(position)
    for places in groups.values():
        ids, isrcs = {rows[place].track_id for place in places}, {rows[place].isrc or place for place in places}
        if len(ids) > 1 and len(isrcs) > 1:
            yield from places


def without(rows: Sequence[BackupRow], duplicates: Sequence[Duplicate]) -> list[str | None]:
    """The ids that are left, in order."""
    gone = {duplicate.position for duplicate in duplicates}
    return [row.track_id for position, row in enumerate(rows) if position not in gone]


def _equal(row: BackupRow, by_id: Mapping[str, int], by_isrc: Mapping[str, int]) -> tuple[int, Sameness] | None:
    if row.track_id is not None and row.track_id in by_id:
        return by_id[row.track_id], "same id"
    if row.isrc and row.isrc in by_isrc:
        return by_isrc[row.isrc], "same ISRC"
    return None


def _equal_length(
    row: BackupRow, rows: Sequence[BackupRow], places: Sequence[int], lengths_ms: Mapping[str, int], *, any_cut: bool
) -> tuple[int, Sameness] | None:
    own = lengths_ms.get(row.track_id or "")
    for place in places:
        other = lengths_ms.get(rows[place].track_id or "")
        if own is not None and other is not None and abs(own - other) <= SAME_LENGTH_MS:
            return place, "same recording and length"
    return (places[0], "same recording") if any_cut and places else None


def _recording(row: BackupRow) -> str:
    """The recording's key; the id where the name is not known, so that nothing else equals it."""
    return recording_key(row.name, row.artists) if row.name else f"id {row.track_id}"
