"""Traces a genre's memory and publishes what was found as the artifact `memory-<genre>`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from beatporter import names
from beatporter.memory.capture import Capture, capture
from beatporter.memory.markdown import report_markdown
from beatporter.memory.report import make_report
from beatporter.settings import load_settings

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
            create_markdown_artifact(markdown, key=names.memory_artifact(genre), description=f"Peak memory of {genre} and what held it")
