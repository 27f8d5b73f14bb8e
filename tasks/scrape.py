"""Task `scrape-chart`: read the genre's chart, keep it, return its Beatport ids."""

from __future__ import annotations

from beatporter.sync import scrape
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("scrape-chart")
def scrape_chart(genre: str) -> list[int]:
    """Beatport ids in chart order."""
    with open_workspace(run_key(), genre) as workspace:
        chart = scrape.scrape_chart(workspace, genre)
    say(f"{genre}: {len(chart)} entries in the chart")
    return chart
