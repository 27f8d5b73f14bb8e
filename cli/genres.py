"""`beatporter genres`: the genres that can be named."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from beatporter.settings import load_settings


def genres() -> None:
    """List every genre with its slug and Beatport id, and whether a run without a choice syncs it."""
    settings = load_settings()
    enabled = set(settings.enabled_genres())
    table = Table("slug", "genre", "Beatport id", "enabled")
    for genre in settings.all_genres().values():
        table.add_row(genre.slug, genre.name, str(genre.genre_id), "yes" if genre.slug in enabled else "")
    Console().print(table)
