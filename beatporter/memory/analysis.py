"""Analyses a memray capture, even an incomplete one of a killed process.

For every stretch between two samples of the process, memray records what was held at its highest moment. All figures here come from those
stretches, so they agree with one another. Paths are made relative and command lines left out, so the analysis holds no secrets and
no paths of the machine.
"""

from __future__ import annotations

import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import memray

from beatporter.memory.records import Details, Holder, Moment, Step, StepHolders

_TOP = 15
_STEP_TOP = 5
_MOMENTS = 120
_MAX_SAMPLES = 20_000
RESERVED_FROM = 64 * 1024 * 1024
"""A mapping of this many bytes is a reservation: Python's own allocator maps 1 MB at a time, and malloc's own mappings are not seen."""
_ROOT = Path(__file__).resolve().parents[2]
_OWN = frozenset({"beatporter", "tasks", "flows", "cli"})
_CAPTURING = PurePath("beatporter", "memory")
_IMPORT = "<frozen importlib"
_NO_FRAME = ("no Python frame (start of a thread, or the interpreter itself)", "-", 0)
Frame = tuple[str, str, int]
"""Function, file, line, as memray reports them."""
Stack = list[Frame]


@dataclass
class _Sum:
    held_bytes: int = 0
    allocations: int = 0
    lines: dict[int, int] = field(default_factory=lambda: defaultdict(int))


class _Holders:
    """Bytes and blocks of one function, with the line that held most."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], _Sum] = defaultdict(_Sum)

    def add(self, frame: Frame, held_bytes: int, allocations: int) -> None:
        function, file, line = frame
        total = self._sums[function, file]
        total.held_bytes += held_bytes
        total.allocations += allocations
        total.lines[line] += held_bytes

    def greatest(self, top: int) -> tuple[Holder, ...]:
        ordered = sorted(self._sums.items(), key=lambda item: (-item[1].held_bytes, item[0]))
        return tuple(_holder(function, file, total) for (function, file), total in ordered[:top] if total.held_bytes)


@dataclass(frozen=True, slots=True)
class _Place:
    """A stack, and what it held between changes: first stretch, stretch after the last, blocks, bytes.

    Attributes:
        left: blocks and bytes that were not freed by the end.
    """

    stack: Stack
    spans: list[tuple[int, int, int, int]]
    left: tuple[int, int]
    reserves: bool

    def at(self, stretch: int) -> tuple[int, int]:
        """Blocks and bytes at the highest moment of a stretch."""
        return next(((blocks, size) for first, after, blocks, size in self.spans if first <= stretch < after), (0, 0))


def analyse(file: Path, steps: Sequence[Step] = (), began_at: float | None = None) -> Details:
    """Analyse the capture.

    Args:
        steps: the run's steps, to find who held memory at each step's peak.
        began_at: start of the run, seconds since 1970; None for the first sample.

    Raises:
        OSError: the file is not a capture, or cannot be read.
    """
    with memray.FileReader(file, max_memory_records=_MAX_SAMPLES) as reader:
        records, totals = reader.get_temporal_high_water_mark_allocation_records(merge_threads=True)
        places = [_place(record, len(totals)) for record in records]
        samples = list(reader.get_memory_snapshots())
        allocations = reader.metadata.total_allocations
    reserved = _reserved(places, len(totals))
    memory = [total - held for total, held in zip(totals, reserved, strict=True)]
    peak = max(range(len(memory)), key=memory.__getitem__, default=0)
    own, anywhere, import_bytes = _held(places, peak)
    left, left_bytes = _left(places)
    begin = began_at if began_at is not None or not samples else samples[0].time / 1000
    moments = [Moment(round(max(one.time / 1000 - (begin or 0), 0), 3), one.rss, one.heap) for one in samples]
    return Details(
        peak_bytes=memory[peak] if memory else 0,
        reserved_bytes=reserved[peak] if reserved else 0,
        import_bytes=import_bytes,
        allocations=allocations,
        places=anywhere.greatest(_TOP),
        own=own.greatest(_TOP),
        left_bytes=left_bytes,
        left=left.greatest(_TOP),
        steps=tuple(_by_step(steps, moments, memory, places)),
        timeline=thinned(moments),
        last_rss_bytes=moments[-1].rss_bytes if moments else None,
    )


def _place(record: Any, stretches: int) -> _Place:
    spans, left = [], (0, 0)
    for one in record.intervals:
        end = one.deallocated_before_snapshot
        if end is None:
            left = one.n_allocations, one.n_bytes
        spans.append((one.allocated_before_snapshot, stretches if end is None else end, one.n_allocations, one.n_bytes))
    mapped = record.allocator == memray.AllocatorType.MMAP
    reserves = mapped and any(blocks and size / blocks >= RESERVED_FROM for *_, blocks, size in spans)
    return _Place(record.stack_trace(), spans, left, reserves)


def _reserved(places: Iterable[_Place], stretches: int) -> list[int]:
    """Bytes of reservations in each stretch."""
    reserving = [place for place in places if place.reserves]
    return [sum(place.at(stretch)[1] for place in reserving) for stretch in range(stretches)]


def _held(places: Iterable[_Place], stretch: int) -> tuple[_Holders, _Holders, int]:
    """Who held memory at the highest moment of a stretch: our functions without loading modules, all places, and the bytes for loading."""
    own, anywhere, import_bytes = _Holders(), _Holders(), 0
    for place in places:
        blocks, size = place.at(stretch)
        if not size or place.reserves:
            continue
        anywhere.add(place.stack[0] if place.stack else _NO_FRAME, size, blocks)
        if _is_import(place.stack):
            import_bytes += size
        elif frame := _own_frame(place.stack):
            own.add(frame, size, blocks)
    return own, anywhere, import_bytes


def _by_step(steps: Sequence[Step], moments: Sequence[Moment], memory: Sequence[int], places: Sequence[_Place]) -> Iterator[StepHolders]:
    """Our functions at each step's peak, from the stretches that end within the step or contain its end."""
    for step in steps:
        end_s = step.end_s if step.end_s is not None else float("inf")
        first = next((number for number, moment in enumerate(moments) if moment.at_s >= step.start_s), len(moments))
        after = next((number for number, moment in enumerate(moments) if moment.at_s >= end_s), len(moments))
        stretches = range(min(first, len(memory) - 1), min(after + 1, len(memory)))
        if not memory or not stretches:
            continue
        peak = max(stretches, key=memory.__getitem__)
        yield StepHolders(step.name, memory[peak], _held(places, peak)[0].greatest(_STEP_TOP))


