"""What a memory report is made of. Plain values that go through JSON, so that reports can be kept and compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

NEAR_PEAK = 2**20
"""A run keeps what it has read, so several steps end near its peak: the first one to get there made it."""
RunState = Literal["completed", "failed", "killed"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A function that held memory at some moment."""

    function: str
    place: str
    """File and line, relative to the project or to the library's folder."""
    held_bytes: int
    allocations: int
    """Blocks held."""
    own: bool
    """Beatporter's own code, not a library's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The process at one time of the run."""

    at_s: float
    """Since the run began."""
    rss_bytes: int
    heap_bytes: int
    """Allocated since the trace began and not yet freed; reservations count too."""


@dataclass(frozen=True, slots=True)
class Step:
    """The kernel's figures for one step of a run; None where the system does not give them."""

    name: str
    """As Prefect's pages show it, such as match-tracks."""
    start_s: float
    """Since the run began, as `end_s`."""
    end_s: float | None = None
    """None: the step did not end."""
    before_bytes: int | None = None
    peak_bytes: int | None = None
    after_bytes: int | None = None

    @property
    def left_bytes(self) -> int | None:
        """What is in RAM after the step and was not before it."""
        return None if self.after_bytes is None or self.before_bytes is None else self.after_bytes - self.before_bytes


@dataclass(frozen=True, slots=True)
class StepHolders:
    """Who held memory at a step's peak."""

    name: str
    peak_bytes: int
    """Allocated by the run at that moment, reservations left out."""
    own: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """What memray's capture says; bytes are those allocated since the trace began, reservations left out unless it says otherwise."""

    peak_bytes: int
    reserved_bytes: int
    """Address space that was reserved in large pieces at the peak: only what is touched of it is in RAM."""
    import_bytes: int
    """Of the peak: allocated while modules were being loaded."""
    allocations: int
    """Allocations and releases during the whole trace, as memray counts them."""
    places: tuple[Holder, ...]
    """Functions that allocated what was held at the peak, greatest first."""
    own: tuple[Holder, ...]
    """Beatporter's functions, each with what it and the libraries it called held at the peak, greatest first."""
    left_bytes: int
    left: tuple[Holder, ...]
    """Who allocated what was not freed at the end: our functions where one is on the stack; without what loading modules left."""
    steps: tuple[StepHolders, ...]
    timeline: tuple[Moment, ...]
    last_rss_bytes: int | None = None
    """In RAM at the last sample; for a run that was killed, when it died."""


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """A process that a run needs, and what it holds."""

    role: str
    """this run, worker, server, temporary server, reader, other runs."""
    rss_bytes: int
    peak_bytes: int | None
    pss_bytes: int | None
    """In RAM with pages that processes share divided among them; None where the kernel does not say."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was, so that only like is compared with like."""

    genre: str
    run_key: str
    run_id: str
    """Prefect's id of the genre's run; empty outside Prefect."""
    shared_process: bool
    """Other genres ran in this process before or may run after."""
    code_version: str
    host: str
    """Such as Linux x86_64, Python 3.11."""


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """A run's memory. Figures of the kernel are None where the system does not give them."""

    facts: RunFacts
    state: RunState
    started_at: datetime
    duration_s: float
    rss_before_bytes: int | None
    rss_after_bytes: int | None
    peak_rss_bytes: int | None
    peak_is_exact: bool
    process_peak_bytes: int | None
    """The most this process ever had in RAM."""
    steps: tuple[Step, ...]
    details: Details | None
    """None when nothing was traced, or the capture could not be read; `note` says why."""
    note: str
    capture: str
    """Name of the capture's file; empty when there is none."""
    processes: tuple[ProcessMemory, ...] = field(default=())

    @property
    def peak_step(self) -> Step | None:
        """The first step that came within a megabyte of the peak; None when it was reached outside of the steps, or nothing is known."""
        near = (self.peak_rss_bytes or 0) - NEAR_PEAK
        return next((step for step in self.steps if self.peak_rss_bytes and (step.peak_bytes or 0) >= near), None)
