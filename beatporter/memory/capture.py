"""Records the memory of a block, step by step: the kernel says how much there is, memray who holds it.

A capture inside another one has only the kernel's figures for the whole block. A missing trace never makes a
run fail: `Capture.note` says what is missing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from beatporter.clock import Clock
from beatporter.memory.records import Step
from beatporter.memory.resident import peak_bytes, process_peak_bytes, reset_peak, resident_bytes
from beatporter.memory.trace import LARGEST_FILE, Trace, avoid_reservations, start_trace

logger = logging.getLogger(__name__)

_outermost = threading.Lock()
"""The one capture of this process that traces and may reset the kernel's peak holds this lock."""
_NESTED = "This process is already traced for another run, and memray makes only one trace at a time."
_current: ContextVar[Capture | None] = ContextVar("capture", default=None)


@dataclass
class Capture:
    """A block's memory. Complete after `stop`, which leaving the block calls.

    Byte figures are None if the system does not provide them.
    """

    started_at: datetime
    file: Path | None = None
    """memray's capture; None without a trace."""
    note: str = ""
    """Why the trace is missing or incomplete; a sentence for the person."""
    rss_before_bytes: int | None = None
    rss_after_bytes: int | None = None
    peak_rss_bytes: int | None = None
    """The most in RAM during the block."""
    peak_is_exact: bool = False
    """False if the system did not reset the peak and an earlier one hides it: then the figure is a bound from before the block."""
    process_peak_bytes: int | None = None
    """The most this process ever had in RAM, including before the block."""
    duration_s: float = 0.0
    steps: list[Step] = field(default_factory=list)
    on_step: Callable[[Capture], None] = field(default=lambda capture: None, repr=False)
    """Called when a step begins or ends."""
    _trace: Trace | None = field(default=None, repr=False)
    _resets: bool = field(default=False, repr=False)
    _peak_before: int | None = field(default=None, repr=False)
    _highest: int = field(default=0, repr=False)
    _since: float = field(default=0.0, repr=False)
    _stopped: bool = field(default=False, repr=False)

    def start(self, trace: Trace | None, *, own_peak: bool) -> None:
        """Take the figures before the block; a given trace is already running. own_peak: the kernel's peak may be reset."""
        self._trace = trace
        self.file = trace.file if trace else None
        self._peak_before = peak_bytes()
        self._resets = own_peak and reset_peak()
        self.rss_before_bytes = resident_bytes()
        self._since = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Take the kernel's figures for a step; a step inside another belongs to the outer one."""
        if not self._resets or self._stopped or (self.steps and self.steps[-1].end_s is None):
            yield
            return
        self._fold()
        self.steps.append(Step(name, self._now_s(), before_bytes=resident_bytes()))
        self.on_step(self)
        try:
            yield
        finally:
            self.steps[-1] = replace(self.steps[-1], end_s=self._now_s(), peak_bytes=peak_bytes(), after_bytes=resident_bytes())
            self._fold()
            self.on_step(self)

    def look(self) -> None:
        """Take the figures so far; the block continues."""
        if not self._stopped:
            self.duration_s = self._now_s()
            self.rss_after_bytes = resident_bytes()
            self._take_peak()

    def stop(self) -> None:
        """End the trace and take the final figures; a second call does nothing."""
        if self._stopped:
            return
        self.look()
        self._stopped = True
        if self._trace:
            self._trace.end()
            self.note = self._trace.note or self.note

    def _now_s(self) -> float:
        return time.perf_counter() - self._since

    def _fold(self) -> None:
        """Record the peak so far and reset it, so that the next step has its own peak."""
        self._highest = max(self._highest, peak_bytes() or 0)
        reset_peak()

    def _take_peak(self) -> None:
        self.process_peak_bytes = process_peak_bytes()
        peak = peak_bytes()
        self.peak_is_exact = self._resets
        if peak is not None and self._resets:
            peak = max(peak, self._highest)
        elif peak is not None:
            self.peak_is_exact = self._peak_before is not None and peak > self._peak_before
            peak = peak if self.peak_is_exact else max((self.rss_before_bytes or 0, self.rss_after_bytes or 0)) or None
        self.peak_rss_bytes = peak


@contextmanager
def capture(
    path: Path,
    *,
    enabled: bool = True,
    native: bool = False,
    largest_file: int = LARGEST_FILE,
    now: Clock = lambda: datetime.now(UTC),
) -> Iterator[Capture]:
    """Record the memory of the block.

    Args:
        path: pattern of the captures' names, e.g. profiles/memory-house.bin; the start time goes before the suffix. The folder is
            created if needed.
        enabled: False records only the kernel's figures.
        native: trace C and C++ frames as well.
        largest_file: bytes at which tracing stops; the run continues.

    Yields:
        The capture, to read after the block or after its `stop()`.
    """
    captured = Capture(now(), note="" if enabled else "Tracing is off (BEATPORTER_PROFILE=off).")
    outermost = _outermost.acquire(blocking=False)
    token = _current.set(captured) if outermost else None
    try:
        trace = None
        if enabled and outermost:
            avoid_reservations()
            trace, captured.note = start_trace(capture_file(path, captured.started_at), largest_file, native=native)
        elif enabled:
            captured.note = _NESTED
        if enabled and not trace:
            logger.info("Memory is not traced: %s", captured.note)
        captured.start(trace, own_peak=outermost)
        try:
            yield captured
        finally:
            captured.stop()
    finally:
        if token is not None:
            _current.reset(token)
            _outermost.release()


def capture_file(path: Path, at: datetime) -> Path:
    """The file of the capture that starts at that time."""
    return path.with_name(f"{path.stem}.{at:%Y%m%dT%H%M%S%f}Z{path.suffix}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Record a step of the current capture; does nothing without one."""
    captured = _current.get()
    if captured is None:
        yield
        return
    with captured.step(name):
        yield
