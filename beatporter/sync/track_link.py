"""Finds the Spotify track that a person's link, URI or id names."""

from __future__ import annotations

import re

from beatporter.errors import RequestRefused, SettingsError
from beatporter.records.track import SpotifyTrack
from beatporter.sync.workspace import Workspace

HOW = "Give a track's link (Share, Copy Song Link), its URI, or its id of 22 characters."
_LINK = re.compile(
    r"(?:https?://)?(?:open|play)\.spotify\.com/(?:intl-[a-z-]+/)?(?:embed/)?(?P<kind>[a-z]+)/(?P<id>[0-9a-z]+)/?(?:[?#].*)?",
    re.IGNORECASE,
)
_URI = re.compile(r"spotify:(?P<kind>[a-z]+):(?P<id>[0-9A-Za-z]+)", re.IGNORECASE)
_ID = re.compile(r"[0-9A-Za-z]{22}")


def track_id_of(text: str) -> str:
    """The id in a track's link, URI or id.

    Raises:
        SettingsError: the text is invalid, or a link to something else.
    """
    text = text.strip()
    found = _LINK.fullmatch(text) or _URI.fullmatch(text)
    if found is not None and found["kind"].lower() != "track":
        raise SettingsError(f"{text!r} is the address of a Spotify {found['kind'].lower()}, not of a track.", HOW)
    track_id = found["id"] if found is not None else text
    if not _ID.fullmatch(track_id):
        raise SettingsError(f"{text!r} is not a Spotify track.", HOW)
    return track_id


def find_track(workspace: Workspace, text: str) -> SpotifyTrack:
    """Load the track that a link, URI or id names; one call.

    Raises:
        SettingsError: the text is invalid, or Spotify has no such track.
    """
    track_id = track_id_of(text)
    try:
        return workspace.spotify.track(track_id)
    except RequestRefused as error:
        if error.status not in (400, 404):
            raise
    raise SettingsError(f"Spotify has no track {track_id}.", HOW)
