"""The sandbox of `beatporter up --sandbox`: its home, and the environment that points a command at it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from beatporter.errors import SettingsError
from cli.demo import DEMO_LIMITS
from cli.prefect_server import STATE

SANDBOX_HOME = Path(".beatporter/sandbox")
ENVIRONMENT = "sandbox.env"


def use_sandbox_home() -> None:
    """Have the settings take the sandbox's home, unless another one is set."""
    os.environ.setdefault("BEATPORTER_HOME", str(SANDBOX_HOME))


def use_sandbox_of_up() -> None:
    """Point this process at the sandbox that `beatporter up --sandbox` started in this folder.

    Raises:
        SettingsError: it is not at work here.
    """
    use_sandbox_home()
    home = Path(os.environ["BEATPORTER_HOME"])
    file = home / ENVIRONMENT
    if not (home / STATE).exists() or not file.exists():
        raise SettingsError(f"`beatporter up --sandbox` is not at work in {home}.", "Start it, and run this in the same folder.")
    os.environ.update(sandbox_environment(file))


def sandbox_environment(file: Path) -> Mapping[str, str]:
    """Addresses and credentials of the sandbox, as it wrote them, and the settings that a demonstration needs."""
    own = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return own | DEMO_LIMITS | {"BEATPORTER_CHART_SOURCE": "website"}
