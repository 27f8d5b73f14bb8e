"""Task `match-tracks`: find each chart entry on Spotify, within the run's share of the day's calls."""

from __future__ import annotations

from beatporter.settings import load_settings
from beatporter.sync import match
from beatporter.sync.match_counts import match_counts
from beatporter.sync.open_allocator import calls_beside_searches
from orchestration.run_key import run_key
from orchestration.step_log import progress_logged, say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("match-tracks")
def match_tracks(genre: str, beatport_ids: list[int], max_searches: int | None = None) -> list[str]:
    """Spotify ids of what was found, in chart order."""
    with open_workspace(run_key(), genre, max_searches, reserve=calls_beside_searches(load_settings(), genre)) as workspace:
        before = match_counts(workspace, genre, beatport_ids)
        with progress_logged("match", "{done} of {total} entries searched"):
            found = match.match_tracks(workspace, genre, beatport_ids)
        after = match_counts(workspace, genre, beatport_ids)
    say(
        f"{genre}: {after.found} of {len(beatport_ids)} found, {after.searches - before.searches} searches, {after.substitutes} substitutes"
    )
    return found
