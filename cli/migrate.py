"""`beatporter migrate`: moves an installation of the script that Beatporter replaces over, after showing what will be done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from beatporter import names
from beatporter.counted import counted
from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.old_script.adoption import PlannedPlaylist
from beatporter.old_script.move_over import MovePlan, carry_out, plan_move
from beatporter.settings_sources import FILE
from beatporter.subscriptions import Subscription
from cli.context import command_workspace
from cli.ledger_view import progress_counter, say

if TYPE_CHECKING:
    from beatporter.ledger.import_script_history import ImportReport  # loads Arrow


def migrate(
    path: Annotated[Path, typer.Argument(help="The old script's folder, which holds src/config.py and data.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help=f"Change an existing {FILE}; its other settings stay.")] = False,
) -> None:
    """Move over from the old script: its settings, its history, and its playlists.

    It reads config.py without running it, writes beatporter.toml into this
    folder, imports the history, and adopts the playlists that you have, so that
    none is made a second time. First it shows all of this and asks. Nothing on
    Spotify is changed. Doing it again is safe.
    """
    target = Path(FILE)
    with command_workspace("migrate") as workspace:
        plan = plan_move(workspace, path, target)
        _show(plan, workspace.settings.spotify_daily_budget)
        if plan.changes_settings and not force:
            said = f"{FILE} exists here and says something else, so it is not changed without --force."
            if not dry_run:
                raise SettingsError(said, "Use --force, which keeps its other settings, or run this in another folder.")
            say(said, style="yellow")
        if dry_run:
            say("Nothing was changed.")
            return
        if not yes:
            _ask()
        with progress_counter("rows of the history") as progress:
            reports = carry_out(workspace, plan, target, progress)
    _show_done(plan, reports)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise SettingsError("There is no terminal on which to ask whether to do this.", "Use --yes to do it without a question.")
    if not typer.confirm("Do this?"):
        say("Nothing was changed.")
        raise typer.Exit(1)


def _show(plan: MovePlan, budget: int) -> None:
    say(f"Settings from {plan.config.path}: {_counts(plan)}. They go into {FILE}.")
    rows = sum(one.rows for one in plan.old.values())
    for history in plan.histories:
        say(f"History from {history}.")
    if plan.histories:
        say(f"Together {counted(rows, 'row')} of {counted(len(plan.old), 'playlist')}; what is known already stays as it is.")
    say("")
    say(_playlists_table(plan.playlists))
    for one in plan.playlists:
        for line in _lines(one):
            say(line)
    if plan.left_out:
        say("")
        say("Not taken over from config.py:", style="yellow")
        for part in plan.left_out:
            say(f"  {f'line {part.line}: ' if part.line else ''}{part.what}: {part.why}")
    for note in plan.notes:
        say(note, style="yellow")
    if plan.calls_to_read:
        days = -(-plan.calls_to_read // budget)
        say(f"The first runs read the adopted playlists once: {plan.calls_to_read:,} calls, {counted(days, 'day')} at {budget:,} a day.")


def _counts(plan: MovePlan) -> str:
    parts = [(len(plan.values["genres"]), "genre")] + [
        (len(plan.values.get(f"{noun}s", {})), noun) for noun in ("chart", "label", "backup")
    ]
    return ", ".join(counted(number, noun) for number, noun in parts if number) or "no lists"


def _playlists_table(playlists: Sequence[PlannedPlaylist]) -> Table:
    table = Table(box=None, padding=(0, 0, 0, 1), pad_edge=False, header_style="bold underline")
    for heading in ("list", "kind", "playlist", ""):
        table.add_column(heading, overflow="fold")
    words = {
        "adopt": "adopt",
        "adopted": "adopted already",
        "make": "not there: the first run makes it",
        "ambiguous": "you choose, see below",
    }
    for one in playlists:
        holds = f" ({counted(one.playlist.total, 'track')})" if one.playlist is not None else ""
        style = {"ambiguous": "red", "make": "yellow"}.get(one.state)
        table.add_row(_name(one.genre), one.kind, f"{one.name}{holds}", words[one.state], style=style)
    return table


def _lines(one: PlannedPlaylist) -> list[str]:
    """What the table has no room for."""
    shown = [f"  {other.name!r:.120} ({counted(other.total, 'track')}): {names.playlist_url(other.playlist_id)}" for other in one.others]
    if one.state == "ambiguous":
        option = "" if one.kind == "collect" else f" --kind {one.kind}"
        choose = f"beatporter adopt {one.genre.slug} LINK{option}"
        said = f"Several playlists may be that of {_name(one.genre)}; the first run takes the one with the most tracks."
        return [f"{said} Choose another with `{choose}`:", *shown]
    return [f"Also for {_name(one.genre)} ({one.kind}), and left as they are:", *shown] if shown else []


def _name(genre: Genre) -> str:
    """The person's own name of a chart or label, a genre's slug."""
    return genre.name if isinstance(genre, Subscription) else genre.slug


def _show_done(plan: MovePlan, reports: Sequence[ImportReport]) -> None:
    adopted = sum(one.state == "adopt" for one in plan.playlists)
    for report in reports:
        say(f"History: {report.taken:,} of {counted(report.read, 'row')} are new, {report.repeated:,} were known.")
        for reason, count in sorted(report.left.items()):
            say(f"  {count:,} left out, {reason}, such as {report.examples[reason]}")
    say(f"{counted(adopted, 'playlist')} adopted. {FILE} is written.")
    say("Next: `beatporter sync --all --dry-run` shows what the first run would add; `beatporter sync --all` does it.")
