"""Who allocates what: memray's tracker in a thread of its own, whose capture is bounded in size.

memray allows one tracker a process, which sees all threads. It is loaded only when tracing. Format and interval are measured in
docs/decisions/memory-capture.md.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from pathlib import Path

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes, before memray compresses the file at its end; a genre's run writes about 3 MB."""
_INTERVAL_MS = 50
_LOOK_EVERY_S = 0.5
_LZ4 = b"\x04\x22\x4d\x18"
"""How a file begins that memray has compressed (LZ4 frame format)."""


class Trace(threading.Thread):
    """A tracker that ends when it is asked to, or when its file has grown too large.

    The thread is more than a watcher: memray records the whole stacks of all *other* threads when it starts, but of the thread
    that starts it only the frame that does so, and then loses as many frames of every stack as functions return from there.
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

            destination = memray.FileDestination(self.file)
            tracker = memray.Tracker(destination=destination, memory_interval_ms=_INTERVAL_MS, native_traces=self._native)
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
        """memray reports a full disk on stderr only, and then leaves the file uncompressed."""
        with self.file.open("rb") as file:
            whole = file.read(len(_LZ4)) == _LZ4
        return "" if whole else "The capture could not be finished, probably for want of space: what came last is not in it."

    def _watch(self) -> None:
        while not self._enough.wait(_LOOK_EVERY_S):
            if self.file.stat().st_size > self._largest_file:
                self.note = f"Tracing stopped when its file had {self._largest_file / 2**20:.0f} MB; what came later is not in it."
                return


def start_trace(file: Path, largest_file: int, *, native: bool = False) -> tuple[Trace | None, str]:
    """A running trace, or None and the reason.

    Args:
        native: record C and C++ frames too; slower, and the file is several times as large.
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
    """Have Arrow use the system's allocator in a traced process, where it is not loaded yet.

    Its own pool reserves 1 GB of address space at the first large request, which a trace takes for memory.
    """
    if "pyarrow" not in sys.modules:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
