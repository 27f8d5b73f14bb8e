"""Prefect for a command without a server: a temporary one with its database and results in Beatporter's home.

Call this before importing Prefect, which reads its settings on import. If the person has a Prefect server (PREFECT_API_URL or
their own profile), that one is used instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from beatporter.errors import SettingsError
from beatporter.home import make_home
from cli.temporary_server import Say, started_server

SERVER_GONE = 1
"""Exit code."""
ALWAYS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "beatporter,orchestration",  # their warnings belong in the run's log
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # a thread of the domain may have no run
}
"""Prefect's settings for everything that we start, unless the environment has others."""
HEARTBEAT_S = "30"
"""Interval of a run's heartbeat; automations.yaml waits for two of them."""
PATIENT_RETRIES = "8"
"""Retries of Prefect's client, 8.5 minutes in all: the person's own server may be down for five."""


def use_embedded_prefect(home: Path, *, verbose: bool, say: Say | None = None, give_up: Say | None = None) -> None:
    """Point Prefect at the environment's server, or start a temporary one with `home`/prefect. Returns immediately; requests wait for it.

    Args:
        home: Beatporter's home.
        verbose: let Prefect log to the terminal.
        say: called with a message after a restart of that server; default: standard error.
        give_up: called if the restart fails, instead of ending the process.
    """
    if prepare_prefect(home, verbose=verbose):
        os.environ["PREFECT_API_URL"] = started_server(home / "prefect", say or _say, give_up or _end).api_url


def prepare_prefect(home: Path, *, verbose: bool) -> bool:
    """Set Prefect's settings for a command, without a server; returns whether the command needs its own server.

    Raises:
        SettingsError: the home cannot be written.
    """
    for name, value in ALWAYS.items():
        os.environ.setdefault(name, value)
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if "PREFECT_API_URL" in os.environ or "PREFECT_PROFILE" in os.environ:
        os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", PATIENT_RETRIES)
        return False
    own = home / "prefect"
    try:
        make_home(home)
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"Cannot write in {home}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder.") from None
    os.environ.setdefault("PREFECT_HOME", str(own.resolve()))
    return True


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - for the person


def _end(message: str) -> None:
    _say(f"Error: {message}")
    os._exit(SERVER_GONE)


def server_environment(home: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `beatporter up` runs Prefect's server, its worker, and their clients.

    Args:
        home: Beatporter's home; Prefect's database and results are in its folder `prefect`.
        port: of the server on 127.0.0.1, unless the environment names a server.
        environment: variables that are set stay unchanged.
    """
    api = environment.get("PREFECT_API_URL") or f"http://127.0.0.1:{port}/api"
    defaults = {
        "PREFECT_HOME": str((home / "prefect").resolve()),
        "PREFECT_UI_API_URL": api,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_S,
    }
    return {**ALWAYS, **defaults, **environment, "PREFECT_API_URL": api}
