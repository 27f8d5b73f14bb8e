"""`beatporter ledger`: count, check, copy, export and fill the ledger, archive it and rebuild it from its archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beatporter.clock import utc_now
from beatporter.counted import counted
from beatporter.errors import SettingsError
from beatporter.ledger.database import Database
from beatporter.ledger.export import TABLES, export
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.migrate import HEAD, copy_of, migrate, version_of
from beatporter.ledger.spreadsheet import written_whole
from beatporter.settings import Settings, load_settings
from cli.context import use_prefect_for_blocks
from cli.ledger_view import figures_table, progress_bar, progress_counter, say, size
from orchestration.workspace import address_of, open_archive_storage, open_ledger_of

app = typer.Typer(help="Count, check, copy, export, fill, archive and rebuild the ledger.", no_args_is_help=True)
FORCE = typer.Option("--force", help="Replace an existing file.")


@app.command("stats")
def stats_() -> None:
    """Show rows, first and last day of each table, and the database's size on disk."""
    from beatporter.ledger.statistics import statistics

    with _ledger() as ledger:
        found = statistics(ledger)
    say(figures_table(("table", "rows", "first", "last"), [(one.table, f"{one.rows:,}", one.first, one.last) for one in found.tables]))
    say(f"{size(found.bytes)} in {ledger.name}.")


@app.command("check")
def check_() -> None:
    """Check the whole database against its archive, and list what is damaged.

    Exit code 1 if something is damaged. Changes nothing. Each line says what to
    do: restore a copy, or rebuild the database with `rebuild`.
    """
    from beatporter.ledger.check import check

    settings = _settings()
    storage = open_archive_storage(settings.archive) if settings.archive else None
    with open_ledger_of(settings) as ledger:
        report = check(ledger, storage)
    say(figures_table(("table", "rows read"), [(name, f"{rows:,}") for name, rows in report.rows.items()]))
    for problem in report.problems:
        say(problem, style="red")
    if report.problems:
        raise typer.Exit(1)
    say(f"{ledger.name} has no damage.")
    if storage is not None:
        say(f"{counted(report.files, 'file')} of the archive {storage.name} agree; {counted(report.waiting, 'row')} not archived yet.")


@app.command("export")
def export_(
    table: Annotated[str, typer.Argument(help=f"{', '.join(TABLES)}.")],
    path: Annotated[Path, typer.Argument(help="The file to write, .csv, .xlsx or .parquet.")],
    only: Annotated[str | None, typer.Option(help="Only the rows of this playlist, genre or run, by its id.")] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    """Write a table as it is stored to CSV or Excel, in pieces, so memory does not grow with it.

    For reading, `beatporter export` writes names, links and keys instead of ids.
    History is without repetitions, matches are the current ones, backups are every
    position of every state. After the 1,048,576 rows of an Excel sheet it continues
    on another sheet.
    """
    with _ledger() as ledger, progress_counter("rows written") as progress:
        report = export(ledger, table, path, only=only, overwrite=force, progress=progress)
    sheets = f" on {report.sheets} sheets" if report.sheets > 1 else ""
    say(f"{counted(report.rows, 'row')} of {table}{sheets} in {report.path}, {size(report.path.stat().st_size)}.")


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="A file of the old script (Parquet or Excel), or an older ledger's folder or bucket.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would be imported, change nothing.")] = False,
) -> None:
    """Import an earlier program's history; importing twice changes nothing.

    A file is the history of the script that Beatporter replaces:
    hist_playlists_tracks.parquet.gz or its .xlsx version, with the columns
    playlist_id, playlist_name, track_id, datetime_added and artist_name
    ("Artist - Title"). Dates without a zone count as UTC.

    A folder, gs://bucket/prefix or gcs-bucket/<block> is the ledger of a
    Beatporter that kept Parquet files, such as .beatporter/ledger.

    It imports everything or nothing. Runs wait meanwhile. Exit code 1
    if a file has rows and none can be used, 2 if it is not such a file.
    """
    if source.startswith(("gs://", "gcs-bucket/")) or _is_folder(source):
        _import_older_ledger(source, dry_run=dry_run)
    else:
        _import_history(Path(source), dry_run=dry_run)


