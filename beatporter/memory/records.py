"""The parts of a memory report. Plain values that survive JSON, so that reports can be stored and compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

NEAR_PEAK = 2**20
"""A run does not release memory at once, so several steps may be near its peak: the first of them caused it."""
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
    """The kernel's figures for one step of a run; None if the system does not provide them."""

    name: str
    """The name on Prefect's pages, such as match-tracks."""
    start_s: float
    """Since the run began, as `end_s`."""
    end_s: float | None = None
    """None if the step did not end."""
    before_bytes: int | None = None
    peak_bytes: int | None = None
    after_bytes: int | None = None

    @property
    def left_bytes(self) -> int | None:
        """Growth of RAM from before to after the step."""
        return None if self.after_bytes is None or self.before_bytes is None else self.after_bytes - self.before_bytes


@dataclass(frozen=True, slots=True)
class StepHolders:
    """Who held memory at a step's peak."""

    name: str
    peak_bytes: int
    """Allocated by the run at that moment, without reservations."""
    own: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """The analysis of memray's capture; bytes are allocations since the trace began, without reservations unless stated."""

    peak_bytes: int
    reserved_bytes: int
    """Address space that was reserved in large pieces at the peak; only the used part of it is in RAM."""
    import_bytes: int
    """Part of the peak that was allocated while modules were loading."""
    allocations: int
    """Allocations and releases during the whole trace, by memray's count."""
    places: tuple[Holder, ...]
    """Functions that allocated the memory held at the peak, greatest first."""
    own: tuple[Holder, ...]
    """Beatporter's functions, each with the memory that it and its libraries held at the peak, greatest first."""
    left_bytes: int
    left: tuple[Holder, ...]
    """Who allocated memory that was not freed at the end: our function if one is on the stack; without loading modules."""
    steps: tuple[StepHolders, ...]
    timeline: tuple[Moment, ...]
    last_rss_bytes: int | None = None
    """In RAM at the last sample; for a killed run, shortly before its death."""


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """A process that a run needs, and its memory."""

    role: str
    """this run, worker, server, temporary server, reader, other runs."""
    rss_bytes: int
    peak_bytes: int | None
    pss_bytes: int | None
    """In RAM, with shared pages divided among their processes; None if the kernel does not say."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run's circumstances, so that only comparable runs are compared."""

    genre: str
    run_key: str
    run_id: str
    """Prefect's id of the genre's run; empty outside Prefect."""
    shared_process: bool
    """Other genres ran in this process before, or may run after."""
    code_version: str
    host: str
    """Such as Linux x86_64, Python 3.11."""


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """A run's memory. The kernel's figures are None if the system does not provide them."""

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
    """None without a trace or with an unreadable capture; `note` says why."""
    note: str
    capture: str
    """Name of the capture's file; empty without one."""
    processes: tuple[ProcessMemory, ...] = field(default=())

    @property
    def peak_step(self) -> Step | None:
        """The first step that came within a megabyte of the peak; None if the peak was outside the steps or is unknown."""
        near = (self.peak_rss_bytes or 0) - NEAR_PEAK
        return next((step for step in self.steps if self.peak_rss_bytes and (step.peak_bytes or 0) >= near), None)
