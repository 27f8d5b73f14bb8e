"""`beatporter ledger`: check, count, merge, export and fill the ledger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from beatporter.clock import utc_now
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import TABLES
from beatporter.matching import recording_key
from beatporter.settings import load_settings
from cli.ledger_words import COSTS, check_table, compact_table, counted, say, size, statistics_table, steps_shown, tally_shown
from orchestration.workspace import open_storage

app = typer.Typer(help="Check, count, merge, export and fill the ledger.", no_args_is_help=True)


@app.command("check")
def check(
    aside: Annotated[bool, typer.Option("--set-aside", help="Go on without damaged files: move them to damaged/ in the ledger.")] = False,
) -> None:
    """Read every file whole and name the damaged ones.

    Exit code 1 when there are any: until they are put back from a backup or
    set aside, what needs them fails. With --set-aside the ledger goes on
    without their rows; the output says what that costs. The files are kept.
    """
    from beatporter.ledger.checking import check as check_all
    from beatporter.ledger.checking import set_aside

    ledger = _ledger()
    with steps_shown("reading") as progress:
        report = check_all(ledger, progress)
    say(check_table(report))
    for path, problem in report.damaged.items():
        say(f"Damaged: {path}\n  {problem}", style="red")
    if report.replaced:
        say(f"{len(report.replaced)} files that merged ones stand for; compaction removes them.")
    for path in report.unfinished:
        say(f"Unfinished, being written or left by a process that died; compaction removes it after an hour: {path}")
    for path in report.foreign:
        say(f"Not the ledger's, never read: {path}")
    if report.sound:
        say(f"All is sound in {ledger.root}.")
        return
    tables = sorted({path.partition("/")[0] for path in report.damaged})
    for table in tables:
        say(f"Without what is damaged in {table}: {COSTS[table]}")
    if not aside:
        say("Put the files back from a backup, or go on without them: beatporter ledger check --set-aside")
        raise typer.Exit(1)
    for moved in set_aside(ledger, report.damaged):
        say(f"Set aside: {moved}")


@app.command("stats")
def stats() -> None:
    """Rows, partitions, files, size, first and last day of each table, told from the files' metadata."""
    from beatporter.ledger.statistics import statistics

    ledger = _ledger()
    found = statistics(ledger)
    say(statistics_table(found))
    say(f"{size(sum(one.bytes for one in found))} in {ledger.root}.")
    say("Rows that stand in two files count twice until compaction.")


@app.command("compact")
def compact(
    backups_days: Annotated[
        int | None, typer.Option(min=1, help="Drop backups older than this, but never a playlist's newest. Default: keep all.")
    ] = None,
) -> None:
    """Merge small files and drop repetitions: this is how the ledger is deduplicated.

    A row that stands in two files never counts twice; repetitions cost room
    and nothing else. Merging leaves the earliest row of a track in a playlist,
    and the decision that stands for a chart entry. The table says how many
    rows went.

    Merged files are removed by the next compaction, an hour later at the
    earliest, so that readers at work still find them. It is safe beside runs
    at work and against a kill at any point. The flow compact-ledger does it
    every week. Exit code 1 when a damaged file kept others from being merged.
    """
    from beatporter.ledger.compaction import Retention
    from beatporter.ledger.compaction import compact as compact_all

    retention = Retention(backups=timedelta(days=backups_days)) if backups_days is not None else Retention()
    with steps_shown("merging") as progress:
        reports = compact_all(_ledger(), now=utc_now(), retention=retention, progress=progress)
    say(compact_table(reports))
    waiting = sum(report.waiting_files for report in reports)
    if waiting:
        say(f"{waiting} merged files wait for the next compaction, an hour from now or later.")
    damaged = [problem for report in reports for problem in report.damaged]
    for problem in damaged:
        say(f"Damaged, its partition was left alone: {problem}", style="red")
    if damaged:
        say("See beatporter ledger check.")
        raise typer.Exit(1)


@app.command("export")
def export(
    table: Annotated[str, typer.Argument(help=f"{', '.join(TABLES)}.")],
    path: Annotated[Path, typer.Argument(help="The file to write, .csv or .xlsx.", dir_okay=False)],
    only: Annotated[str | None, typer.Option(help="Only this playlist id, genre id, day or run: the table's first partition.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Write a table to CSV or Excel, a piece at a time: memory does not grow with it.

    History comes without repetitions, matches as what stands. Beyond the
    1,048,576 rows of an Excel sheet it goes on in another.
    """
    from beatporter.ledger.export import export as write

    with tally_shown("rows written") as progress:
        report = write(_ledger(), table, path, partition=only, overwrite=force, progress=progress)
    sheets = f" on {report.sheets} sheets" if report.sheets > 1 else ""
    say(f"{report.rows:,} rows of {table}{sheets} in {report.path}, {size(report.path.stat().st_size)}.")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="The old script's hist_playlists_tracks.parquet.gz, or the same as .xlsx.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would be taken, change nothing.")] = False,
) -> None:
    """Take in the history of the script that Beatporter replaces; importing twice changes nothing.

    Its columns are playlist_id, playlist_name, track_id, datetime_added and
    artist_name ("Artist - Title"). Dates without a zone count as UTC. Exit
    code 1 when it has rows and none can be used, 2 when it is no such file.
    """
    from beatporter.ledger.old_history import import_history

    with tally_shown("rows read") as progress:
        report = import_history(_ledger(), path, recording_key, progress, dry_run=dry_run)
    say(f"{report.read:,} rows in {path}, of {counted(len(report.playlists), 'playlist')}:")
    say(f"{report.taken:>9,} {'would be taken' if dry_run else 'taken'}")
    say(f"{report.repeated:>9,} repeated: known with the same or an earlier date")
    if report.undated:
        say(f"{report.undated:>9,} of these without a readable date: older than all others")
    if report.without_title:
        say(f'{report.without_title:>9,} of these without "Artist - Title": known by the Spotify id only')
    for reason, count in sorted(report.left.items()):
        say(f"{count:>9,} left, {reason}, such as {report.examples[reason]}")
    if report.read and not report.taken + report.repeated:
        raise typer.Exit(1)


def _ledger() -> Ledger:
    return open_storage(load_settings())
