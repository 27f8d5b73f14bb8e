"""Task `find-doubts`: find the matches that a person should review."""

from __future__ import annotations

from beatporter.settings import load_settings
from beatporter.sync.review import to_review
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("find-doubts")
def find_doubts(genres: list[str] | None, most: int) -> list[int]:
    """Beatport ids of entries whose match is in doubt, best candidates first."""
    with open_workspace(run_key()) as workspace:
        found = to_review(workspace, genres or load_settings().enabled_genres())
    say(f"{len(found)} matches are in doubt" + (f"; asking about the first {most}" if len(found) > most else ""))
    return [doubt.entry.beatport_id for doubt in found[:most]]
