"""Finds the Prefect server for a command: the one in PREFECT_API_URL, otherwise the one that `beatporter up` started here."""

from __future__ import annotations

import json
import os
from pathlib import Path

from beatporter.errors import SettingsError

STATE = "up.json"
"""A file in the home while `beatporter up` runs: the addresses of what it started."""


def running_server(home: Path) -> str:
    """The API's address; empty if no server is known."""
    if api := os.environ.get("PREFECT_API_URL"):
        return api
    try:
        address = json.loads((home / STATE).read_text()).get("Prefect", "")
    except (OSError, ValueError):
        return ""
    return f"{address}/api" if address else ""


def use_running_server(home: Path) -> str:
    """Point Prefect at that server; returns the API's address. Call this before importing Prefect.

    Raises:
        SettingsError: no server is known.
    """
    api = running_server(home)
    if not api:
        what = f"No Prefect server is known here: PREFECT_API_URL is not set, and `beatporter up` is not at work in {home}."
        raise SettingsError(what, "Start `beatporter up`, or set PREFECT_API_URL. With --sandbox the home is .beatporter/sandbox.")
    os.environ["PREFECT_API_URL"] = api
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    return api
