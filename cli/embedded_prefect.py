"""Prefect for a command that runs by itself: a temporary server whose database and results lie under Beatporter's home.

Call this before anything imports Prefect, which reads its settings on import. Where the person has a Prefect server (PREFECT_API_URL or
a profile of their own), that one is used and nothing here applies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from beatporter.errors import SettingsError
from beatporter.home import make_home


def use_embedded_prefect(home: Path, *, verbose: bool) -> None:
    """Point Prefect at `home`/prefect unless the environment names a server.

    Args:
        home: Beatporter's home.
        verbose: let Prefect log to the terminal.
    """
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "beatporter,orchestration")  # what they warn of belongs in the run's log
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")  # a thread of the domain may belong to no run
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if "PREFECT_API_URL" in os.environ or "PREFECT_PROFILE" in os.environ:
        return
    own = home / "prefect"
    try:
        make_home(home)
        own.mkdir(parents=True, exist_ok=True)  # Prefect makes no folder in a folder that is not there, and then waits for its server
    except OSError as error:
        raise SettingsError(f"Cannot write in {home}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder.") from None
    os.environ.setdefault("PREFECT_HOME", str(own.resolve()))
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")


HEARTBEAT_S = "30"
"""How often a run says that it is alive; automations.yaml waits for two of them."""


def server_environment(home: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `beatporter up` runs Prefect's server, its worker, and what talks to them.

    Args:
        home: Beatporter's home; Prefect's database and results lie in `prefect` below it.
        port: of the server on 127.0.0.1, unless the environment names a server.
        environment: what was set stays.
    """
    api = environment.get("PREFECT_API_URL") or f"http://127.0.0.1:{port}/api"
    defaults = {
        "PREFECT_HOME": str((home / "prefect").resolve()),
        "PREFECT_UI_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_S,
        "PREFECT_LOGGING_EXTRA_LOGGERS": "beatporter,orchestration",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    return {**defaults, **environment, "PREFECT_API_URL": api}
