"""Task `scrape-chart`: read the genre's chart, keep it, return its Beatport ids."""

from __future__ import annotations

from beatporter.sync import scrape
from tasks._house import house_task
from tasks._workspace import open_workspace


@house_task("scrape-chart")
def scrape_chart(genre: str, run_key: str) -> list[int]:
    """Beatport ids in chart order."""
    with open_workspace(run_key, genre) as workspace:
        return scrape.scrape_chart(workspace, genre)
