"""Reviews doubtful decisions in the terminal, with one question about each.

Each answer is saved before the next question, so stopping halfway loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.console import Console

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.records.track import SpotifyTrack
from beatporter.sync.overrides import set_match
from beatporter.sync.review import KEEP, NEVER, Doubt, keep_answer
from beatporter.sync.workspace import Workspace
from cli.match_view import explain_briefly, print_line, print_runner_up, track_name

CHOICES = "or paste a link; n: never, s: skip, q: quit"
LABEL = 6


def review_entry(console: Console, workspace: Workspace, doubt: Doubt, find: Callable[[Workspace, str], SpotifyTrack]) -> str:
    """Show a doubtful decision and ask until there is a valid answer; returns "kept", "skipped" or "quit".

    Args:
        find: finds the track that a pasted text means.
    """
    _show(console, doubt)
    while True:
        try:
            answer = typer.prompt(">", default="s", show_default=False, prompt_suffix=" ").strip()
        except typer.Abort:  # Ctrl-C, or the end of the input
            return "quit"
        if answer.lower() in ("q", "s"):
            return "quit" if answer.lower() == "q" else "skipped"
        try:
            _keep(workspace, doubt, answer, find)
        except SettingsError as error:
            print_line(console, " " * LABEL, str(error), "red")
            continue
        return "kept"


def _show(console: Console, doubt: Doubt) -> None:
    match = doubt.match
    print_line(console, "", doubt.entry.full_name, "bold")
    if match.track_id:
        print_line(console, f"{'k':>{LABEL - 2}}  ", f"keep {track_name(match)}", "green")
        print_line(console, " " * LABEL, names.track_url(match.track_id))
    print_line(console, " " * LABEL, explain_briefly(match), "dim")
    for number, other in enumerate(match.runners_up, 1):
        print_runner_up(console, f"{number:>{LABEL - 2}}  ", other)
    print_line(console, " " * LABEL, CHOICES, "italic")


def _keep(workspace: Workspace, doubt: Doubt, answer: str, find: Callable[[Workspace, str], SpotifyTrack]) -> None:
    """Save the answer as an override.

    Raises:
        SettingsError: the answer does not fit this question.
    """
    known = {"n": NEVER, "k": KEEP if doubt.match.track_id else ""}.get(answer.lower(), answer if len(answer) < 3 else "")
    if known:
        keep_answer(workspace, doubt, known)
    elif len(answer) < 3:
        raise SettingsError(f"{answer!r} is not one of the choices.")
    else:
        set_match(workspace, doubt.entry.beatport_id, find(workspace, answer))
