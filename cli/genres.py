"""`beatporter genres`: lists the genres, and with --check compares them with Beatport's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from beatporter.genres import Genre, retired_words
from beatporter.settings import Settings, load_settings
from cli.terminal import Terminal

PARTLY = "Only the genres in the overall Top 100 were compared; `beatporter login beatport` gives the API's whole list."


def genres(
    check: Annotated[bool, typer.Option("--check", help="Compare with Beatport's own list, through whichever source answers.")] = False,
) -> None:
    """List every genre: slug, Beatport id, and whether a run of all genres syncs it."""
    if check:
        _check()
        return
    settings = load_settings()
    console = Console()
    table = _table(settings)
    if not console.is_terminal:  # do not cut or wrap: `grep` and copying need whole slugs
        console = Console(width=max(console.width, console.measure(table, options=console.options.update(max_width=10_000)).maximum))
    console.print(table)


def _table(settings: Settings) -> Table:
    enabled = set(settings.enabled_genres())
    longest = max(len(slug) for slug in settings.all_genres())
    table = Table(Column("slug", no_wrap=True, min_width=longest), Column("genre", overflow="fold"), "Beatport id", "enabled")
    for genre in settings.all_genres().values():
        table.add_row(genre.slug, genre.name, str(genre.genre_id), "yes" if genre.slug in enabled else "")
    return table


def _check() -> None:
    """Say what is new, renamed or gone at Beatport; ids decide."""
    from cli.context import command_workspace  # loads the ledger and the network, which the list does without

    with command_workspace("genres") as workspace:
        live = workspace.source.read_genres()
        lines = differences(workspace.settings.all_genres(), live.names, whole=live.whole)
    console = Terminal()
    for line in lines or [f"{'All ' if live.whole else ''}{len(live.names)} genres of Beatport are known, by these names."]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not live.whole:
        console.print(f"{PARTLY} Read from {live.source}.", markup=False, highlight=False, soft_wrap=True)


def differences(known: Mapping[str, Genre], live: Mapping[int, str], *, whole: bool = True) -> list[str]:
    """What Beatport's list has that ours has not, calls otherwise, or has no more.

    Args:
        live: names by id.
        whole: `live` has all genres, so that one that is not in it is gone.
    """
    ours = {genre.genre_id: genre for genre in known.values()}
    new = [
        f'New: {name} ({number}). genre_ids = {{"{_slug(name)}" = {number}}} takes it in.'
        for number, name in live.items()
        if number not in ours
    ]
    renamed = [
        f"Renamed: {ours[number].slug} ({number}) is {name} now. Its id and its playlist stay."
        for number, name in live.items()
        if number in ours and _letters(name) != _letters(ours[number].name)
    ]
    missing = [genre for genre in ours.values() if whole and genre.genre_id not in live]
    gone = [f"Gone: {genre.slug} ({genre.genre_id}). {retired_words(genre)}".rstrip() for genre in missing]
    return [*new, *renamed, *gone]


def _slug(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
