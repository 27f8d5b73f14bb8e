"""What a command of Beatporter's says when a person types it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.commands import run_command


def typed(*arguments: str, code: int = 0, cwd: Path | None = None) -> str:
    """Its output on one line; it must end with that code. Nobody answers its questions."""
    done = run_command(arguments, os.environ, cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())
