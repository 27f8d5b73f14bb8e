"""The `beatporter` command. Errors end here: one clear message and an exit code, no traceback unless --verbose."""

from __future__ import annotations

import sys
import traceback

import typer
from rich.markup import escape

from beatporter.errors import BeatporterError, SettingsError, UnknownGenre
from cli import briefing, demo, doctor, genres, ledger, login, match, retry, sandbox, status, sync, ui, up
from cli.output import output_written
from cli.terminal import Terminal

BAD_ARGUMENTS = 2
FAILED = 1

app = typer.Typer(help="Keeps Spotify playlists in step with Beatport's charts.", no_args_is_help=True, add_completion=False)
app.command("sync")(sync.sync)
app.add_typer(match.app, name="match")
app.add_typer(ledger.app, name="ledger")
app.command("status")(status.status)
app.command("briefing")(briefing.briefing)
app.command("retry")(retry.retry)
app.command("login")(login.login)
app.command("genres")(genres.genres)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("doctor")(doctor.doctor)
app.command("ui")(ui.ui)
app.command("sandbox", context_settings=sandbox.SETTINGS)(sandbox.sandbox)


def main() -> None:
    """Entry point: 0 when every genre completed, 1 when one failed, 2 for bad arguments or settings."""
    try:
        with output_written():
            app()
    except BeatporterError as error:
        if "--verbose" in sys.argv or "-v" in sys.argv:
            traceback.print_exc()
        show_error(error)
        sys.exit(BAD_ARGUMENTS if isinstance(error, SettingsError | UnknownGenre) else FAILED)


def show_error(error: BeatporterError) -> None:
    """What happened and what to do, on standard error."""
    console = Terminal(stderr=True)
    console.print("[bold red]Error:[/]", escape(error.what), highlight=False, soft_wrap=True)
    if error.remedy:
        console.print(error.remedy, markup=False, highlight=False, soft_wrap=True)
