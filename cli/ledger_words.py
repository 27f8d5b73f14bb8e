"""How `beatporter ledger` says things: tables that fit 80 columns, sizes for people, progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from beatporter.ledger.checking import CheckReport
    from beatporter.ledger.compaction import TableReport
    from beatporter.ledger.statistics import TableStatistics

COSTS = {
    "charts": "charts of those days are gone; the newest is read anew by the next run.",
    "matches": "entries decided there are searched again, and your own word on them is lost.",
    "history": "tracks that only it knew may be added to their playlist again.",
    "backups": "those states of the playlists cannot be looked up; each playlist is read and backed up again.",
    "snapshots": "those playlists are read again before they are written.",
    "playlists": "those genres' playlists are found by their names, or made anew.",
    "corrections": "tracks that you ruled out there may stay in playlists.",
    "listings": "a run under way lists the account again.",
    "calls": "calls made in the last 24 hours may not count, and Spotify's quota may be exceeded.",
    "runs": "`beatporter status` does not show how those runs ended.",
}
"""What a table's lost rows cost."""
PARTITIONS = {
    "charts": "genre",
    "history": "playlist",
    "backups": "playlist",
    "snapshots": "playlist",
    "playlists": "genre",
    "listings": "run",
    "calls": "day",
    "runs": "genre",
}


def say(what: str | Table, style: str | None = None) -> None:
    """Print for a person, or for whoever reads the pipe: nothing is broken to a width then."""
    Console().print(what, markup=False, highlight=False, soft_wrap=True, style=style)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Bytes as people say them."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} B"


def check_table(report: CheckReport) -> Table:
    rows = [(one.table, f"{one.files:,}", f"{one.rows:,}", size(one.bytes)) for one in report.tables]
    return _table(("table", "files", "rows", "size"), rows)


def statistics_table(found: Sequence[TableStatistics]) -> Table:
    headings = ("table", "rows", "of", "files", "size", "first", "last")
    return _table(headings, [_statistics(one) for one in found], texts=("table", "first", "last"))


def _statistics(one: TableStatistics) -> tuple[str, ...]:
    of = counted(one.partitions, PARTITIONS[one.table]) if one.table in PARTITIONS else ""
    days = (f"{at:%Y-%m-%d}" if at else "" for at in (one.first, one.last))
    return one.table, f"{one.rows:,}", of, f"{one.files:,}", size(one.bytes), *days


def compact_table(reports: Sequence[TableReport]) -> Table:
    rows = [
        (
            one.table,
            f"{one.files_before:,}",
            f"{one.files_after:,}",
            f"{one.rows_in - one.rows_out:,}",
            f"{one.removed_files:,}",
            size(one.removed_bytes),
        )
        for one in reports
    ]
    return _table(("table", "files", "now", "repeated\nrows gone", "old files\nremoved", "freed"), rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], texts: Sequence[str] = ("table",)) -> Table:
    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=False, header_style="bold underline")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in texts else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


@contextmanager
def steps_shown(act: str) -> Iterator[Callable[[str, int, int], None]]:
    """Listens to a table's name, steps done and steps in all; shows a bar on a terminal, nothing elsewhere."""
    with _bars(BarColumn(), MofNCompleteColumn()) as bars:
        task = bars.add_task(act, total=None)
        yield lambda table, done, total: bars.update(task, description=f"{act} {table}", completed=done, total=total)


@contextmanager
def tally_shown(noun: str) -> Iterator[Callable[[int], None]]:
    """Listens to a growing number; shows it on a terminal, nothing elsewhere."""
    with _bars(TextColumn("{task.completed:,}"), TextColumn(noun)) as bars:
        task = bars.add_task("", total=None)
        yield lambda done: bars.update(task, completed=done)


def _bars(*columns: Any) -> Progress:
    console = Console(stderr=True)
    shown = (SpinnerColumn(), TextColumn("{task.description}"), *columns, TimeElapsedColumn())
    return Progress(*shown, console=console, transient=True, disable=not console.is_terminal)
