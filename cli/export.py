"""`beatporter export`: history, charts and missing entries for a spreadsheet, sets for DJ software; calls nobody.

And `beatporter import`, which takes a spreadsheet back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from beatporter.counted import counted
from beatporter.errors import SettingsError
from beatporter.exports.sheets import Sheet, write_sheet
from beatporter.ledger.spreadsheet import ExportReport
from cli.context import command_workspace
from cli.ledger_view import progress_counter, say, size

app = typer.Typer(help="Write history, charts, missing entries or a DJ set to a file.", no_args_is_help=True)
FORCE = typer.Option("--force", help="Replace an existing file.")
SHEET = typer.Argument(help="The file to write, .xlsx or .csv.", show_default=False)
LISTS = typer.Argument(help="Slugs of genres, charts or labels; everything that is enabled if you name none.", show_default=False)
SHOWN = 10


@app.command("history")
def history(
    path: Annotated[
        Path, typer.Argument(help="The file to write, .xlsx or .csv; for the old script also .parquet.gz.", show_default=False)
    ],
    playlist: Annotated[str | None, typer.Option(help="Only this playlist: its id, link or name.")] = None,
    like_script: Annotated[bool, typer.Option("--like-script", help="The columns of the script that Beatporter replaces.")] = False,
    force: Annotated[bool, FORCE] = False,
) -> None:
    """Write every track that your playlists ever held, newest first: names, date, tempo, key, links.

    `beatporter import` takes the file back, with the rows that you add. With
    --like-script it has the old script's columns (playlist_id, playlist_name,
    track_id, datetime_added, artist_name as "Artist - Title"), also as Parquet.
    """
    _write("script-history" if like_script else "history", path, [playlist] if playlist else (), overwrite=force)


@app.command("charts")
def charts(path: Annotated[Path, SHEET], genres: Annotated[list[str] | None, LISTS] = None, force: Annotated[bool, FORCE] = False) -> None:
    """Write the last charts: what was found for each entry, and why.

    Put another link into the column Spotify, and `beatporter import` takes that
    track from then on, like `beatporter match set`.
    """
    _write("charts", path, genres or (), overwrite=force)


@app.command("missing")
def missing(path: Annotated[Path, SHEET], genres: Annotated[list[str] | None, LISTS] = None, force: Annotated[bool, FORCE] = False) -> None:
    """Write the chart entries that are not on Spotify, with links to search by hand.

    Put a link into the column Spotify, and `beatporter import` takes that track
    from then on, like `beatporter match set`.
    """
    _write("missing", path, genres or (), overwrite=force)


@app.command("set")
def set_(
    genre: Annotated[str, typer.Argument(help="Slug of a genre, chart or label.", show_default=False)],
    format_: Annotated[str, typer.Option("--format", help="rekordbox, m3u8 or csv.")] = "rekordbox",
    order: Annotated[str, typer.Option(help="chart, or harmonic: each track mixes into the next one.")] = "chart",
    out: Annotated[Path | None, typer.Option(help="The file. Default: the list and its format's suffix, here.", show_default=False)] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    """Write a list's current chart as a set for DJ software, with tempo, key and Camelot.

    Rekordbox shows the XML under Preferences, Advanced, rekordbox xml. It holds
    the tracks that Spotify has; M3U8 and CSV hold all of them.
    """
    from beatporter.exports.dj_set import SUFFIX, chosen_format, chosen_order, read_set, write_set

    kind, arranged = chosen_format(format_), chosen_order(order)
    with command_workspace("export") as workspace:
        dj_set = read_set(workspace, genre, arranged)
    report = write_set(dj_set, kind, out or Path(f"{genre.replace('/', '-').replace(':', '-')}{SUFFIX[kind]}"), overwrite=force)
    left_out = len(dj_set.tracks) - report.rows
    _say(report, f"; {counted(left_out, 'track')} left out, not on Spotify" if left_out else "")


def import_(
    path: Annotated[Path, typer.Argument(help="An Excel or CSV file that `beatporter export` wrote.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would change and the calls it costs; change nothing.")] = False,
) -> None:
    """Take back a spreadsheet that `beatporter export` wrote, with what you changed in it.

    History: rows that you added count as tracks that the playlist once held, so
    they do not come into it again. Charts and missing entries: a link that you
    put into the column Spotify is taken for the entry from then on; each costs
    one call. A file that nobody changed changes nothing.

    What cannot be used is named with its file, sheet and row; the exit code is
    then 1. `beatporter ledger import` reads the old script's files.
    """
    from beatporter.exports.sheet_import import import_entries_sheet, import_history_sheet, is_entries_sheet, is_history_sheet

    with command_workspace("import") as workspace:
        if is_history_sheet(path):
            report = import_history_sheet(workspace.ledger, path, dry_run=dry_run)
            noun, cost = "track", ""
        elif is_entries_sheet(path):
            report = import_entries_sheet(workspace, path, dry_run=dry_run)
            noun, cost = "override", f" at {counted(report.calls, 'Spotify call')}"
        else:
            said = f"{path} is not a spreadsheet that `beatporter export` wrote."
            raise SettingsError(said, "`beatporter ledger import` reads the old script's files.")
    say(f"{counted(report.read, 'row')} in {path}: {counted(report.new, noun)} {'would be ' if dry_run else ''}new{cost}.")
    for change in report.changes[:SHOWN]:
        say(f"  {change}")
    for problem in report.problems:
        say(problem, style="red")
    if report.problems:
        raise typer.Exit(1)


def _write(sheet: Sheet, path: Path, only: Sequence[str], *, overwrite: bool) -> None:
    with command_workspace("export") as workspace, progress_counter("rows written") as progress:
        report = write_sheet(workspace, sheet, path, only, overwrite=overwrite, progress=progress)
    _say(report)


def _say(report: ExportReport, more: str = "") -> None:
    sheets = f" on {report.sheets} sheets" if report.sheets > 1 else ""
    say(f"{counted(report.rows, 'row')}{sheets} in {report.path}, {size(report.path.stat().st_size)}{more}.")
