"""`beatporter sandbox`: local stand-ins for Beatport and Spotify, to try things out."""

from __future__ import annotations

import os
import sys

import typer


def sandbox(arguments: typer.Context) -> None:
    """Start the sandbox; it prints the environment that points Beatporter at it. `beatporter sandbox --help` lists its options."""
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *arguments.args])  # noqa: S606 - our own module, no shell
