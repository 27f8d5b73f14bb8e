"""The walk through doubtful decisions: which they are, and one question about each.

Each answer is kept before the next question is asked, so stopping halfway loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer
from rich.console import Console

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.matching import chance_of, is_doubtful
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.workspace import Workspace
from cli.match_view import entry_name, explain_briefly, print_line, print_runner_up, track_name

CHOICES = "or paste a link; n: never, s: skip, q: quit"
LABEL = 6


@dataclass(frozen=True, slots=True)
class Doubt:
    """A decision that a person should look at."""

    slug: str
    entry: ChartEntry
    match: Match

    @property
    def chance(self) -> float:
        """How probable the person's yes is, to what was taken or to the nearest candidate that was not."""
        return chance_of(self.match)


def to_review(workspace: Workspace, slugs: Sequence[str]) -> list[Doubt]:
    """Doubtful decisions of the genres' last charts, the most probable yes first; an entry of two charts once."""
    found: dict[int, Doubt] = {}
    for slug in slugs:
        chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id)
        entries = chart.entries if chart else ()
        matches = workspace.ledger.matches.latest([entry.beatport_id for entry in entries])
        for entry in entries:
            match = matches.get(entry.beatport_id)
            if match is not None and is_doubtful(match):
                found.setdefault(entry.beatport_id, Doubt(slug, entry, match))
    return sorted(found.values(), key=lambda doubt: (-doubt.chance, doubt.slug, doubt.entry.position))


def review_entry(console: Console, workspace: Workspace, doubt: Doubt, find: Callable[[Workspace, str], SpotifyTrack]) -> str:
    """Show a doubtful decision and ask about it until there is an answer; returns "kept", "skipped" or "quit".

    Args:
        find: the track that a pasted text means.
    """
    _show(console, doubt)
    while True:
        try:
            answer = typer.prompt(">", default="s", show_default=False, prompt_suffix=" ").strip()
        except typer.Abort:  # Ctrl-C, or the input ended
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
    print_line(console, "", entry_name(doubt.entry), "bold")
    if match.track_id:
        print_line(console, f"{'k':>{LABEL - 2}}  ", f"keep {track_name(match)}", "green")
        print_line(console, " " * LABEL, names.track_url(match.track_id))
    print_line(console, " " * LABEL, explain_briefly(match), "dim")
    for number, other in enumerate(match.runners_up, 1):
        print_runner_up(console, f"{number:>{LABEL - 2}}  ", other)
    print_line(console, " " * LABEL, CHOICES, "italic")


def _keep(workspace: Workspace, doubt: Doubt, answer: str, find: Callable[[Workspace, str], SpotifyTrack]) -> None:
    """Make the answer a person's word.

    Raises:
        SettingsError: it is no answer to this question.
    """
    match, beatport_id = doubt.match, doubt.entry.beatport_id
    if answer.lower() == "n":
        never_match(workspace, beatport_id)
    elif answer.lower() == "k" and match.track_id:
        known = SpotifyTrack(
            match.track_id, match.track_name or "", match.track_artists, isrc=match.track_isrc, duration_ms=match.track_duration_ms
        )
        set_match(workspace, beatport_id, known)
    elif answer.isdigit() and 1 <= int(answer) <= len(match.runners_up):
        set_match(workspace, beatport_id, find(workspace, match.runners_up[int(answer) - 1].track_id))
    elif len(answer) < 3:
        raise SettingsError(f"{answer!r} is none of the choices.")
    else:
        set_match(workspace, beatport_id, find(workspace, answer))
