"""Reads a memray capture and says what matters of it. Runs in a process of its own, so that the run's memory stays its own.

Paths are made relative and command lines are left out: what is printed holds no secret and no path of the machine.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath

import memray

from beatporter.memory.records import Details, Holder, Moment

_TOP = 15
_MOMENTS = 120
_ROOT = Path(__file__).resolve().parents[2]
_OWN = frozenset({"beatporter", "tasks", "flows", "cli"})
_CAPTURING = PurePath("beatporter", "memory")
_IMPORT = "<frozen importlib"
_NO_FRAME = ("no Python frame (start of a thread, or the interpreter itself)", "-", 0)
Frame = tuple[str, str, int]
"""Function, file, line; as memray gives it."""


@dataclass
class _Sum:
    held_bytes: int = 0
    allocations: int = 0
    lines: dict[int, int] = field(default_factory=lambda: defaultdict(int))


class _Holders:
    """Bytes and blocks added up by function; its line is the one that held most."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], _Sum] = defaultdict(_Sum)

    def add(self, frame: Frame, record: memray.AllocationRecord) -> None:
        function, file, line = frame
        total = self._sums[function, file]
        total.held_bytes += record.size
        total.allocations += record.n_allocations
        total.lines[line] += record.size

    def greatest(self) -> tuple[Holder, ...]:
        ordered = sorted(self._sums.items(), key=lambda item: (-item[1].held_bytes, item[0]))
        return tuple(_holder(function, file, total) for (function, file), total in ordered[:_TOP])


def analyse(file: Path) -> Details:
    """What the capture says.

    Raises:
        OSError: it is no capture, or cannot be read.
    """
    places, own = _Holders(), _Holders()
    import_bytes = 0
    with memray.FileReader(file, max_memory_records=10 * _MOMENTS) as reader:
        for record in reader.get_high_watermark_allocation_records(merge_threads=True):
            stack = record.stack_trace()
            places.add(stack[0] if stack else _NO_FRAME, record)
            if any(frame[1].startswith(_IMPORT) for frame in stack):
                import_bytes += record.size
            if innermost := next((frame for frame in stack if is_own(frame[1])), None):
                own.add(innermost, record)
        moments = [Moment(shot.time / 1000, shot.rss, shot.heap) for shot in reader.get_memory_snapshots()]
        metadata = reader.metadata
    return Details(
        peak_bytes=metadata.peak_memory,
        import_bytes=import_bytes,
        allocations=metadata.total_allocations,
        places=places.greatest(),
        own=own.greatest(),
        timeline=_thinned(moments),
    )


@cache
def is_own(file: str) -> bool:
    """Whether a file belongs to Beatporter, the capturing itself not counted."""
    if not PurePath(file).is_relative_to(_ROOT):
        return False
    path = PurePath(file).relative_to(_ROOT)
    return path.parts[0] in _OWN and not path.is_relative_to(_CAPTURING)


@cache
def shown_path(file: str) -> str:
    """The file's path below the project, the library's folder or the standard library; else its last two parts."""
    if file.startswith("<") or file == "-":
        return file
    path = PurePath(file)
    paths = sysconfig.get_paths()
    # The longest root first: a virtual environment may lie within the project, site-packages within the standard library.
    roots = sorted({paths["purelib"], paths["platlib"], paths["stdlib"], str(_ROOT)}, key=len, reverse=True)
    root = next((root for root in roots if path.is_relative_to(root)), None)
    return path.relative_to(root).as_posix() if root else PurePath(*path.parts[-2:]).as_posix()


def _holder(function: str, file: str, total: _Sum) -> Holder:
    line = max(total.lines, key=lambda number: total.lines[number])
    place = f"{shown_path(file)}:{line}" if line else shown_path(file)
    return Holder(function, place, total.held_bytes, total.allocations, is_own(file))


def _thinned(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """At most `_MOMENTS` of them, each the greatest of its stretch, with times from the first."""
    if not moments:
        return ()
    stretch = -(-len(moments) // _MOMENTS)
    groups: Iterable[Sequence[Moment]] = (moments[start : start + stretch] for start in range(0, len(moments), stretch))
    kept = [max(group, key=lambda moment: moment.rss_bytes) for group in groups]
    begin = moments[0].at_s
    return tuple(Moment(round(moment.at_s - begin, 3), moment.rss_bytes, moment.heap_bytes) for moment in kept)


def main(arguments: Sequence[str]) -> int:
    """Print a capture's analysis as JSON; 1 and the reason when it cannot be read, 2 without exactly one file."""
    import json
    from dataclasses import asdict

    if len(arguments) != 1:
        sys.stderr.write("usage: python -m beatporter.memory CAPTURE\n")
        return 2
    try:
        details = analyse(Path(arguments[0]))
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    json.dump(asdict(details), sys.stdout)
    return 0
