"""`beatporter retry`: makes a worker continue failed genres; finished work is not repeated."""

from __future__ import annotations

from typing import Annotated

import typer

from beatporter.settings import load_settings
from cli.prefect_server import use_running_server
from cli.terminal import Terminal


def retry(
    genres: Annotated[list[str] | None, typer.Argument(help="Slugs of genres whose last run failed.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every genre whose last run did not complete.")] = False,
) -> None:
    """Continue genres that failed, crashed or were cancelled on a worker, as Retry in the UI does."""
    if bool(genres) == failed:
        raise typer.BadParameter("name genres, or use --failed")
    settings = load_settings()
    slugs = [settings.find_list(slug).slug for slug in genres or []]
    use_running_server(settings.home)
    from orchestration.retry import retry_runs  # imports Prefect, which then reads its environment

    retried = retry_runs(slugs)
    console = Terminal()
    for run in retried:
        console.print(f"{run.genre}: {run.url}", markup=False, highlight=False, soft_wrap=True)
    if not retried:
        console.print("No genre's last run failed.")
