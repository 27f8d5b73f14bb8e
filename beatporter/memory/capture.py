"""Records the memory of what runs within a block, step by step: the kernel for how much there is, memray for who holds it.

A capture within another one has the kernel's figures of the whole block only. A trace that cannot be had is never a reason for a
run to fail: `Capture.note` says what is missing.
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
"""Held by the one capture of this process that traces and may reset the kernel's peak."""
_NESTED = "This process is traced already for another run, and memray traces once at a time."
_current: ContextVar[Capture | None] = ContextVar("capture", default=None)


@dataclass
class Capture:
    """What is known of a block's memory. Complete after `stop`, which leaving the block calls.

    Byte figures are None where the system does not give them.
    """

    started_at: datetime
    file: Path | None = None
    """memray's capture; None when nothing was traced."""
    note: str = ""
    """Why there is no trace, or only a part of one; a sentence for the person."""
    rss_before_bytes: int | None = None
    rss_after_bytes: int | None = None
    peak_rss_bytes: int | None = None
    """The most in RAM during the block."""
    peak_is_exact: bool = False
    """False when the system did not reset the peak and an earlier one covers it: the figure is then the least it was."""
    process_peak_bytes: int | None = None
    """The most this process ever had in RAM, before the block too."""
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
        """Take the figures from before; a trace, if given, runs already. own_peak: the kernel's peak may be reset."""
        self._trace = trace
        self.file = trace.file if trace else None
        self._peak_before = peak_bytes()
        self._resets = own_peak and reset_peak()
        self.rss_before_bytes = resident_bytes()
        self._since = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Take the kernel's figures of a step; one within another belongs to that one."""
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
        """Take the figures so far; the block goes on."""
        if not self._stopped:
            self.duration_s = self._now_s()
            self.rss_after_bytes = resident_bytes()
            self._take_peak()

    def stop(self) -> None:
        """End the trace and take the figures from after; a second call does nothing."""
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
        """Keep the peak so far and reset it, so that the next step has a peak of its own."""
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
        path: names the captures, e.g. profiles/memory-house.bin; each gets the time of its start before the suffix. The folder is
            made when needed.
        enabled: False takes only the kernel's figures.
        native: trace C and C++ frames too.
        largest_file: bytes at which tracing stops; the run goes on.

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
    """The file of the capture that begins at that time."""
    return path.with_name(f"{path.stem}.{at:%Y%m%dT%H%M%S%f}Z{path.suffix}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step of the run whose memory is being recorded; without one, nothing is taken."""
    captured = _current.get()
    if captured is None:
        yield
        return
    with captured.step(name):
        yield
