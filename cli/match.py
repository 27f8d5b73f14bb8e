"""`beatporter match`: what was decided for each chart entry and why, and a person's word over it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beatporter import names
from beatporter.beatport.chart import ChartEntry
from beatporter.errors import ChartUnavailable, SettingsError
from beatporter.matching import explain, is_doubtful
from beatporter.matching.match import Match, RunnerUp
from beatporter.sync.correct import forget_match, never_match, set_match
from beatporter.sync.match import is_undecided
from beatporter.sync.workspace import Workspace
from tasks._workspace import open_workspace

app = typer.Typer(help="What was decided for each chart entry, and your word over it.", no_args_is_help=True)

BeatportId = Annotated[int, typer.Argument(help="As `match show` lists it.")]
_TRACK = re.compile(r"(?:https://open\.spotify\.com/(?:intl-[a-z]+/)?track/|spotify:track:)?([0-9A-Za-z]{22})(?:\?.*)?")


@app.command("show")
def show(genre: Annotated[str, typer.Argument(help="The genre's slug.")]) -> None:
    """The last chart of a genre: what was taken for each entry, why, and the runners-up."""
    with open_workspace("match", genre) as workspace:
        entries, matches = _last_chart(workspace, genre)
    table = Table("#", "Beatport id", "track", "on Spotify", "why", "runners-up")
    for entry in entries:
        match = matches.get(entry.beatport_id)
        table.add_row(str(entry.position), str(entry.beatport_id), _entry(entry), *_decision(match), _runners_up(match))
    Console().print(table)


@app.command("set")
def set_(beatport_id: BeatportId, track: Annotated[str, typer.Argument(help="The track's link, URI or id on Spotify.")]) -> None:
    """Take this track for the entry, now and for good; the next run puts it in the place of what was taken before."""
    track_id = track_id_of(track)
    with open_workspace("match") as workspace:
        match = set_match(workspace, beatport_id, workspace.spotify.track(track_id))
    _said(f"{beatport_id} is {', '.join(match.track_artists)} – {match.track_name} from now on.")


@app.command("never")
def never(beatport_id: BeatportId) -> None:
    """Take nothing for the entry, ever; the next run takes out what was taken before."""
    with open_workspace("match") as workspace:
        never_match(workspace, beatport_id)
    _said(f"Nothing is taken for {beatport_id} from now on.")


@app.command("forget")
def forget(beatport_id: BeatportId) -> None:
    """Take back what was decided, by you or by the rules; the next run searches anew."""
    with open_workspace("match") as workspace:
        forget_match(workspace, beatport_id)
    _said(f"{beatport_id} is undecided; the next run searches for it.")


@app.command("review")
def review(genres: Annotated[list[str] | None, typer.Argument(help="Slugs; all enabled genres when none is named.")] = None) -> None:
    """Walk through the doubtful decisions of the last charts: keep, choose another, rule out, or leave for later."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "A review asks questions, and there is no terminal to answer on.", "Use `match show`, `match set` and `match never`."
        )
    console = Console()
    with open_workspace("match") as workspace:
        doubtful = list(_doubtful(workspace, genres or workspace.settings.enabled_genres()))
        for number, (slug, entry, match) in enumerate(doubtful, 1):
            console.rule(f"{number} of {len(doubtful)}: {slug} #{entry.position}")
            console.print(escape(_entry(entry)), style="bold")
            if not _ask(console, workspace, entry, match):
                break
    console.print("Nothing is in doubt." if not doubtful else "Done; the next run brings the playlists in step.")


def track_id_of(text: str) -> str:
    """The id in a track's link, URI or id.

    Raises:
        SettingsError: it is none of these.
    """
    found = _TRACK.fullmatch(text.strip())
    if found is None:
        raise SettingsError(f"{text!r} is no Spotify track.", "Give the link of Share → Copy Song Link, or the id of 22 characters.")
    return found[1]


def _last_chart(workspace: Workspace, slug: str) -> tuple[Sequence[ChartEntry], dict[int, Match]]:
    chart = workspace.ledger.charts.latest(workspace.genre(slug).genre_id)
    if chart is None:
        raise ChartUnavailable(f"No chart of {slug} has been read yet.", f"Run `beatporter sync {slug}` first.")
    return chart.entries, workspace.ledger.matches.latest([entry.beatport_id for entry in chart.entries])


def _doubtful(workspace: Workspace, slugs: Sequence[str]) -> list[tuple[str, ChartEntry, Match]]:
    """Doubtful decisions of the genres that have a chart, best candidates first."""
    found = []
    for slug in slugs:
        if workspace.ledger.charts.latest(workspace.genre(slug).genre_id) is None:
            continue
        entries, matches = _last_chart(workspace, slug)
        found += [(slug, entry, match) for entry in entries if (match := matches.get(entry.beatport_id)) and is_doubtful(match)]
    return sorted(found, key=lambda item: -item[2].score)


def _ask(console: Console, workspace: Workspace, entry: ChartEntry, match: Match) -> bool:
    """One question; False to stop."""
    if match.track_id:
        console.print(f"  [k]eep    {escape(', '.join(match.track_artists))} – {escape(match.track_name or '')}", highlight=False)
        console.print(f"            {names.track_url(match.track_id)}  {escape(explain(match))}", highlight=False)
    for number, other in enumerate(match.runners_up, 1):
        console.print(f"  {number}         {escape(_runner_up(other))}  {names.track_url(other.track_id)}", highlight=False)
    console.print("  or paste a link; [n]ever, [s]kip, [q]uit", highlight=False, markup=False)
    answer = typer.prompt("?", default="s")
    if answer == "q":
        return False
    if answer == "n":
        never_match(workspace, entry.beatport_id)
    elif answer == "k" and match.track_id:
        set_match(workspace, entry.beatport_id, workspace.spotify.track(match.track_id))
    elif answer.isdigit() and 1 <= int(answer) <= len(match.runners_up):
        set_match(workspace, entry.beatport_id, workspace.spotify.track(match.runners_up[int(answer) - 1].track_id))
    elif answer != "s":
        set_match(workspace, entry.beatport_id, workspace.spotify.track(track_id_of(answer)))
    return True


def _entry(entry: ChartEntry) -> str:
    return f"{', '.join(entry.artists)} – {entry.name}{f' ({entry.mix_name})' if entry.mix_name else ''}"


def _decision(match: Match | None) -> tuple[str, str]:
    if match is None or is_undecided(match):
        return "undecided", "the next run searches for it"
    if not match.track_id:
        return "never" if match.method == "person" else "not found", escape(explain(match))
    label = f"{', '.join(match.track_artists)} – {match.track_name}\n{names.track_url(match.track_id)}"
    return escape(label), escape(f"{match.version}: {explain(match)}")


def _runner_up(other: RunnerUp) -> str:
    return f"{', '.join(other.artists)} – {other.name} ({other.score:.0f}: {other.why})"


def _runners_up(match: Match | None) -> str:
    return escape("\n".join(_runner_up(other) for other in match.runners_up)) if match else ""


def _said(text: str) -> None:
    Console().print(text, markup=False, highlight=False)
