"""A run's output in the terminal: progress while it works, a table at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from beatporter.control_characters import escape_control_characters, without_control_characters
from beatporter.progress import Listener, Progress

STEPS = {
    "scrape": "reading the chart",
    "match": "finding tracks on Spotify",
    "playlist": "updating the playlist",
    "history": "remembering",
    "backup": "backing up",
    "wait": "waiting",
}
COLUMNS = ("chart", "matched", "added", "not_found", "deferred", "spotify_calls")


class Terminal(Console):
    """A console that receives no control characters from a service's text."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(without_control_characters(one) if isinstance(one, str) else one for one in objects), **options)


def print_document(document: object, *, ensure_ascii: bool = True) -> None:
    """Print JSON and nothing else."""
    print(escape_control_characters(json.dumps(document, ensure_ascii=ensure_ascii, indent=2)))  # noqa: T201 - the document is the output


@contextmanager
def progress_shown(console: Console, total: int) -> Iterator[Listener]:
    """A listener that shows progress: live bars on a terminal, otherwise a line per genre."""
    if not console.is_terminal:
        yield lambda progress: _say(console, progress)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # commands that show no bars do not wait for it
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    with Bars(*columns, console=console, transient=True) as bars:
        overall = bars.add_task("genres", total=total, note="starting Prefect")
        current = bars.add_task("", total=None, note="")

        def listen(progress: Progress) -> None:
            if progress.step in ("done", "failed"):
                bars.advance(overall)
                _say(console, progress)
                return
            note = progress.note or STEPS.get(progress.step, progress.step)
            bars.update(overall, note="")
            bars.update(current, description=progress.genre, completed=progress.done, total=progress.total or None, note=note)

        yield listen


def _say(console: Console, progress: Progress) -> None:
    if progress.step == "done":
        console.print(f"[green]✓[/] {progress.genre}", highlight=False)
    elif progress.step == "failed":
        console.print(f"[red]✗[/] {progress.genre}", highlight=False)
    elif progress.note:
        console.print(f"  {progress.genre}: {progress.note}", markup=False, highlight=False)


def outcome_table(document: dict[str, Any], *, dry_run: bool = False) -> Table:
    """The run's document as a table, with totals if there are several genres."""
    table = Table(
        title="What would be done" if dry_run else None,
        title_justify="left",
        box=None,
        padding=(0, 0, 0, 1),
        pad_edge=False,
        header_style="bold underline",
    )
    table.add_column("genre", overflow="fold")
    headings = ("chart", "matched", "to add" if dry_run else "added", "not\nfound", "deferred", "Spotify\ncalls", "peak\nmemory", "seconds")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    genres: dict[str, dict[str, Any]] = document["genres"]
    for slug, outcome in genres.items():
        style = {"failed": "red", "deferred": "yellow", "challenged": "yellow", "waiting": "yellow"}.get(outcome["state"])
        table.add_row(slug, *_cells(outcome), style=style)
    if len(genres) > 1:
        table.add_section()
        table.add_row("all", *_cells(_totals(document)), style="bold")
    return table


def _cells(outcome: dict[str, Any]) -> list[str]:
    if outcome.get("state") == "failed":
        return ["failed", *[""] * 7]
    peak = outcome["peak_memory_mb"]
    return [*(str(outcome[column]) for column in COLUMNS), f"{peak:.0f} MB" if peak else "–", f"{outcome['duration_s']:.1f}"]


def _totals(document: dict[str, Any]) -> dict[str, Any]:
    outcomes = document["genres"].values()
    totals: dict[str, Any] = {column: sum(outcome[column] for outcome in outcomes) for column in COLUMNS}
    totals["spotify_calls"] = document["spotify_calls"]
    totals["peak_memory_mb"] = max((outcome["peak_memory_mb"] or 0 for outcome in outcomes), default=0)
    totals["duration_s"] = sum(outcome["duration_s"] for outcome in outcomes)
    return totals
