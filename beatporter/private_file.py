"""Writes files with secrets: readable only by their owner, completely or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from beatporter.home import make_home

PRIVATE = 0o600


def write_private(path: Path, text: str) -> None:
    """Write the file, replacing an existing one; its folder is made when needed. Links are not followed.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    draft = path.with_name(f".{secrets.token_hex(6)}.new")
    make_home(path.parent)
    try:
        # Create it privately and exclusively before the secret goes in, so that nobody opens it in between.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
