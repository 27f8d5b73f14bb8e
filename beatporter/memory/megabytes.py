"""Sizes of memory in MB (2**20 bytes): the figure, and how pages show it."""

from __future__ import annotations

MB = 2**20


def megabytes(size_bytes: int | None) -> float | None:
    """The size in MB; None when it is not known."""
    return None if size_bytes is None else size_bytes / MB


def show_megabytes(size_mb: float | None, *, sign: bool = False) -> str:
    """A size as a page shows it, such as `42.5 MB`; `sign` shows a plus sign too, for what was gained or lost."""
    return "unknown" if size_mb is None else f"{size_mb:{'+' if sign else ''}.1f} MB"


def show_bytes(size_bytes: int | None, *, sign: bool = False) -> str:
    """The same for a size in bytes."""
    return show_megabytes(megabytes(size_bytes), sign=sign)


def round_bytes(size_bytes: int | None, *, sign: bool = False) -> str:
    """A size in bytes as a sentence has it: whole MB from ten on."""
    if size_bytes is None or abs(size_bytes) < 10 * MB:
        return show_bytes(size_bytes, sign=sign)
    return f"{size_bytes / MB:{'+' if sign else ''}.0f} MB"
