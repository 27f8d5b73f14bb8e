"""The sandbox's state file: one JSON document, replaced atomically so that no reader and no crash sees half of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

VERSION: Final = 1


class StateUnreadable(ValueError):
    """The file is not the sandbox's, or has another version."""


def write_whole(path: Path, text: str) -> None:
    """Write text so that the file is either the old or the new one, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def save_state(path: Path, state: dict[str, Any]) -> None:
    write_whole(path, json.dumps({"version": VERSION, **state}, ensure_ascii=False))


def load_state(path: Path | None, seed: int) -> dict[str, Any]:
    """The saved state; empty when there is no file yet.

    Args:
        path: the file; None: nothing is saved.
        seed: of the catalogue; a state with another seed names tracks that this one lacks.

    Raises:
        StateUnreadable: saying what is wrong and what to do.
    """
    if path is None or not path.exists():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StateUnreadable(f"{path} is not a sandbox state: {error}. Remove it to start again.") from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise StateUnreadable(f"{path} is not a sandbox state of version {VERSION}. Remove it to start again.")
    if state.get("seed") != seed:
        raise StateUnreadable(f"{path} belongs to seed {state.get('seed')}, not {seed}. Use that seed or another file.")
    return state
