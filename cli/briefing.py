"""`beatporter briefing`: this morning on one page, from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beatporter import names
from beatporter.errors import PermanentError, SettingsError
from beatporter.spotify.sign_in import load_sign_in, sign_in_words
from beatporter.sync.briefing import read_briefing
from beatporter.sync.briefing_page import briefing_document, briefing_html, facts, readiness
from beatporter.sync.report import utc
from beatporter.sync.workspace import Workspace
from cli.context import command_workspace
from cli.prefect_server import running_server
from cli.terminal import Terminal, print_document


def briefing(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page of HTML to this file.", show_default=False)] = None,
) -> None:
    """Say whether the playlists are ready, what is new, what left, and what waits for you."""
    if as_json and html:
        raise typer.BadParameter("use --json or --html, not both")
    with command_workspace("briefing") as workspace:
        read = read_briefing(workspace, workspace.settings.enabled_genres(), _sign_ins(workspace))
        server = running_server(workspace.settings.home)
    if as_json:
        print_document(briefing_document(read), ensure_ascii=False)
        return
    if html is not None:
        try:
            html.write_text(briefing_html(read, server), encoding="utf-8")
        except OSError as error:
            raise PermanentError(f"Cannot write {html}: {error.strerror}.", "Name another file.") from None
        return
    console = Terminal()
    console.print(readiness(read), style="bold", markup=False, highlight=False)
    for line in facts(read):
        console.print(line, markup=False, highlight=False)
    for genre in read.genres:
        if genre.run is None:
            continue
        counts = f"{len(genre.new)} new, {len(genre.left)} left, {len(genre.doubtful)} in doubt, {len(genre.missing)} missing"
        console.print(f"{genre.slug}: {counts if genre.is_ready else genre.run.error or 'no run today'}", markup=False, highlight=False)
        if genre.change is not None and genre.change.run_id:
            by = f"changed {utc(genre.change.at)} by {names.run_url(server, genre.change.run_id)}"
            console.print(f"  {' '.join(genre.playlists.values())} {by}", markup=False, highlight=False, soft_wrap=True)
        for track in genre.new[:3]:
            console.print(f"  {track.position}. {track.name}", markup=False, highlight=False)


def _sign_ins(workspace: Workspace) -> list[str]:
    try:
        return [f"Spotify sign-in: {sign_in_words(load_sign_in(workspace.settings, workspace.sign_in_store), workspace.now())}"]
    except SettingsError as error:
        return [str(error)]