def _left(places: Iterable[_Place]) -> tuple[_Holders, int]:
    """Who allocated what was not freed, and how many bytes: our innermost function, otherwise the allocating one. Modules do not count.

    memray's own list of what was not freed says the same, but needs a second pass over the file.
    """
    holders, total = _Holders(), 0
    for place in places:
        blocks, size = place.left
        if not size or place.reserves or _is_import(place.stack):
            continue
        total += size
        holders.add(_own_frame(place.stack) or (place.stack[0] if place.stack else _NO_FRAME), size, blocks)
    return holders, total


def _is_import(stack: Stack) -> bool:
    return any(frame[1].startswith(_IMPORT) for frame in stack)


def _own_frame(stack: Stack) -> Frame | None:
    """Our innermost function on a stack."""
    return next((frame for frame in stack if is_own(frame[1])), None)


@cache
def is_own(file: str) -> bool:
    """Whether a file belongs to Beatporter, apart from the capturing code."""
    if not PurePath(file).is_relative_to(_ROOT):
        return False
    path = PurePath(file).relative_to(_ROOT)
    return path.parts[0] in _OWN and not path.is_relative_to(_CAPTURING)


@cache
def shown_path(file: str) -> str:
    """The file's path below the project, the library's folder or the standard library; otherwise its last two parts."""
    if file.startswith("<") or file == "-":
        return file
    path = PurePath(file)
    paths = sysconfig.get_paths()
    # The longest root first: the project may contain a virtual environment, and the standard library contains site-packages.
    roots = sorted({paths["purelib"], paths["platlib"], paths["stdlib"], str(_ROOT)}, key=len, reverse=True)
    root = next((root for root in roots if path.is_relative_to(root)), None)
    return path.relative_to(root).as_posix() if root else PurePath(*path.parts[-2:]).as_posix()


def _holder(function: str, file: str, total: _Sum) -> Holder:
    line = max(total.lines, key=lambda number: total.lines[number])
    place = f"{shown_path(file)}:{line}" if line else shown_path(file)
    return Holder(function, place, total.held_bytes, total.allocations, is_own(file))


def thinned(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """At most `_MOMENTS` moments, each the greatest of its stretch."""
    stretch = -(-len(moments) // _MOMENTS) or 1
    groups: Iterable[Sequence[Moment]] = (moments[start : start + stretch] for start in range(0, len(moments), stretch))
    return tuple(max(group, key=lambda moment: moment.rss_bytes) for group in groups)
