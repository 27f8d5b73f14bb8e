"""Flow `sync-genres`: bring every enabled genre's playlist in step with its chart.

It lists the account's playlists once and then runs `sync-genre` for each genre, here one after the other (`fan_out="inline"`) or each as
a run of its deployment on a worker (`fan_out="deployments"`), which can be retried alone. Every genre is finished before this flow ends;
when some failed it fails with their names.
Artifacts: `summary`, `memory`, and `progress` while it works.
Retry: genres that had completed are not run again, failed ones are retried.
Run it here: `beatporter sync --all`.
"""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow

from flows._parameters import AtLeastOne, GenreSlug
from flows.sync_genre import sync_genre
from tasks._house import run_key_of, run_name_of_day
from tasks.fan_out import chosen_genres, run_deployments, run_inline
from tasks.playlist import list_playlists
from tasks.report import publish_summary, sign_in_notes


@flow(name="sync-genres", flow_run_name=run_name_of_day, persist_result=True)
def sync_genres(
    genres: list[GenreSlug] | None = None,
    fan_out: Literal["inline", "deployments"] = "inline",
    at_once: AtLeastOne = 2,
    dry_run: bool = False,
) -> Any:
    """Bring several genres' playlists in step with their charts. All are finished before it ends, also when some fail.

    Args:
        genres: The genres to sync; empty for all enabled ones.
        fan_out: Where they run: inline, one after the other in this run, or each as a run of its own deployment, retried alone.
        at_once: How many genres run at a time as deployments. The worker and the pool must allow one more, for this run.
        dry_run: Find everything, change no playlist.
    """
    key = run_key_of()
    slugs = chosen_genres(genres)
    notes = sign_in_notes()
    list_playlists(key)
    if fan_out == "inline":
        outcomes = run_inline(sync_genre, slugs, key, dry_run=dry_run)
    else:
        outcomes = run_deployments("sync-genre/sync-genre", slugs, key, at_once=at_once, dry_run=dry_run)
    return publish_summary(outcomes, key, one_process=fan_out == "inline", notes=notes)
