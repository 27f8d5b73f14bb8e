"""The `beatporter` command. Errors end here: one clear message and an exit code, no traceback unless --verbose."""

from __future__ import annotations

import sys
import traceback

import typer
from rich.markup import escape

from beatporter.errors import BeatporterError, SettingsError, UnknownChart, UnknownGenre
from cli.commands import Commands
from cli.output_errors import output_written
from cli.terminal import Terminal

BAD_ARGUMENTS = 2
FAILED = 1

app = typer.Typer(cls=Commands, help="Keeps Spotify playlists in step with Beatport's charts.", no_args_is_help=True, add_completion=False)


@app.callback()
def beatporter() -> None:
    """The commands are in `cli/commands.py`; Typer requires a function here."""


def main() -> None:
    """Run a command: exit code 0 if every genre completed, 1 if one failed, 2 for bad arguments or settings."""
    try:
        with output_written():
            app()
    except BeatporterError as error:
        if "--verbose" in sys.argv or "-v" in sys.argv:
            traceback.print_exc()
        show_error(error)
        sys.exit(BAD_ARGUMENTS if isinstance(error, SettingsError | UnknownGenre | UnknownChart) else FAILED)


def show_error(error: BeatporterError) -> None:
    """Print what happened and what to do on standard error."""
    console = Terminal(stderr=True)
    console.print("[bold red]Error:[/]", escape(error.what), highlight=False, soft_wrap=True)
    if error.remedy:
        console.print(error.remedy, markup=False, highlight=False, soft_wrap=True)
