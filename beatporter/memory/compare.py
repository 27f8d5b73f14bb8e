"""Compares two runs: how much more or less each step holds at its peak, and which of our functions cause it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beatporter.memory.megabytes import MB
from beatporter.memory.past_runs import RUN, holders_of
from beatporter.memory.records import Details, Holder
from beatporter.records.ledger import MemoryRow


@dataclass(frozen=True, slots=True)
class FunctionDifference:
    """What a function and the libraries that it called held, in bytes; 0 if it is not among the greatest."""

    function: str
    place: str
    before_bytes: int
    after_bytes: int

    @property
    def more_bytes(self) -> int:
        return self.after_bytes - self.before_bytes


@dataclass(frozen=True, slots=True)
class StepDifference:
    """A step's peak above the run's start, in bytes."""

    step: str
    before_bytes: int
    after_bytes: int
    functions: tuple[FunctionDifference, ...]
    """The greatest difference first."""

    @property
    def more_bytes(self) -> int:
        return self.after_bytes - self.before_bytes

    def words(self) -> str:
        """The difference in a sentence."""
        same_way = [one for one in self.functions if one.more_bytes * self.more_bytes > 0]
        what = "the run" if self.step == RUN else self.step
        part = f", {abs(same_way[0].more_bytes) / MB:.1f} of them in {same_way[0].function}" if same_way else ""
        return f"{abs(self.more_bytes) / MB:.1f} MB {'more' if self.more_bytes >= 0 else 'less'} in {what}{part}"


def compare_runs(before: Sequence[MemoryRow], after: Sequence[MemoryRow]) -> list[StepDifference]:
    """The difference between two runs' rows, step by step; the whole run first."""
    first, second = ({row.step: row for row in rows} for rows in (before, after))
    return [_difference(step, first, second) for step in first if step in second]


def compare_captures(before: Details, after: Details) -> StepDifference:
    """The difference between two captures at their peaks."""
    return StepDifference(RUN, before.peak_bytes, after.peak_bytes, _functions(before.own, after.own))


def _difference(step: str, first: Mapping[str, MemoryRow], second: Mapping[str, MemoryRow]) -> StepDifference:
    functions = _functions(holders_of(first[step]), holders_of(second[step]))
    return StepDifference(step, _above(first, step), _above(second, step), functions)


def _above(rows: Mapping[str, MemoryRow], step: str) -> int:
    """A step's peak above the process's memory before the run, so that other genres' memory does not count."""
    start = rows[RUN].before_bytes if RUN in rows else rows[step].before_bytes
    return max((rows[step].peak_bytes or 0) - (start or 0), 0)


def _functions(before: Sequence[Holder], after: Sequence[Holder]) -> tuple[FunctionDifference, ...]:
    first, second = ({(one.function, one.place.rpartition(":")[0]): one for one in holders} for holders in (before, after))
    found = [
        FunctionDifference(
            key[0],
            (second.get(key) or first[key]).place,
            first[key].held_bytes if key in first else 0,
            second[key].held_bytes if key in second else 0,
        )
        for key in dict.fromkeys([*second, *first])
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.more_bytes)))
