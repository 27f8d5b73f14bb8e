"""Traces the memory of what runs within a block: memray for who holds it, the kernel for how much there is.

memray allows one tracker a process, which sees all threads; a capture within another one therefore only has the kernel's
figures. A trace that cannot be had is never a reason for a run to fail: `Capture.note` says what is missing. The format, the
interval and the bounds are measured in docs/decisions/memory-capture.md. memray is loaded only when tracing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from beatporter.clock import Clock
from beatporter.memory.resident import peak_bytes, reset_peak, resident_bytes

logger = logging.getLogger(__name__)

KEEP = 3
"""Captures kept for each name; a genre's run leaves about 1 MB."""
LARGEST_FILE = 256 * 1024 * 1024
"""Bytes, before memray compresses the file at its end; a genre's run writes about 3 MB."""
_INTERVAL_MS = 50
_LOOK_EVERY_S = 0.5
_LZ4 = b"\x04\x22\x4d\x18"
"""How a file begins that memray has compressed (LZ4 frame format)."""


@dataclass
class Capture:
    """What is known of a block's memory. Complete after `stop`, which leaving the block calls.

    Byte figures are None where the system does not tell them.
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
    """False when the system did not let the peak start anew and an earlier one covers it: the figure is then the least it was."""
    earlier_peak_bytes: int | None = None
    """The process' peak before the block, which starting anew made the kernel forget."""
    duration_s: float = 0.0
    _trace: _Trace | None = field(default=None, repr=False)
    _since: float = field(default=0.0, repr=False)
    _stopped: bool = field(default=False, repr=False)

    def start(self, trace: _Trace | None, *, own_peak: bool) -> None:
        """Take the figures from before; a trace, if given, runs already. own_peak: the kernel's peak may start anew."""
        self._trace = trace
        self.file = trace.file if trace else None
        self.earlier_peak_bytes = peak_bytes()
        self.peak_is_exact = own_peak and reset_peak()
        self.rss_before_bytes = resident_bytes()
        self._since = time.perf_counter()

    def stop(self) -> None:
        """End the trace and take the figures from after; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        self.duration_s = time.perf_counter() - self._since
        self.rss_after_bytes = resident_bytes()
        self._take_peak()
        if self._trace:
            self._trace.end()
            self.note = self._trace.note or self.note

    def _take_peak(self) -> None:
        peak = peak_bytes()
        if peak is not None and not self.peak_is_exact:
            self.peak_is_exact = self.earlier_peak_bytes is not None and peak > self.earlier_peak_bytes
            peak = peak if self.peak_is_exact else max((self.rss_before_bytes or 0, self.rss_after_bytes or 0)) or None
        self.peak_rss_bytes = peak


@contextmanager
def capture(
    path: Path,
    *,
    enabled: bool = True,
    keep: int = KEEP,
    largest_file: int = LARGEST_FILE,
    now: Clock = lambda: datetime.now(UTC),
) -> Iterator[Capture]:
    """Trace the memory of the block.

    Args:
        path: names the captures, e.g. profiles/memory-house.bin; each gets the time of its start before the suffix. The folder is
            made when needed.
        enabled: False takes only the kernel's figures.
        keep: the newest so many captures of this name stay, older ones are deleted.
        largest_file: bytes at which tracing stops; the run goes on.

    Yields:
        The capture, to read after the block or after its `stop()`.
    """
    captured = Capture(now(), note="" if enabled else "Tracing is off (BEATPORTER_PROFILE=off).")
    outermost = _outermost.acquire(blocking=False)
    try:
        trace = None
        if enabled:
            trace, captured.note = _start_trace(path, captured.started_at, largest_file) if outermost else (None, _NESTED)
        if enabled and not trace:
            logger.info("Memory is not traced: %s", captured.note)
        captured.start(trace, own_peak=outermost)
        try:
            yield captured
        finally:
            captured.stop()
            if trace:
                _prune(path, keep)
    finally:
        if outermost:
            _outermost.release()


_outermost = threading.Lock()
"""Held by the one capture of this process that traces and may start the kernel's peak anew."""
_NESTED = "This process is traced already for another run, and memray traces once at a time."


class _Trace(threading.Thread):
    """A tracker in a thread of its own, which ends it when told to or when the file has grown too large.

    The thread is more than a watcher: memray records the whole stacks of all *other* threads when it starts, but of the thread
    that starts it only the frame that does so, and then loses as many frames of every stack as functions return from there.
    """

    def __init__(self, file: Path, largest_file: int) -> None:
        super().__init__(name="memory-capture", daemon=True)
        self.file = file
        self.running = False
        self.note = ""
        self._largest_file = largest_file
        self._ready = threading.Event()
        self._enough = threading.Event()

    def begin(self) -> None:
        """Start; afterwards `running` says whether memray traces, and `note` why not."""
        self.start()
        self._ready.wait()

    def end(self) -> None:
        """Stop tracing, finish the file, and wait for both."""
        self._enough.set()
        self.join()

    def run(self) -> None:
        try:
            import memray

            tracker = memray.Tracker(destination=memray.FileDestination(self.file), memory_interval_ms=_INTERVAL_MS)
            with ExitStack() as tracing:
                with redirect_stderr(StringIO()):  # its notice on greenlets, which Prefect loads and we do not use, is no news
                    tracing.enter_context(tracker)
                self.running = True
                self._ready.set()
                self._watch()
            self.note = self.note or self._unfinished()
        except ImportError:
            self.note = "memray does not exist for this system."
        except OSError as error:
            self.note = f"The capture in {self.file.parent.name}/ cannot be written: {error.strerror or 'no space or no permission'}."
        except RuntimeError as error:  # somebody else's tracker, e.g. `memray run`
            self.note = f"memray: {error}."
        finally:
            self._ready.set()

    def _unfinished(self) -> str:
        """memray tells of a full disk on stderr only, and then leaves the file uncompressed."""
        with self.file.open("rb") as file:
            whole = file.read(len(_LZ4)) == _LZ4
        return "" if whole else "The capture could not be finished, probably for want of space: what came last is not in it."

    def _watch(self) -> None:
        while not self._enough.wait(_LOOK_EVERY_S):
            if self.file.stat().st_size > self._largest_file:
                self.note = f"Tracing stopped when its file had {self._largest_file / 2**20:.0f} MB; what came later is not in it."
                return


def _start_trace(path: Path, at: datetime, largest_file: int) -> tuple[_Trace | None, str]:
    """A running trace, or the reason why there is none."""
    file = path.with_name(f"{path.stem}.{at:%Y%m%dT%H%M%S%f}Z{path.suffix}")
    trace = _Trace(file, largest_file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        trace.begin()
    except OSError as error:
        return None, f"The folder {path.parent.name}/ for captures cannot be made: {error.strerror}."
    except RuntimeError as error:  # no further thread
        return None, f"Tracing could not start: {error}."
    return (trace, "") if trace.running else (None, trace.note)


def _prune(path: Path, keep: int) -> None:
    """Delete all but the newest captures of this name; a name holds no dot, so house does not match house-two."""
    captures = sorted(path.parent.glob(f"{path.stem}.*{path.suffix}"), reverse=True)
    for old in captures[max(keep, 1) :]:
        try:
            old.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("Cannot delete the old capture %s: %s", old.name, error.strerror)
