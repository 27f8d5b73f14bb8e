"""Sizes of memory in MB (2**20 bytes): figures and their format on pages."""

from __future__ import annotations

MB = 2**20


def megabytes(size_bytes: int | None) -> float | None:
    """The size in MB; None if it is unknown."""
    return None if size_bytes is None else size_bytes / MB


def show_megabytes(size_mb: float | None, *, sign: bool = False) -> str:
    """Format a size for a page, such as `42.5 MB`; `sign` adds a plus sign, for differences."""
    return "unknown" if size_mb is None else f"{size_mb:{'+' if sign else ''}.1f} MB"


def show_bytes(size_bytes: int | None, *, sign: bool = False) -> str:
    """Format a size in bytes for a page."""
    return show_megabytes(megabytes(size_bytes), sign=sign)


def round_bytes(size_bytes: int | None, *, sign: bool = False) -> str:
    """Format a size in bytes for a sentence: whole MB from ten."""
    if size_bytes is None or abs(size_bytes) < 10 * MB:
        return show_bytes(size_bytes, sign=sign)
    return f"{size_bytes / MB:{'+' if sign else ''}.0f} MB"
