"""Traces a genre's memory and publishes what was found: `memory-<genre>` for each, and `memory` for all genres of a parent run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from beatporter import names
from beatporter.memory.capture import Capture, capture
from beatporter.memory.markdown import report_markdown
from beatporter.memory.megabytes import megabytes
from beatporter.memory.overview import GenreMemory, overview_line, overview_markdown
from beatporter.memory.report import make_report
from beatporter.settings import load_settings
from beatporter.sync.outcome import Outcome
from orchestration.artifacts import publish

PROFILES = Path("profiles")


@contextmanager
def profiled(genre: str) -> Iterator[Capture]:
    """Trace what runs within; afterwards, and also when it failed, make the report in a child process and publish it."""
    enabled = load_settings().profile == "on"
    with capture(PROFILES / f"{names.memory_artifact(genre)}.bin", enabled=enabled) as traced:
        try:
            yield traced
        finally:
            traced.stop()
            markdown = report_markdown(make_report(traced), title=f"Memory of {genre}")
            publish(names.memory_artifact(genre), markdown, overview_line(_of_capture(genre, traced)))


def publish_memory(outcomes: Mapping[str, Outcome], *, one_process: bool) -> None:
    """Publish `memory`: the genres of a parent run side by side.

    Args:
        one_process: the genres ran one after the other in the parent's process.
    """
    genres = [GenreMemory(slug, one.memory_before_mb, one.peak_memory_mb, one.memory_after_mb) for slug, one in outcomes.items()]
    peak = max((genre.peak_mb for genre in genres if genre.peak_mb), default=None)
    publish(names.MEMORY, overview_markdown(genres, one_process=one_process), f"highest peak {peak:.0f} MB" if peak else "no figures")


def with_memory(outcome: Outcome, memory: Capture) -> Outcome:
    """The outcome with the figures of the kernel, in MiB, and the duration."""
    return replace(
        outcome,
        peak_memory_mb=megabytes(memory.peak_rss_bytes),
        memory_before_mb=megabytes(memory.rss_before_bytes),
        memory_after_mb=megabytes(memory.rss_after_bytes),
        duration_s=round(memory.duration_s, 2),
    )


def _of_capture(genre: str, memory: Capture) -> GenreMemory:
    return GenreMemory(genre, megabytes(memory.rss_before_bytes), megabytes(memory.peak_rss_bytes), megabytes(memory.rss_after_bytes))
