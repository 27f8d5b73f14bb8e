"""Flow `sync-genres`: bring every enabled genre's playlist in step with its chart.

It lists the account's playlists once and then runs `sync-genre` for each genre, here one after the other (`fan_out="inline"`) or each as
a run of its deployment on a worker (`fan_out="deployments"`), which can be retried alone. Every genre is finished before this flow ends;
when some failed it fails with their names.
Artifacts: `summary`, and a progress artifact while it works.
Run it here: `beatporter sync --all`.
"""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow

from flows._parameters import GenreSlug
from flows.sync_genre import sync_genre
from tasks._house import run_key_of
from tasks.fan_out import chosen_genres, run_deployments, run_inline
from tasks.playlist import list_playlists
from tasks.report import publish_summary


@flow(name="sync-genres", persist_result=True)
def sync_genres(
    genres: list[GenreSlug] | None = None,
    fan_out: Literal["inline", "deployments"] = "inline",
    at_once: int = 2,
    dry_run: bool = False,
) -> Any:
    """Sync several genres.

    Args:
        genres: slugs; empty for all enabled ones.
        fan_out: where the genres run.
        at_once: how many genres run at a time with fan_out="deployments".
        dry_run: find everything, change no playlist.
    """
    key = run_key_of()
    slugs = chosen_genres(genres)
    list_playlists(key)
    if fan_out == "inline":
        outcomes = run_inline(sync_genre, slugs, key, dry_run=dry_run)
    else:
        outcomes = run_deployments("sync-genre/sync-genre", slugs, key, at_once=at_once, dry_run=dry_run)
    return publish_summary(outcomes, key)
