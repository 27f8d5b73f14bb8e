"""The inbox's address: its port, and the secret in its path that keeps other pages out."""

from __future__ import annotations

import secrets
from pathlib import Path

from beatporter.errors import SettingsError
from beatporter.private_file import write_private

DEFAULT_PORT = 8918
KEPT_IN = "inbox-secret"


def inbox_address(home: Path, port: int) -> str:
    """Where the inbox listens, with the secret; its page is this address with a slash.

    Raises:
        SettingsError: as `load_secret`.
    """
    return f"http://127.0.0.1:{port}/{load_secret(home)}"


def load_secret(home: Path) -> str:
    """The secret in the inbox's address, made at first and kept, so that the bookmark works tomorrow too.

    Raises:
        SettingsError: it can be neither read nor written.
    """
    path = home / KEPT_IN
    try:
        kept = path.read_text(encoding="ascii").strip()
        if len(kept) >= 32 and kept.isascii() and kept.replace("-", "").replace("_", "").isalnum():
            return kept
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SettingsError(f"The inbox's secret in {path} cannot be read ({type(error).__name__}).", "Remove that file.") from None
    made = secrets.token_urlsafe(24)
    try:
        write_private(path, f"{made}\n")
    except OSError as error:
        raise SettingsError(f"Cannot write {path}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder.") from None
    return made
