"""What a command of Beatporter's says when a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.timeouts import TIMEOUT_S

BEATPORTER = str(Path(sys.executable).with_name("beatporter"))


def typed(*arguments: str, code: int = 0, cwd: Path | None = None) -> str:
    """Its output on one line; it must end with that code. Nobody answers its questions."""
    done = subprocess.run(
        [BEATPORTER, *arguments],
        cwd=cwd,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())
