"""`beatporter genres`: the genres that can be named."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table

from beatporter.settings import load_settings


def genres() -> None:
    """List every genre: slug, Beatport id, and whether a run of all genres syncs it."""
    settings = load_settings()
    enabled = set(settings.enabled_genres())
    table = Table(Column("slug", overflow="fold"), Column("genre", overflow="fold"), "Beatport id", "enabled")
    for genre in settings.all_genres().values():
        table.add_row(genre.slug, genre.name, str(genre.genre_id), "yes" if genre.slug in enabled else "")
    console = Console()
    if not console.is_terminal:  # nothing is to be cut or wrapped for `grep` and for whoever copies a slug
        console = Console(width=max(console.width, console.measure(table, options=console.options.update(max_width=10_000)).maximum))
    console.print(table)
