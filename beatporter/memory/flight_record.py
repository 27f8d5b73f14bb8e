"""Records an active run in a small file beside its capture, which survives if the run is killed.

A run removes its file at the end. If the file is still there without the process, the run was killed: by the kernel, by a person or with
its machine. The next run that claims the file reports it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beatporter.memory.capture import Capture
from beatporter.memory.records import RunFacts, Step

SUFFIX = ".run.json"
CLAIMED = ".claimed"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_START_TIME = 19
"""Index of a process's start time among the fields after its name in /proc/<pid>/stat, proc(5)."""


@dataclass(frozen=True, slots=True)
class FlightRecord:
    """A recorded run.

    Attributes:
        path: the file; the capture is beside it.
        process: the run's process, see `process_mark`.
    """

    path: Path
    facts: RunFacts
    started_at: datetime
    process: str
    rss_before_bytes: int | None
    steps: tuple[Step, ...]

    @property
    def capture(self) -> Path | None:
        """memray's capture, if there is one."""
        file = self.path.with_name(self.path.name.partition(SUFFIX)[0] + ".bin")
        return file if file.exists() else None


def keep_record(path: Path, facts: RunFacts, capture: Capture) -> None:
    """Write the file atomically; ignores errors, so that the run continues."""
    document = {
        "facts": asdict(facts),
        "started_at": capture.started_at.timestamp(),
        "process": process_mark(os.getpid()),
        "rss_before_bytes": capture.rss_before_bytes,
        "steps": [asdict(step) for step in capture.steps],
    }
    draft = path.with_name(f".{path.name}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(document))
        draft.replace(path)


def record_file(path: Path, at: datetime) -> Path:
    """The record's file beside the capture of that path and time."""
    return path.with_name(f"{path.stem}.{at:%Y%m%dT%H%M%S%f}Z{SUFFIX}")


def left_records(folder: Path) -> Iterator[FlightRecord]:
    """Claim the records of runs whose process is gone; no other run gets them."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        record = _read(path)
        if record is None or is_alive(record.process):
            continue
        claimed = path.with_name(path.name + CLAIMED)
        try:
            path.rename(claimed)
        except OSError:  # another run was faster
            continue
        yield FlightRecord(claimed, record.facts, record.started_at, record.process, record.rss_before_bytes, record.steps)


def forget(path: Path) -> None:
    """Remove the file after the run is reported."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def process_mark(pid: int) -> str:
    """Identifies a process even if its number is reused: boot, number and start time; outside Linux only the number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return f"{_BOOT.read_text().strip()}/{pid}/{stat.rpartition(')')[2].split()[_START_TIME]}"
    except (OSError, IndexError):
        return str(pid)


def is_alive(mark: str) -> bool:
    """Whether the process with that mark is alive. A zombie is not."""
    number = mark.split("/")[1] if "/" in mark else mark
    if not number.isdigit():
        return False
    if "/" in mark:
        return process_mark(int(number)) == mark and not _is_zombie(int(number))
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (OSError, IndexError):
        return True


def _read(path: Path) -> FlightRecord | None:
    """Read a record; None if the file is not a record or is gone."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        return FlightRecord(
            path,
            RunFacts(**document["facts"]),
            datetime.fromtimestamp(document["started_at"], UTC),
            str(document["process"]),
            document["rss_before_bytes"],
            tuple(Step(**step) for step in document["steps"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
