"""Flow `sync-genre`: bring one genre's playlist in step with its chart.

Five tasks: scrape-chart, match-tracks, update-playlist, append-history, back-up-playlist. Only ids pass between them.
Artifacts: `sync-<genre>` (what became of each chart entry) and `memory-<genre>` (peak memory and what held it).
Retry: a failed run is retried alone, from the UI or with `prefect flow-run retry`; what had finished is Cached and is not done again.
Run it here: `beatporter sync GENRE`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows._parameters import Calls, GenreSlug
from tasks._genre_runs import GENRE_TIMEOUT_S
from tasks._house import run_key_of
from tasks._shared import only_writer
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.profile import profiled
from tasks.report import failure_shown, notes_heard, publish_outcome, sign_in_notes
from tasks.scrape import scrape_chart


@flow(name="sync-genre", flow_run_name="{genre}", persist_result=True, timeout_seconds=GENRE_TIMEOUT_S)
def sync_genre(
    genre: GenreSlug, run_key: str | None = None, max_searches: Calls | None = None, dry_run: bool = False, refresh: bool = False
) -> Any:
    """Bring one genre's playlist in step with its chart. A failed run is retried alone; what it had finished is not done again.

    Args:
        genre: The genre to sync.
        run_key: Leave it empty. The parent's run fills it in, so that a genre's run belongs to it.
        max_searches: Most Spotify searches to make; empty for whatever the day's budget has left.
        dry_run: Find everything, change no playlist.
        refresh: Do everything anew, also what this run had finished before a retry.
    """
    key = run_key_of(run_key, refresh=refresh)
    if run_key is None:
        sign_in_notes()
    with profiled(genre) as memory, notes_heard() as notes, failure_shown(genre, key):
        chart = scrape_chart(genre, key)
        found = match_tracks(genre, chart, key, max_searches)
        with only_writer(genre):
            added = update_playlist(genre, chart, found, key, dry_run)
            if not dry_run:
                append_history(genre, added, key)
                back_up_playlist(genre, added, key)
    return publish_outcome(genre, key, chart, added, memory, notes, dry_run=dry_run)