def _import_older_ledger(source: str, *, dry_run: bool) -> None:
    from beatporter.ledger.import_parquet_ledger import import_ledger

    settings = _settings()
    storage = open_archive_storage(source)
    with open_ledger_of(settings, begin_beside_older=True) as ledger, progress_bar("reading") as progress:
        report = import_ledger(ledger, storage, progress, dry_run=dry_run)
    rows = [(one.table, f"{one.files:,}", f"{one.read:,}", f"{one.new:,}") for one in report]
    say(figures_table(("table", "files", "rows", "would be new" if dry_run else "new"), rows))
    left = sum(one.left for one in report)
    if left:
        say(f"{counted(left, 'state')} of playlists left: they are older than the newest that {ledger.name} has. Keep {storage.name}.")
    say(f"{'Nothing was changed in' if dry_run else 'All of it is in'} {ledger.name}.")


def _import_history(path: Path, *, dry_run: bool) -> None:
    from beatporter.ledger.import_script_history import import_history
    from beatporter.matching import recording_key

    with _ledger() as ledger, progress_counter("rows read") as progress:
        report = import_history(ledger, path, recording_key, progress, dry_run=dry_run)
    say(f"{counted(report.read, 'row')} in {path}, of {counted(len(report.playlists), 'playlist')}:")
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


@app.command("archive")
def archive_() -> None:
    """Write new rows to the archive, as Parquet files that any tool reads.

    BEATPORTER_ARCHIVE names the archive: a folder, gs://bucket/prefix
    or gcs-bucket/<block>. The flow archive-ledger does the same every day.
    """
    from beatporter.ledger.archive import archive

    settings = _settings()
    if not settings.archive:
        raise SettingsError("BEATPORTER_ARCHIVE names no archive.", "Set it to a folder, gs://bucket/prefix or gcs-bucket/<block>.")
    storage = open_archive_storage(settings.archive)
    with open_ledger_of(settings) as ledger:
        written = archive(ledger, storage, utc_now())
    if not written:
        say(f"Nothing new for {storage.name}.")
        return
    say(figures_table(("table", "rows", "size"), [(one.table, f"{one.rows:,}", size(one.bytes)) for one in written]))
    say(f"{counted(len(written), 'file')} written to {storage.name}.")


@app.command("rebuild")
def rebuild_(
    archive: Annotated[str, typer.Option("--from", help="The archive: a folder, gs://bucket/prefix or gcs-bucket/<block>.")],
) -> None:
    """Rebuild the database from its archive.

    The database must be new or empty: move a damaged one away first, or name
    another in BEATPORTER_DATABASE. It restores everything or nothing. Rows
    written after the last archiving are missing; the next runs find those
    tracks in their playlists.
    """
    from beatporter.ledger.rebuild import rebuild

    settings = _settings()
    storage = open_archive_storage(archive)
    with open_ledger_of(settings) as ledger:
        rows = rebuild(storage, ledger)
    say(figures_table(("table", "rows"), [(name, f"{count:,}") for name, count in rows.items()]))
    say(f"{ledger.name} was rebuilt from {storage.name}.")


@app.command("backup")
def backup_(
    path: Annotated[Path | None, typer.Argument(help="The copy to write. Default: beside the database, named after the time.")] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    """Make a consistent copy of the database, even while runs write.

    The copy is a database like the original, readable only by its owner. To
    use it, name it in BEATPORTER_DATABASE. PostgreSQL is copied by pg_dump.
    """
    with _ledger() as ledger:
        database = ledger.database
        if database.path is None:
            raise SettingsError(
                f"{ledger.name} is a PostgreSQL, which has its own tool for copies.", "Use pg_dump --format=custom --file=beatporter.dump."
            )
        target = path or database.path.with_name(f"{database.path.stem}-{utc_now():%Y%m%dT%H%M%SZ}.db")
        with written_whole(target, overwrite=force) as draft:
            if target.exists() and target.samefile(database.path):
                raise SettingsError(f"{target} is the ledger itself.", "Name another file.")
            copy_of(database, "copy", draft)
    say(f"{ledger.name} copied to {target}, {size(target.stat().st_size)}.")


@app.command("migrate")
def migrate_() -> None:
    """Upgrade the database to this version's tables; a run does the same when it opens an older one.

    An SQLite database is copied first. A failed upgrade changes nothing.
    """
    database = Database(address_of(_settings()))
    with database.read() as connection:
        before = version_of(connection)
    copy = migrate(database)
    if before == HEAD:
        say(f"{database.name} stands at {HEAD}, the newest: nothing to do.")
    elif before is None:
        say(f"{database.name} was empty and has its tables now, at {HEAD}.")
    else:
        say(f"{database.name} went from {before} to {HEAD}.")
    if copy is not None:
        say(f"As it was before: {copy}")


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # not a valid file name; reading it reports that
        return False


def _settings() -> Settings:
    settings = load_settings()
    use_prefect_for_blocks(settings)
    return settings


def _ledger() -> Ledger:
    return open_ledger_of(_settings())
