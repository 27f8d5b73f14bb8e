"""The commands that look after playlists: refresh-history, back-up-playlists, restore-playlist, dedupe-playlists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from beatporter.backup_choice import chosen_backups
from beatporter.care.dedupe import dedupe_playlists as dedupe
from beatporter.care.documents import (
    backed_up_document,
    deduped_document,
    deduped_words,
    refreshed_document,
    restored_document,
    restored_words,
)
from beatporter.care.known_playlists import find_known
from beatporter.care.playlist_backups import back_up_playlists as back_up
from beatporter.care.refresh_history import refresh_histories
from beatporter.care.restore import restore_playlist as restore
from beatporter.care.time_machine import moment_of
from beatporter.clock import utc_now
from beatporter.playlist_kinds import Digging
from beatporter.sync.workspace import Workspace
from cli.context import command_workspace
from cli.terminal import Terminal, print_document
from orchestration.one_writer import playlist_lock

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the difference and the calls it would cost; change nothing on Spotify.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
KeepDates = Annotated[bool, typer.Option("--keep-dates", help="Send no track again that can stay, even if that takes more calls.")]
Playlist = Annotated[str, typer.Argument(help="A playlist's link, URI, id or name.")]


def refresh_history(
    max_calls: Annotated[int | None, typer.Option(min=1, help="Most calls for reading; the rest is left for the next run.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take what you added to your playlists by hand into their histories.

    Reads only the playlists that changed since the last time.
    """
    with _workspace("refresh-history") as workspace:
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [refreshed_document(one) for one in refresh_histories(workspace, max_calls=max_calls, dry_run=dry_run, only_writer=lock)]
    if as_json:
        print_document({"playlists": found}, ensure_ascii=False)
    else:
        changed = [one for one in found if one["outcome"] != "unchanged"]
        rows = [(one["playlist"]["name"], _would(one["outcome"], dry_run), one["learned"], one["calls"], one["why"]) for one in changed]
        _show(("playlist", "", "new to its history", "calls", ""), rows)
        _say(f"{len(found) - len(changed):,} unchanged.")
    _exit_if(any(one["outcome"] == "failed" for one in found))


def back_up_playlists(
    playlists: Annotated[
        list[str] | None,
        typer.Argument(help="Names from the table backups in beatporter.toml, or links, URIs, ids, names; default: the whole table."),
    ] = None,
    into: Annotated[str, typer.Option(help="Also collect the tracks in your playlist of this name.")] = "",
    digging: Annotated[
        Digging, typer.Option(help="What that one leaves out: what it has, what it had, what any playlist had.")
    ] = "playlist",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Back up playlists, and collect their tracks in others.

    Playlists that Spotify lets no app read, such as Discover Weekly, are named
    with the reason; the others are still done. An unchanged one is not read.
    """
    with _workspace("back-up-playlists") as workspace:
        choices = chosen_backups(workspace.settings.backups, playlists or [], into, digging)
        lock = playlist_lock(workspace.settings, workspace.ledger)
        found = [backed_up_document(one) for one in back_up(workspace, choices, dry_run=dry_run, only_writer=lock)]
    if as_json:
        print_document({"playlists": found}, ensure_ascii=False)
    else:
        rows = [
            (
                one["name"],
                one["playlist"],
                _would(one["outcome"], dry_run),
                one["entries"],
                one["added"] if one["into"] else "",
                one["calls"],
            )
            for one in found
        ]
        _show(("name", "playlist", "", "entries", "added", "calls"), rows)
        for one in found:
            if one["why"]:
                _say(f"{one['playlist']}: {one['why']}", "yellow" if one["outcome"] == "unreadable" else "red")
    _exit_if(any(one["outcome"] == "failed" for one in found))


def restore_playlist(
    playlist: Playlist,
    on: Annotated[str, typer.Option("--on", help="A day (its end, UTC) or a time: 2026-11-20, 2026-11-20T07:30.")],
    into: Annotated[str, typer.Option(help="Restore into a new playlist of this name.")] = "",
    keep_dates: KeepDates = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a playlist what it was at a time, in order: in place, or as a new one.

    Uses the last backup until then. Tracks that stay keep the date of their
    addition unless sending them again takes fewer calls.
    """
    with _workspace("restore-playlist") as workspace:
        known = find_known(workspace.ledger, playlist)
        with playlist_lock(workspace.settings, workspace.ledger)(known.playlist_id):
            done = restore(workspace, known, moment_of(on), into=into, keep_dates=keep_dates, dry_run=dry_run)
    document = restored_document(done)
    if as_json:
        print_document(document, ensure_ascii=False)
        return
    for sign, name in (("+", "came"), ("-", "left"), ("~", "moved")):
        for track in document["changes"][name]:
            _say(f"{sign} {track['position']:>5}  {', '.join(track['artists'])} – {track['name']}")
    _say(f"{document['playlist']['name']}: {restored_words(document, dry_run=dry_run)}")


def dedupe_playlists(
    playlists: Annotated[list[str], typer.Argument(help="Links, URIs, ids or names of your own playlists.")],
    any_cut: Annotated[bool, typer.Option("--any-cut", help="Also other cuts of the same recording: a radio edit, a re-release.")] = False,
    keep_dates: KeepDates = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove what a playlist holds twice; the first stays where it is.

    Twice means: the same id, the same ISRC, or the same recording with the
    same length. An interrupted run is finished by the next one.
    """
    with _workspace("dedupe-playlists") as workspace:
        lock = playlist_lock(workspace.settings, workspace.ledger)
        options: dict[str, Any] = {"any_cut": any_cut, "keep_dates": keep_dates, "dry_run": dry_run}
        found = [deduped_document(one) for one in dedupe(workspace, playlists, only_writer=lock, **options)]
    if as_json:
        print_document({"playlists": found}, ensure_ascii=False)
    else:
        for one in found:
            for entry in one["listed"]:
                _say(f"- {entry['position']:>5}  {entry['track']}  ({entry['why']} as {entry['stays']})")
            _say(f"{one['playlist']['name']}: {deduped_words(one, dry_run=dry_run)}", "red" if one["error"] else None)
    _exit_if(any(one["error"] for one in found))


@contextmanager
def _workspace(name: str) -> Iterator[Workspace]:
    """A workspace with a run key of its own, so that no listing of an earlier command is taken for this one's."""
    with command_workspace(f"{name} {utc_now():%Y-%m-%dT%H:%M:%SZ}") as workspace:
        yield workspace


def _would(outcome: str, dry_run: bool) -> str:
    return f"would be {outcome}" if dry_run and outcome in ("read", "backed up") else outcome


def _show(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=False, header_style="bold underline")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if any(isinstance(row[number], int) for row in rows) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in row))
    Terminal().print(table)


def _say(line: str, style: str | None = None) -> None:
    Terminal().print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _exit_if(failed: bool) -> None:
    if failed:
        raise typer.Exit(1)
