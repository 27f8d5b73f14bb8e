"""Finds the Spotify track that a person's link, URI or id names."""

from __future__ import annotations

from beatporter.errors import RequestRefused, SettingsError
from beatporter.records.track import SpotifyTrack
from beatporter.spotify.links import is_id, parse_link
from beatporter.sync.workspace import Workspace

HOW = "Give a track's link (Share, Copy Song Link), its URI, or its id of 22 characters."


def track_id_of(text: str) -> str:
    """The id in a track's link, URI or id.

    Raises:
        SettingsError: the text is invalid, or a link to something else.
    """
    text = text.strip()
    kind, track_id = parse_link(text) or ("track", text)
    if kind != "track":
        raise SettingsError(f"{text!r} is the address of a Spotify {kind}, not of a track.", HOW)
    if not is_id(track_id):
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
