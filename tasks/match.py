"""Task `match-tracks`: find each chart entry on Spotify, within the run's share of the day's calls."""

from __future__ import annotations

from beatporter.sync import match
from beatporter.sync.allocation import CALLS_BESIDE_SEARCHES
from orchestration.run_key import run_key
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("match-tracks")
def match_tracks(genre: str, beatport_ids: list[int], max_searches: int | None = None) -> list[str]:
    """Spotify ids of what was found, in chart order."""
    with open_workspace(run_key(), genre, max_searches, reserve=CALLS_BESIDE_SEARCHES) as workspace:
        return match.match_tracks(workspace, genre, beatport_ids)
