"""Flow `sync-label`: update a playlist from a label: its releases since the last run, or all of them, a part in each run.

Five tasks and two artifacts, as in `sync-genre`. A whole label is read further only when the earlier tracks are decided, so it
takes as many days as the budget needs.
In a terminal: `beatporter sync label:8bit/3248`, `beatporter sync whole-label:8bit/3248`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError
from flows.sync_genre import sync_list
from orchestration.failure import failed
from orchestration.flow_options import LIST_RUN
from orchestration.lists import label_slug
from orchestration.parameters import ChosenKinds, Searches


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
        return sync_list(label_slug(label), kinds, max_searches, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)
