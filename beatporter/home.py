"""Makes Beatporter's home folder, private to its owner: it holds the sign-in, the ledger and Prefect's database."""

from __future__ import annotations

from pathlib import Path

PRIVATE = 0o700


def make_home(home: Path) -> None:
    """Make the folder, accessible only to its owner, unless it exists; an existing folder keeps its mode.

    Raises:
        OSError: it cannot be made.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir(mode=PRIVATE)  # set the mode when the folder is made, whatever the umask
    except FileExistsError:
        if not home.is_dir():
            raise


def export_path(home: Path, name: str) -> Path:
    """Where a run that nobody watches writes a file for a person: the folder `exports` of the home, which is made if needed."""
    folder = (home / "exports").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
