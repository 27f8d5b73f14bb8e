"""The kernel's figures for this process: current and peak memory in RAM.

Linux has both in /proc/self/status and lets a process reset its peak through /proc/self/clear_refs (proc(5)). Elsewhere on Unix
the peak comes from getrusage and cannot be reset. A figure that the system does not provide is None.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""The value that resets the peak resident size, proc(5)."""
_PS_TIMEOUT_S = 5
_highest = 0
"""The peak before the last reset, which the kernel has forgotten."""


def resident_bytes() -> int | None:
    """Bytes of this process in RAM now."""
    return _status("VmRSS:") if sys.platform == "linux" else _ps_resident()


def peak_bytes() -> int | None:
    """Peak bytes of this process in RAM since its start or since `reset_peak`."""
    if (peak := _status("VmHWM:")) is not None or sys.platform == "win32":
        return peak
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def process_peak_bytes() -> int | None:
    """Peak bytes of this process in RAM over its whole life, regardless of resets."""
    now = peak_bytes()
    return max(_highest, now) if now is not None else None


def reset_peak() -> bool:
    """Reset the peak to the current memory; False if the system does not allow it.

    The kernel's ru_maxrss for the process is reset with it.
    """
    global _highest
    before = peak_bytes()
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    _highest = max(_highest, before or 0)
    return True


def _status(field: str) -> int | None:
    """Read a field of /proc/self/status, which is in kB there."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), None)


def _ps_resident() -> int | None:
    if sys.platform == "win32":
        return None
    command = ["/bin/ps", "-o", "rss=", "-p", str(os.getpid())]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=_PS_TIMEOUT_S, check=True).stdout  # noqa: S603 - fixed words
        return int(shown) * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
