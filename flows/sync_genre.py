"""Flow `sync-genre`: bring one genre's playlist in step with its chart.

Five tasks: scrape-chart, match-tracks, update-playlist, append-history, back-up-playlist. Only ids pass between them.
Artifacts: `sync-<genre>` (what became of each chart entry) and `memory-<genre>` (peak memory and what held it).
Retry: a failed run is retried alone, from the UI or with `prefect flow-run retry`; what had finished is Cached and is not done again.
Run it here: `beatporter sync GENRE`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows._parameters import GenreSlug
from tasks._house import run_key_of
from tasks._shared import only_writer
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.profile import profiled
from tasks.report import failure_shown, publish_outcome
from tasks.scrape import scrape_chart


@flow(name="sync-genre", flow_run_name="{genre}", persist_result=True)
def sync_genre(
    genre: GenreSlug, run_key: str | None = None, allowance: int | None = None, dry_run: bool = False, refresh: bool = False
) -> Any:
    """Sync one genre.

    Args:
        genre: the genre's slug.
        run_key: key of the parent's run; leave it empty, and the run is one of its own.
        allowance: most Spotify calls to spend; empty for whatever the day's budget has left.
        dry_run: find everything, change no playlist.
        refresh: do everything anew, also what this run_key has finished.
    """
    key = run_key_of(run_key, refresh=refresh)
    with profiled(genre) as memory, failure_shown(genre, key):
        chart = scrape_chart(genre, key)
        found = match_tracks(genre, chart, key, allowance)
        with only_writer(genre):
            added = update_playlist(genre, chart, found, key, dry_run)
            if not dry_run:
                append_history(genre, chart, added, key)
                back_up_playlist(genre, chart, added, key)
    return publish_outcome(genre, key, chart, added, memory)
