"""The version of the running code: a digest of its sources, so that an old result does not hide a fix."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

PACKAGES = ("beatporter", "orchestration", "tasks")
"""The folders that a task's result depends on. A flow only chooses tasks and their inputs."""
ROOT = Path(__file__).parents[1]


@cache
def code_version() -> str:
    """The running code's digest; takes about ten milliseconds, once per process."""
    return digest_of(ROOT / package for package in PACKAGES)


def digest_of(folders: Iterable[Path]) -> str:
    """The digest of the Python sources below the folders: their paths and their contents."""
    digest = sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            source = path.read_bytes()
            digest.update(f"{path.relative_to(folder.parent).as_posix()} {len(source)}\n".encode())
            digest.update(source)
    return digest.hexdigest()
