"""Saves copies of Beatport's unreadable answers for bug reports: without personal data, and small enough to send.

A copy holds every field and a few of the rows. Keys that could hold personal data (tokens, sessions, users, mail
addresses) lose their values.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beatporter.home import make_home

logger = logging.getLogger(__name__)

FOLDER = "bad-charts"
MOST_COPIES = 20
"""A further copy replaces the oldest."""
_MOST_ELEMENTS = 5
_MOST_CHARACTERS = 200
_DEEPEST = 12
_PERSONAL = re.compile(
    r"token|session|secret|password|cookie|auth|user|account|e?mail|customer|credential|baggage|trace|subscription|cart|address",
    re.IGNORECASE,
)
_LIKE_A_SECRET = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]+|bearer\s|eyJ[\w-]{10,}|[\w-]{40,}", re.IGNORECASE)
REMOVED = "(removed)"


def keep_copy(folder: Path, source: str, slug: str, document: object, why: str) -> None:
    """Save a copy in the folder; an error while writing is only logged."""
    now = datetime.now(UTC)
    file = folder / f"{now:%Y%m%d-%H%M%S}-{source}-{slug}-{secrets.token_hex(2)}.json"
    kept = {"at": now.isoformat(timespec="seconds"), "source": source, "list": slug, "why": why, "document": without_personal(document)}
    try:
        make_home(folder.parent)
        folder.mkdir(exist_ok=True)
        file.write_text(json.dumps(kept, ensure_ascii=True, indent=1), encoding="utf-8")
        for old in sorted(folder.glob("*.json"))[:-MOST_COPIES]:
            old.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("A copy of it could not be saved in %s (%s).", folder, error.strerror)


def without_personal(node: object, depth: int = 0) -> Any:
    """The document's shape without personal data: few elements of each list, short texts."""
    if isinstance(node, Mapping):
        if depth >= _DEEPEST:
            return REMOVED
        items = ((str(key)[:100], value) for key, value in list(node.items())[:200])
        return {key: REMOVED if _PERSONAL.search(key) and value is not None else without_personal(value, depth + 1) for key, value in items}
    if isinstance(node, list):
        if depth >= _DEEPEST:
            return REMOVED
        shown = [without_personal(one, depth + 1) for one in node[:_MOST_ELEMENTS]]
        return [*shown, f"({len(node) - _MOST_ELEMENTS} more)"] if len(node) > _MOST_ELEMENTS else shown
    if isinstance(node, str):
        return REMOVED if _LIKE_A_SECRET.search(node) and not node.startswith(("http://", "https://")) else node[:_MOST_CHARACTERS]
    return node
