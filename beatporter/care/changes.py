"""What changed between two states of a playlist, or between two charts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow
from beatporter.spotify.arrangement import staying, tokens


@dataclass(frozen=True, slots=True)
class Changes:
    """Two states of a playlist compared.

    Attributes:
        came: entries only in the later one, in its order. left: only in the earlier one, in its order.
        moved: entries of the later one that are in both and changed their order; as few as possible.
        stayed: how many are in both.
    """

    came: tuple[BackupRow, ...]
    left: tuple[BackupRow, ...]
    moved: tuple[BackupRow, ...]
    stayed: int


@dataclass(frozen=True, slots=True)
class ChartChanges:
    """Two charts compared; positions begin at 1.

    Attributes:
        entered: entries only in the later one. left: only in the earlier one, with their position there.
        rose, fell: entries of the later one with their earlier position.
        stayed: how many kept their position.
    """

    entered: tuple[ChartEntry, ...]
    left: tuple[ChartEntry, ...]
    rose: tuple[tuple[ChartEntry, int], ...]
    fell: tuple[tuple[ChartEntry, int], ...]
    stayed: int


def changes_between_rows(before: Sequence[BackupRow], after: Sequence[BackupRow]) -> Changes:
    """Compare two states; a track that is there several times is compared as often as it is there."""
    old, new = tokens([row.track_id for row in before]), tokens([row.track_id for row in after])
    both = set(old) & set(new)
    moving = both - staying(old, new)
    return Changes(
        tuple(row for row, token in zip(after, new, strict=True) if token not in both),
        tuple(row for row, token in zip(before, old, strict=True) if token not in both),
        tuple(row for row, token in zip(after, new, strict=True) if token in moving),
        len(both),
    )


def changes_between_charts(before: Sequence[ChartEntry], after: Sequence[ChartEntry]) -> ChartChanges:
    """Compare two charts by Beatport id."""
    old = {entry.beatport_id: entry.position for entry in before}
    new = {entry.beatport_id for entry in after}
    both = [(entry, old[entry.beatport_id]) for entry in after if entry.beatport_id in old]
    return ChartChanges(
        tuple(entry for entry in after if entry.beatport_id not in old),
        tuple(entry for entry in before if entry.beatport_id not in new),
        tuple((entry, was) for entry, was in both if entry.position < was),
        tuple((entry, was) for entry, was in both if entry.position > was),
        Counter(entry.position == was for entry, was in both)[True],
    )
