"""`beatporter ledger`: check, count, merge, export and fill the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from beatporter.clock import utc_now
from beatporter.ledger.ledger import Ledger
from beatporter.matching import recording_key
from beatporter.settings import load_settings
from tasks._workspace import open_storage

app = typer.Typer(help="Check, count, merge, export and fill the ledger.", no_args_is_help=True)


@app.command("check")
def check() -> None:
    """Read every file and name the damaged ones; exit code 1 when there are any."""
    from beatporter.ledger.checking import check as check_all

    report = check_all(_ledger())
    console = Console()
    table = Table("table", "files", "rows", "bytes")
    for one in report.tables:
        table.add_row(one.table, str(one.files), str(one.rows), str(one.bytes))
    console.print(table)
    for path, problem in report.damaged.items():
        console.print(f"damaged: {path}: {problem}", style="red", markup=False, soft_wrap=True)
    for path in report.unfinished:
        console.print(f"unfinished, compaction removes it: {path}", markup=False, soft_wrap=True)
    for path in report.foreign:
        console.print(f"not the ledger's: {path}", markup=False, soft_wrap=True)
    if not report.sound:
        raise typer.Exit(1)


@app.command("stats")
def stats() -> None:
    """Rows, partitions (playlists, genres, days), bytes, first and last of each table."""
    from beatporter.ledger.statistics import statistics

    table = Table("table", "rows", "partitions", "files", "bytes", "first", "last")
    for one in statistics(_ledger()):
        times = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (one.first, one.last))
        table.add_row(one.table, str(one.rows), str(one.partitions or ""), str(one.files), str(one.bytes), *times)
    Console().print(table)


@app.command("compact")
def compact() -> None:
    """Merge small files and drop repetitions; what `compact-ledger` does every week."""
    from beatporter.ledger.compaction import compact as compact_all

    for report in compact_all(_ledger(), now=utc_now()):
        _say(f"{report.table}: {report.files_before} files, now {report.files_after}; {report.removed_files} removed")
        for problem in report.damaged:
            _say(f"  damaged, left alone: {problem}")


@app.command("export")
def export(
    table: Annotated[str, typer.Argument(help="charts, matches, history, backups, …")],
    path: Annotated[Path, typer.Argument(help="The file to write, .csv or .xlsx.")],
    playlist: Annotated[str | None, typer.Option(help="Only this partition, such as a playlist's id.")] = None,
) -> None:
    """Write a table to CSV or Excel."""
    from beatporter.ledger.export import export as write

    report = write(_ledger(), table, path, partition=playlist)
    _say(f"{report.rows} rows in {report.path}.")


@app.command("import")
def import_(path: Annotated[Path, typer.Argument(help="hist_playlists_tracks.parquet.gz or .xlsx of the old script.")]) -> None:
    """Take in the history of the script that Beatporter replaces."""
    from beatporter.ledger.old_history import import_history

    report = import_history(_ledger(), path, recording_key)
    _say(f"{report.read} rows read: {report.taken} tracks taken, {report.repeated} repeated, {report.undated} without a date.")
    for reason, count in report.left.items():
        _say(f"left, {reason}: {count}, such as {report.examples.get(reason, '')}")


def _ledger() -> Ledger:
    return open_storage(load_settings())


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)
