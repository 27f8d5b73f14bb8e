"""Takes apart what a person may write for a track or a playlist: Spotify's links, URIs and ids. The callers word the errors."""

from __future__ import annotations

import re

_LINK = re.compile(
    r"(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[a-z-]+/)?(?:embed/)?(?:user/[^/]+/)?(?P<kind>[a-z]+)/(?P<id>[0-9a-z]+)/?(?:[?#].*)?",
    re.IGNORECASE,
)
_URI = re.compile(r"spotify:(?:user:[^:]+:)?(?P<kind>[a-z]+):(?P<id>[0-9A-Za-z]+)", re.IGNORECASE)
_ID = re.compile(r"[0-9A-Za-z]{22}")


def parse_link(text: str) -> tuple[str, str] | None:
    """Kind (track, playlist, …) and id in a link or URI, whatever its id looks like; None for other texts."""
    found = _LINK.fullmatch(text) or _URI.fullmatch(text)
    return None if found is None else (found["kind"].lower(), found["id"])


def is_id(text: str) -> bool:
    """Whether the text has the form of Spotify's ids."""
    return _ID.fullmatch(text) is not None
