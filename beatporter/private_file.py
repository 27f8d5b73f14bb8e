"""Writes files that hold secrets: readable by their owner alone, whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from beatporter.home import make_home

PRIVATE = 0o600


def write_private(path: Path, text: str) -> None:
    """Write the file in the place of what was there; its folder is made when needed. No link is followed.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    draft = path.with_name(f".{secrets.token_hex(6)}.new")
    make_home(path.parent)
    try:
        # Made here or not at all, and private before the secret is in it: nobody opens it in between.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
