"""Asks glibc's malloc to keep little free memory, so that a process holds what it uses. See docs/decisions/memory-of-a-run.md.

By default every thread gets an arena of its own, which keeps its free memory, and malloc asks the kernel for more than it needs.
Workers get the same through the environment (prefect.yaml: MALLOC_ARENA_MAX and its like).
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _ARENA_MAX = -1, -2, -8
"""Options of glibc's `mallopt` (malloc.h)."""
SETTINGS = {_ARENA_MAX: 1, _TOP_PAD: 64 * 1024, _TRIM_THRESHOLD: 128 * 1024}
"""Arenas, and bytes; the last two are glibc's own units with its own meaning of them."""


def keep_little_free() -> bool:
    """Apply the settings to this process, before it starts threads; returns whether its malloc has taken them all.

    Other systems' malloc has no such options (macOS), or one arena anyhow (musl).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return all(bool(mallopt(option, value)) for option, value in SETTINGS.items())
