"""What a memory report holds. Plain values that go through JSON, so that reports can be kept and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """A function that held memory at the peak."""

    function: str
    place: str
    """File and line, relative to the project or to the library's folder."""
    held_bytes: int
    allocations: int
    """Blocks held at the peak."""
    own: bool
    """Beatporter's own code, not a library's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The process at one time of the run."""

    at_s: float
    """Since the trace began."""
    rss_bytes: int
    heap_bytes: int
    """Allocated since the trace began and not yet freed."""


@dataclass(frozen=True, slots=True)
class Details:
    """What memray's capture says; bytes are those allocated since the trace began."""

    peak_bytes: int
    import_bytes: int
    """Of the peak: allocated while modules were being loaded."""
    allocations: int
    """Allocations and releases during the whole trace, as memray counts them."""
    places: tuple[Holder, ...]
    """Functions that allocated what was held at the peak, greatest first."""
    own: tuple[Holder, ...]
    """Beatporter's functions, each with what it and the libraries it called held at the peak, greatest first."""
    timeline: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """A run's memory. Figures of the kernel are None where the system does not tell them."""

    started_at: datetime
    duration_s: float
    rss_before_bytes: int | None
    rss_after_bytes: int | None
    peak_rss_bytes: int | None
    peak_is_exact: bool
    details: Details | None
    """None when nothing was traced, or the capture could not be read; `note` says why."""
    note: str
    capture: str
    """Name of the capture's file; empty when there is none."""
