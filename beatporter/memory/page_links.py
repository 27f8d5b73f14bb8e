"""Addresses of a capture's pages on `beatporter profile serve`."""

from __future__ import annotations

from urllib.parse import quote

KINDS = {"flamegraph": "flame graph", "temporal": "flame graph over time", "leaks": "what was left behind", "table": "table"}
"""The kinds of page that memray makes from a capture, with their labels."""


def page_path(capture: str, kind: str) -> str:
    """The path of a capture's page."""
    return f"/captures/{quote(capture.removesuffix('.bin'), safe='')}/{kind}"


def page_links(base: str, capture: str) -> list[tuple[str, str]]:
    """Label and address of each of a capture's pages; empty without a capture."""
    return [(label, f"{base}{page_path(capture, kind)}") for kind, label in KINDS.items()] if capture else []
