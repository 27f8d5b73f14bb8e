"""Addresses of the pages that show a capture, as `beatporter profile serve` serves them."""

from __future__ import annotations

from urllib.parse import quote

KINDS = {"flamegraph": "flame graph", "temporal": "flame graph over time", "leaks": "what was left behind", "table": "table"}
"""What memray can make of a capture, with its name for a person."""


def page_path(capture: str, kind: str) -> str:
    """The path of a capture's page."""
    return f"/captures/{quote(capture.removesuffix('.bin'), safe='')}/{kind}"


def page_links(base: str, capture: str) -> list[tuple[str, str]]:
    """Label and address of each of a capture's pages; none for a run without one."""
    return [(label, f"{base}{page_path(capture, kind)}") for kind, label in KINDS.items()] if capture else []
