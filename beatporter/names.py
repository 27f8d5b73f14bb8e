"""Names that are built or parsed in more than one place: artifact keys, playlist names, object paths.

Prefect's artifact keys allow only lower-case letters, digits and dashes; a genre's slug already complies.
"""

from __future__ import annotations

from urllib.parse import quote

from beatporter.genres import Genre
from beatporter.playlist_kinds import PlaylistKind, PlaylistOptions

SUMMARY = "summary"
MEMORY = "memory"
PROGRESS = "progress"
BRIEFING = "briefing"
MISSING = "missing"


def sync_artifact(slug: str) -> str:
    return f"sync-{slug}"


def memory_artifact(slug: str) -> str:
    return f"memory-{slug}"


def playlist_name(options: PlaylistOptions, genre: Genre, kind: PlaylistKind = "collect") -> str:
    """The name of a list's playlist, e.g. "Beatport: Afro House - Top 100"."""
    return options.template_of(kind).replace("{genre}", genre.name)


def folded(name: str) -> str:
    """A playlist's name as people compare names: whatever the letter case and the spaces."""
    return " ".join(name.casefold().split())


def track_url(track_id: str) -> str:
    return f"https://open.spotify.com/track/{quote(track_id, safe='')}"


def playlist_url(playlist_id: str) -> str:
    return f"https://open.spotify.com/playlist/{quote(playlist_id, safe='')}"


def track_uri(track_id: str) -> str:
    return f"spotify:track:{track_id}"


def run_path(run_id: str) -> str:
    """A run's page in Prefect's UI, below the server's address."""
    return f"/v2/runs/flow-run/{quote(run_id, safe='')}"


def run_url(server: str, run_id: str) -> str:
    """A run's page; the run's id alone where no server is known.

    Args:
        server: the address of its API; may be empty.
    """
    return f"{server.removesuffix('/api')}{run_path(run_id)}" if server else run_id


def beatport_track_url(beatport_id: int) -> str:
    """A track's page on Beatport, which goes by the id and ignores the name before it."""
    return f"https://www.beatport.com/track/-/{beatport_id}"


def spotify_search_url(words: str) -> str:
    """Spotify's own search page, for a person to search by hand."""
    return f"https://open.spotify.com/search/{quote(words, safe='')}"
