"""Traces allocations with memray's tracker in a separate thread, with a limit for the capture's size.

memray allows one tracker per process, which sees all threads. It is imported only for tracing. The choice of format and interval is in
docs/decisions/memory-capture.md.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from pathlib import Path

from beatporter.memory.garbage import no_collection

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes, before memray compresses the file at its end; a genre's run writes about 3 MB."""
_INTERVAL_MS = 50
_LOOK_EVERY_S = 0.5
_LZ4 = b"\x04\x22\x4d\x18"
"""First bytes of a file that memray has compressed (LZ4 frame format)."""


class Trace(threading.Thread):
    """A tracker that stops on request, or when its file becomes too large.

    It needs its own thread: at the start memray records the whole stacks of all *other* threads, but for the thread
    that starts it only the current frame, and later loses a frame of every stack for each function that returns from there.
    """

    def __init__(self, file: Path, largest_file: int, *, native: bool) -> None:
        super().__init__(name="memory-capture", daemon=True)
        self.file = file
        self.running = False
        self.note = ""
        self._largest_file = largest_file
        self._native = native
        self._ready = threading.Event()
        self._enough = threading.Event()

    def begin(self) -> None:
        """Start; then `running` says whether memray traces, and `note` why not."""
        self.start()
        self._ready.wait()

    def end(self) -> None:
        """Stop tracing, finish the file, and wait for both."""
        self._enough.set()
        self.join()

    def run(self) -> None:
        try:
            import memray

            destination = memray.FileDestination(self.file)
            tracker = memray.Tracker(destination=destination, memory_interval_ms=_INTERVAL_MS, native_traces=self._native)
            with ExitStack() as tracing:
                # Without its warning about greenlets, which Prefect loads and we do not use.
                with no_collection(), redirect_stderr(StringIO()):
                    tracing.enter_context(tracker)
                self.running = True
                self._ready.set()
                self._watch()
            self.note = self.note or self._unfinished()
        except ImportError:
            self.note = "memray does not exist for this system."
        except OSError as error:
            self.note = f"The capture in {self.file.parent.name}/ cannot be written: {error.strerror or 'no space or no permission'}."
        except RuntimeError as error:  # a foreign tracker, e.g. `memray run`
            self.note = f"memray: {error}."
        finally:
            self._ready.set()

    def _unfinished(self) -> str:
        """Check the finished file: memray reports a full disk only on stderr, and then leaves the file uncompressed."""
        with self.file.open("rb") as file:
            whole = file.read(len(_LZ4)) == _LZ4
        return "" if whole else "The capture could not be finished, probably because the disk is full: its last part is missing."

    def _watch(self) -> None:
        while not self._enough.wait(_LOOK_EVERY_S):
            if self.file.stat().st_size > self._largest_file:
                self.note = f"Tracing stopped when its file had {self._largest_file / 2**20:.0f} MB; later allocations are missing."
                return


def start_trace(file: Path, largest_file: int, *, native: bool = False) -> tuple[Trace | None, str]:
    """Start a trace; returns None and the reason if that fails.

    Args:
        native: record C and C++ frames as well; slower, and the file is several times as large.
    """
    trace = Trace(file, largest_file, native=native)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        trace.begin()
    except OSError as error:
        return None, f"The folder {file.parent.name}/ for captures cannot be made: {error.strerror}."
    except RuntimeError as error:  # no further thread
        return None, f"Tracing could not start: {error}."
    return (trace, "") if trace.running else (None, trace.note)


def avoid_reservations() -> None:
    """Make Arrow use the system's allocator in a traced process, if it is not loaded yet.

    Its own pool reserves 1 GB of address space at the first large request, which a trace counts as memory.
    """
    if "pyarrow" not in sys.modules:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
