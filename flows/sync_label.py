"""Flow `sync-label`: update a playlist from a label: its releases since the last run, or all of them, a part in each run.

Five tasks and two artifacts, as in `sync-genre`. A whole label is read further only when the earlier tracks are decided, so it
takes as many days as the budget needs.
In a terminal: `beatporter sync label:8bit/3248`, `beatporter sync whole-label:8bit/3248`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError
from orchestration.failure import failed
from orchestration.flow_options import LIST_RUN
from orchestration.limits import only_writer
from orchestration.lists import chosen_kinds, label_slug
from orchestration.memory_profile import profiled
from orchestration.parameters import ChosenKinds, Searches
from orchestration.report import Changes, notes_heard, publish_outcome, sign_in_notes
from orchestration.run_key import is_root
from orchestration.run_names import tag_run
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.preview import preview_playlist
from tasks.scrape import scrape_chart


@flow(name="sync-label", **LIST_RUN)
def sync_label(label: str, kinds: ChosenKinds = None, dry_run: bool = False, refresh: bool = False, max_searches: Searches = None) -> Any:
    """Update one label's playlists. A failed run can be retried alone, and its finished work is not repeated.

    Args:
        label: Its address, a name from [labels] of beatporter.toml, or NAME/ID; whole-label:NAME/ID for all its releases.
        kinds: The kinds of playlist to update; empty for those of the settings.
        dry_run: Find everything, change no playlist, show what would change.
        refresh: Do everything again, even what this run finished before a retry.
        max_searches: Most Spotify searches to make; a parent run sets it.
    """
    try:
        slug = label_slug(label)
        tag_run(slug)
        if is_root():
            sign_in_notes()
        with profiled(slug) as memory, notes_heard() as notes:
            entries = scrape_chart(slug)
            found = match_tracks(slug, entries, max_searches)
            changes: Changes = {}
            with only_writer(slug):
                for kind in chosen_kinds(slug, kinds):
                    if dry_run:
                        changes[kind] = preview_playlist(slug, entries, found, kind)
                        continue
                    added = update_playlist(slug, entries, found, kind)
                    append_history(slug, added, kind)
                    back_up_playlist(slug, added, kind)
                    changes[kind] = {"added": added}
            return publish_outcome(slug, entries, changes, memory, notes, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)
