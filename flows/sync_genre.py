"""Flow `sync-genre`: update one genre's playlist from its chart.

Five tasks: scrape-chart, match-tracks, update-playlist, append-history, back-up-playlist. Only ids pass between them.
The last three run once for each kind of playlist; a dry run has preview-playlist in their place.
Artifacts: `sync-<genre>` (the outcome of each chart entry, or why the run failed) and `memory-<genre>` (peak memory and what held it).
Retry: a failed run can be retried alone, from the UI or with `prefect flow-run retry`; finished tasks are Cached and not repeated.
In a terminal: `beatporter sync GENRE`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError
from orchestration.failure import failed
from orchestration.flow_options import LIST_RUN
from orchestration.heartbeat import heartbeats
from orchestration.limits import only_writer
from orchestration.lists import chosen_kinds
from orchestration.memory_profile import profiled
from orchestration.parameters import ChosenKinds, GenreSlug, Searches
from orchestration.report import Changes, notes_heard, publish_outcome, sign_in_notes
from orchestration.run_key import is_root
from orchestration.run_names import tag_run
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.preview import preview_playlist
from tasks.scrape import scrape_chart


@flow(name="sync-genre", **LIST_RUN)
def sync_genre(
    genre: GenreSlug, kinds: ChosenKinds = None, dry_run: bool = False, refresh: bool = False, max_searches: Searches = None
) -> Any:
    """Update one genre's playlists from its chart. A failed run can be retried alone, and its finished work is not repeated.

    Args:
        genre: The genre to sync.
        kinds: The kinds of playlist to update; empty for those of the settings.
        dry_run: Find everything, change no playlist, show what would change.
        refresh: Do everything again, even what this run finished before a retry.
        max_searches: Most Spotify searches to make; a parent run sets it.
    """
    try:
        return sync_list(genre, kinds, max_searches, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)


def sync_list(slug: str, kinds: ChosenKinds, max_searches: int | None, *, dry_run: bool) -> Any:
    """The tasks of a run, for a genre and for a chart or label in its place; returns the run's final state.

    Raises:
        BeatporterError: a task failed.
    """
    tag_run(slug)
    if is_root():
        sign_in_notes()
    with heartbeats(), profiled(slug) as memory, notes_heard() as notes:
        chart = scrape_chart(slug)
        found = match_tracks(slug, chart, max_searches)
        changes: Changes = {}
        with only_writer(slug):
            for kind in chosen_kinds(slug, kinds):
                if dry_run:
                    changes[kind] = preview_playlist(slug, chart, found, kind)
                    continue
                added = update_playlist(slug, chart, found, kind)
                append_history(slug, added, kind)
                back_up_playlist(slug, added, kind)
                changes[kind] = {"added": added}
        return publish_outcome(slug, chart, changes, memory, notes, dry_run=dry_run)
