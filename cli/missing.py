"""`beatporter missing`: chart entries that are not on Spotify, from the ledger alone."""

from __future__ import annotations

from typing import Annotated

import typer

from beatporter import names
from beatporter.sync.missing import MissingEntry, read_missing
from beatporter.sync.missing_page import missing_document, missing_headline, next_try
from cli.context import command_workspace
from cli.match_view import print_line, runner_up_name
from cli.terminal import Terminal, print_document

INDENT = 6


def missing(
    genres: Annotated[
        list[str] | None, typer.Argument(help="Slugs of genres, charts or labels; everything that is enabled if you name none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show the chart entries that are not on Spotify: since when, the next search, and what came nearest.

    Calls nobody. If you find a track by hand, choose it with `beatporter match set ID LINK`.
    """
    with command_workspace("missing") as workspace:
        found = read_missing(workspace, genres or workspace.settings.enabled_lists())
    if as_json:
        print_document(missing_document(found), ensure_ascii=False)
        return
    console = Terminal()
    print_line(console, "", f"{missing_headline(found)}.", "bold")
    for slug, entries in found.items():
        if entries:
            console.print()
            print_line(console, "", f"{slug}: {len(entries)}", "bold")
        for one in entries:
            _print(console, one)


def _print(console: Terminal, one: MissingEntry) -> None:
    place = f"{one.position:>4}" if one.position else "left"
    print_line(console, f"{place}  ", f"{one.entry.full_name}", "bold")
    indent = " " * INDENT
    print_line(console, indent, f"{one.entry.beatport_id}, missing since {one.since:%Y-%m-%d}, {next_try(one)}")
    print_line(console, indent, one.search_url)
    print_line(console, indent, one.beatport_url)
    for other in one.refused:
        print_line(console, f"{indent}not ", f"{runner_up_name(other)}: {other.why}", "dim")
        print_line(console, f"{indent}    ", names.track_url(other.track_id), "dim")
