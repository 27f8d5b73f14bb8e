"""Limits the captures by number, size and age, for each name and in total. The newest of each name is deleted last."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beatporter.memory.flight_record import CLAIMED, SUFFIX

logger = logging.getLogger(__name__)

PAGES = "pages"
"""Subfolder for the pages made from the captures."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits.

    Attributes:
        each: captures of one name.
        total_bytes: all captures and their pages.
        age: older captures are deleted.
    """

    each: int = 3
    total_bytes: int = 100 * 1024 * 1024
    age: timedelta = timedelta(days=30)


KEPT = Bounds()
"""The limits that every run applies."""


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture on disk."""

    path: Path
    name: str
    """Such as memory-house."""
    bytes: int
    at: datetime


def captures(folder: Path) -> list[CaptureFile]:
    """The captures in a folder, newest first, including those of active runs."""
    found = []
    for path in folder.glob("*.bin"):
        name, _, stamp = path.stem.partition(".")
        try:
            found.append(CaptureFile(path, name, path.stat().st_size, datetime.strptime(stamp, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)))
        except (OSError, ValueError):  # gone, or not ours
            continue
    return sorted(found, key=lambda one: one.at, reverse=True)


def prune(folder: Path, bounds: Bounds, now: datetime) -> list[CaptureFile]:
    """Delete captures beyond the limits, with the files beside them; captures of active runs stay.

    Returns:
        The deleted captures.
    """
    at_work = {path.name.partition(SUFFIX)[0] for path in folder.glob(f"*{SUFFIX}")}
    there = [one for one in captures(folder) if one.path.stem not in at_work]
    gone = [one for one in _beyond(there, bounds, now) if _delete(one.path)]
    for one in gone:
        for beside in (*pages_of(one.path), one.path.with_name(f"{one.path.stem}{SUFFIX}{CLAIMED}")):
            _delete(beside)
    return gone


def pages_of(capture: Path) -> Iterable[Path]:
    """The pages made from a capture."""
    return (capture.parent / PAGES).glob(f"{capture.stem}.*")


def _beyond(there: list[CaptureFile], bounds: Bounds, now: datetime) -> list[CaptureFile]:
    """The captures to delete, newest first."""
    by_name: dict[str, int] = {}
    gone: list[CaptureFile] = []
    kept: list[CaptureFile] = []
    for one in there:
        by_name[one.name] = by_name.get(one.name, 0) + 1
        (gone if by_name[one.name] > max(bounds.each, 1) or now - one.at > bounds.age else kept).append(one)
    rank: dict[str, int] = {}
    ranked = []
    for one in kept:  # every name's newest before any name's second
        rank[one.name] = rank.get(one.name, -1) + 1
        ranked.append((rank[one.name], -one.at.timestamp(), one))
    total = 0
    for _, _, one in sorted(ranked, key=lambda item: item[:2]):
        total += one.bytes + sum(page.stat().st_size for page in pages_of(one.path))
        if total > bounds.total_bytes:
            gone.append(one)
    return gone


def _delete(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("Cannot delete the old capture %s: %s", path.name, error.strerror)
        return False
    return True
