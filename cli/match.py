"""`beatporter match`: what was decided for each chart entry and why, and a person's overrides."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from beatporter import names
from beatporter.errors import ChartUnavailable, SettingsError
from beatporter.matching import is_doubtful
from beatporter.sync.overrides import Subject, find_subject, forget_match, never_match, set_match
from beatporter.sync.review import to_review
from beatporter.sync.track_link import find_track, track_id_of
from cli.context import command_workspace
from cli.match_audit import audit
from cli.match_case import case, learn, replay_, try_
from cli.match_review import review_entry
from cli.match_view import documents, print_entry, print_line, summary_lines, track_name
from cli.terminal import Terminal, print_document

app = typer.Typer(help="Show what was decided for each chart entry, and override it.", no_args_is_help=True)

BeatportId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="As `match show` lists it.", show_default=False)]


@app.command("show")
def show(
    genre: Annotated[str, typer.Argument(help="The genre's slug.", show_default=False)],
    doubtful: Annotated[bool, typer.Option("--doubtful", help="Only the decisions in doubt, with their runners-up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")] = False,
) -> None:
    """Show a genre's last chart: which track was taken for each entry, and why."""
    with command_workspace("match") as workspace:
        chart = workspace.ledger.charts.latest(workspace.genre(genre).genre_id)
        if chart is None:
            raise ChartUnavailable(f"No chart of {genre} has been read yet.", f"Run `beatporter sync {genre}` first.")
        matches = workspace.ledger.matches.latest([entry.beatport_id for entry in chart.entries])
    in_doubt = {beatport_id for beatport_id, match in matches.items() if is_doubtful(match)}
    entries = [entry for entry in chart.entries if not doubtful or entry.beatport_id in in_doubt]
    if as_json:
        print_document(documents(entries, matches), ensure_ascii=False)
        return
    console = Terminal()
    for line in summary_lines(genre, chart, matches):
        print_line(console, "", line)
    for entry in entries:
        console.print()
        print_entry(console, entry, matches.get(entry.beatport_id))


@app.command("set")
def set_(
    beatport_id: BeatportId,
    track: Annotated[str, typer.Argument(help="The track's link, URI or id on Spotify.", show_default=False)],
) -> None:
    """Take this track for the entry from now on, whatever the rules decide; the next run replaces the old one."""
    track_id = track_id_of(track)
    with command_workspace("match") as workspace:
        subject = find_subject(workspace, beatport_id)
        match = set_match(workspace, beatport_id, find_track(workspace, track_id))
    before = subject.match
    if before is not None and before.track_id == match.track_id:
        then = "It was already chosen; from now on no change of the rules affects it."
    elif before is not None and before.track_id:
        then = f"Where a playlist has {track_name(before)}, the next run puts this in its place."
    else:
        then = "The next run adds it, unless the playlist has or had that recording."
    _said(f"From now on {_subject_name(subject)} is", f"  {track_name(match)}", f"  {names.track_url(track_id)}", then)


@app.command("never")
def never(beatport_id: BeatportId) -> None:
    """Never take a track for the entry; the next run removes the old one."""
    with command_workspace("match") as workspace:
        subject = find_subject(workspace, beatport_id)
        never_match(workspace, beatport_id)
    before = subject.match
    then = (
        f"Where a playlist has {track_name(before)}, the next run removes it."
        if before is not None and before.track_id
        else "Nothing was taken before."
    )
    _said(f"From now on nothing is taken for {_subject_name(subject)}.", then)


@app.command("forget")
def forget(beatport_id: BeatportId) -> None:
    """Withdraw the decision, whether yours or the rules'; the next run searches again."""
    with command_workspace("match") as workspace:
        subject = find_subject(workspace, beatport_id)
        forget_match(workspace, beatport_id)
    before = subject.match
    then = "The next run searches for it again" + (
        f"; {track_name(before)} stays until another track is found." if before is not None and before.track_id else "."
    )
    _said(f"{_subject_name(subject)} is undecided.", then)


@app.command("review")
def review(genres: Annotated[list[str] | None, typer.Argument(help="Slugs; all enabled genres if you name none.")] = None) -> None:
    """Walk through the doubtful decisions of the last charts, best candidates first: keep, choose another, rule out, skip."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "A review asks questions, and there is no terminal to answer on.",
            "Use `beatporter match show GENRE --doubtful`, `match set` and `match never`.",
        )
    console = Terminal()
    kept = 0
    with command_workspace("match") as workspace:
        doubts = to_review(workspace, genres or workspace.settings.enabled_genres())
        for number, doubt in enumerate(doubts, 1):
            console.rule(f"{number} of {len(doubts)}: {doubt.slug} #{doubt.entry.position}", align="left")
            answer = review_entry(console, workspace, doubt, find_track)
            kept += answer == "kept"
            if answer == "quit":
                break
    if not doubts:
        _said("Nothing is in doubt.")
    else:
        _said(f"{kept} of {len(doubts)} decided." + (" The next run updates the playlists." if kept else ""))


app.command("audit")(audit)
app.command("case")(case)
app.command("try")(try_)
app.command("replay")(replay_)
app.command("learn")(learn)


def _subject_name(subject: Subject) -> str:
    if subject.entry is None:
        return f"Beatport id {subject.beatport_id}"
    return f"{subject.entry.full_name} (#{subject.entry.position} in {subject.slug})"


def _said(*lines: str) -> None:
    console = Terminal()
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        print_line(console, indent, line)
