"""The output of `beatporter ledger`: tables that fit 80 columns, readable sizes, progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress


def say(what: str | Table, style: str | None = None) -> None:
    """Print for a terminal or, without line breaks, for a pipe."""
    Terminal().print(what, markup=False, highlight=False, soft_wrap=True, style=style)


def size(count: int) -> str:
    """A readable size."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} B"


def figures_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table with a name in its first column and figures in the others."""
    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=False, header_style="bold underline")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == headings[0] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


@contextmanager
def progress_bar(act: str) -> Iterator[Callable[[str, int, int], None]]:
    """A listener for a table's name, finished steps and all steps; shows a bar on a terminal, otherwise nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn  # commands that show no bars do not wait for it

    with _bars(BarColumn(), MofNCompleteColumn()) as bars:
        task = bars.add_task(act, total=None)
        yield lambda table, done, total: bars.update(task, description=f"{act} {table}", completed=done, total=total)


@contextmanager
def progress_counter(noun: str) -> Iterator[Callable[[int], None]]:
    """A listener for a growing number; shows it on a terminal, otherwise nothing."""
    from rich.progress import TextColumn

    with _bars(TextColumn("{task.completed:,}"), TextColumn(noun)) as bars:
        task = bars.add_task("", total=None)
        yield lambda done: bars.update(task, completed=done)


def _bars(*columns: Any) -> Progress:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    shown = (SpinnerColumn(), TextColumn("{task.description}"), *columns, TimeElapsedColumn())
    return Progress(*shown, console=console, transient=True, disable=not console.is_terminal)
