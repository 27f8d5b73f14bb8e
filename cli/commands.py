"""The list of commands. `--help` reads only this list; calling a command imports its module.

Prefect, SQLAlchemy and pydantic take a second to import, which is too long for a help text.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from cli.signals import dies_quietly


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command's place, and its line in the list of commands.

    Attributes:
        path: `module:name` of its function, or of the `typer.Typer` of a group.
        summary: the first sentence of its help; a test compares them.
        settings: Click's context settings for it.
    """

    path: str
    summary: str
    settings: dict[str, Any] | None = None

    def load(self, name: str) -> Any:
        """Import the module and make a Click command from it."""
        module, _, attribute = self.path.partition(":")
        target = getattr(import_module(module), attribute)
        if isinstance(target, typer.Typer):
            group = get_group(target)
            group.name = name
            return group
        single = typer.Typer()
        single.command(name, context_settings=self.settings)(target)
        return get_group(single).commands[name]


COMMANDS = {
    "sync": LazyCommand("cli.sync:sync", "Update playlists from their charts."),
    "match": LazyCommand("cli.match:app", "Show what was decided for each chart entry, and override it."),
    "missing": LazyCommand(
        "cli.missing:missing", "Show the chart entries that are not on Spotify: since when, the next search, and what came nearest."
    ),
    "export": LazyCommand("cli.export:app", "Write history, charts, missing entries or a DJ set to a file."),
    "import": LazyCommand("cli.export:import_", "Take back a spreadsheet that `beatporter export` wrote, with what you changed in it."),
    "ledger": LazyCommand("cli.ledger:app", "Count, check, copy, export, fill, archive and rebuild the ledger."),
    "history": LazyCommand("cli.history:history", "Show what a playlist or a chart held in the past, and what changed."),
    "refresh-history": LazyCommand("cli.playlists:refresh_history", "Take what you added to your playlists by hand into their histories."),
    "back-up-playlists": LazyCommand("cli.playlists:back_up_playlists", "Back up playlists, and collect their tracks in others."),
    "restore-playlist": LazyCommand(
        "cli.playlists:restore_playlist", "Make a playlist what it was at a time, in order: in place, or as a new one."
    ),
    "dedupe-playlists": LazyCommand("cli.playlists:dedupe_playlists", "Remove what a playlist holds twice; the first stays where it is."),
    "profile": LazyCommand("cli.profile:app", "What runs took in memory: list, show, compare, open and serve."),
    "up": LazyCommand("cli.up:up", "Start Prefect's server and a worker on 127.0.0.1, with everything that Beatporter needs there."),
    "doctor": LazyCommand("cli.doctor:doctor", "Check the set-up end to end, and say what to do about what is wrong."),
    "retry": LazyCommand(
        "cli.retry:retry",
        "Continue genres that failed, crashed or were cancelled on a worker, as Retry in the UI does.",
    ),
    "briefing": LazyCommand(
        "cli.briefing:briefing",
        "Say whether the playlists are ready, what is new, what left, and what waits for you.",
    ),
    "status": LazyCommand(
        "cli.status:status", "Show how things stand: account, sign-in, calls of the last 24 hours, each genre's last run."
    ),
    "login": LazyCommand(
        "cli.login:login",
        "Sign in to Spotify, or to Beatport's API, and keep it where runs find it: a file that you alone may read, or a Prefect block.",
    ),
    "inbox": LazyCommand(
        "cli.inbox:inbox", "Take charts from your browser, by a bookmarklet, or as saved pages and JSON files put into a folder."
    ),
    "migrate": LazyCommand("cli.migrate:migrate", "Move over from the old script: its settings, its history, and its playlists."),
    "adopt": LazyCommand("cli.adopt:adopt", "Use a playlist that you have for a genre, chart or label, instead of a new one."),
    "genres": LazyCommand("cli.genres:genres", "List every genre: slug, Beatport id, and whether a run of all genres syncs it."),
    "report-bug": LazyCommand(
        "cli.report_bug:report_bug",
        "Bundle what a bug report needs: copies of charts that could not be read, versions, the last run's log.",
    ),
    "demo": LazyCommand("cli.demo:demo", "Run a morning's work against local stand-ins for Beatport and Spotify; needs no account."),
    "ui": LazyCommand("cli.ui:ui", "Start Prefect's server on 127.0.0.1, for its pages: runs, artifacts, memory reports."),
    "sandbox": LazyCommand(
        "cli.sandbox:sandbox",
        "Start the sandbox; it prints the environment that points Beatporter at it.",
        {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    ),
}


class Commands(TyperGroup):
    """A group whose commands are imported when they are called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: TyperCommand(name, help=command.summary) for name, command in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        with dies_quietly():
            return name, COMMANDS[name].load(name) if name else command, rest
