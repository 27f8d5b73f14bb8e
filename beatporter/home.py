"""Makes Beatporter's home: what it holds (sign-in, ledger, Prefect's database) is its owner's alone."""

from __future__ import annotations

from pathlib import Path

PRIVATE = 0o700


def make_home(home: Path) -> None:
    """Make the folder, open to its owner only, where there is none; one that is there keeps the mode that its owner gave it.

    Raises:
        OSError: it cannot be made.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir(mode=PRIVATE)  # the mode is there from the beginning, whatever the umask
    except FileExistsError:
        if not home.is_dir():
            raise
