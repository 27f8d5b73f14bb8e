"""`beatporter adopt`: make a playlist of the account the one that a genre, chart or label keeps up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from beatporter import names
from beatporter.counted import counted
from beatporter.playlist_kinds import KINDS, read_kind
from beatporter.spotify.playlist_text import find_playlist_by_text
from beatporter.sync.adopt import adopt_playlist, check_adoptable, make_beside_similar
from cli.context import command_workspace
from cli.ledger_view import say


def adopt(
    genre: Annotated[str, typer.Argument(help="A genre's slug, or a chart or label as for `beatporter sync`.", show_default=False)],
    playlist: Annotated[
        str | None, typer.Argument(help="The playlist's link, URI, id, or its name in your account.", show_default=False)
    ] = None,
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")] = KINDS[0],
    new: Annotated[bool, typer.Option("--new", help="Make a new playlist now, although there is one that looks like it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")] = False,
) -> None:
    """Use a playlist that you have for a genre, chart or label, instead of a new one.

    From the next run on it gets the new entries. What is in it stays, and
    counts as known, as does everything that an imported history says.
    """
    chosen = read_kind(kind)
    if (playlist is None) != new:
        raise typer.BadParameter("name a playlist, or use --new for a new one")
    with command_workspace("adopt") as workspace:
        one = workspace.genre(genre)
        if playlist is None:
            name = names.playlist_name(workspace.settings.playlist_options(one), one, chosen)
            if dry_run:
                say(f"{name!r} would be made for {one.slug} ({chosen}): 1 call.")
                return
            made = make_beside_similar(workspace, one, chosen)
            say(f"{made.name!r} is the {chosen} playlist of {one.slug} from now on: {names.playlist_url(made.playlist_id)}")
            return
        found = find_playlist_by_text(workspace.spotify.playlists(), playlist)
        check_adoptable(workspace, one, chosen, found)
        shown = f"{found.name!r} ({counted(found.total, 'track')}, {names.playlist_url(found.playlist_id)})"
        if dry_run:
            say(f"{shown} would become the {chosen} playlist of {one.slug}.")
        elif adopt_playlist(workspace, one, chosen, found):
            say(f"{shown} is the {chosen} playlist of {one.slug} from now on. The next run reads it once and adds what is new.")
        else:
            say(f"{shown} already was the {chosen} playlist of {one.slug}.")
