"""A number with its noun, as every page, message and command says it."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """E.g. "1 track", "1,200 tracks"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
