"""Prints requirements.lock without what only development needs: the image gets exactly the locked versions, and no more than it uses.

A package stays when pyproject.toml's `dependencies` or the extra `postgres` ask for it, or a package that stays does. The lock file names,
below each package, what it came in for ("# via …").
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

BUILD = "hatchling"
"""Installs the project itself without leaving the lock file."""
EDITABLE = "editables"


def runtime_part(lock: str, wanted: set[str]) -> str:
    """The entries of a lock file that these packages need, with their hashes.

    Args:
        lock: as uv writes it, with `# via` comments.
        wanted: names of the packages that are asked for.
    """
    entries: dict[str, list[str]] = {}  # a package has several where Python's version decides
    needs: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=[a-zA-Z0-9])", lock):
        if name := _name(entry):
            entries.setdefault(name, []).append(entry.rstrip())
            for user in _users(entry):
                needs.setdefault(user, set()).add(name)
    kept, open_ = set[str](), [name for name in wanted if name in entries]
    while open_:
        name = open_.pop()
        if name not in kept:
            kept.add(name)
            open_ += needs.get(name, ())
    return "\n".join(entry for name in sorted(kept) for entry in entries[name]) + "\n"


def asked_for(pyproject: dict[str, object]) -> set[str]:
    """The packages that the image is asked to have."""
    project: dict[str, object] = pyproject["project"]  # type: ignore[assignment]
    extras: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    required: list[str] = project["dependencies"]  # type: ignore[assignment]
    return {_name(line) for line in [*required, *extras["postgres"]]} | {BUILD, EDITABLE}


def _name(line: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _users(entry: str) -> list[str]:
    """What the lock file says that an entry is there for; extras are not told apart."""
    said = [
        line.strip().removeprefix("#").strip().removeprefix("via").strip() for line in entry.splitlines() if line.strip().startswith("#")
    ]
    return [_name(line) for line in said if line and not line.startswith("beatporter")]


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    sys.stdout.write(runtime_part(text, asked_for(tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")))))
