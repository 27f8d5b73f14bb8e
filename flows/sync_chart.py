"""Flow `sync-chart`: update a playlist from a chart other than a genre's Top 100.

That is the overall Top 100, a Hype 100, a DJ's chart by address or by a name with the date, a curator's newest chart, a label's or an
artist's Top 100, or the first ten of any of these. Five tasks and two artifacts, as in `sync-genre`. If this week's chart is not out yet,
the run ends as *Waiting*.
In a terminal: `beatporter sync chart:NAME/ID`, `beatporter sync overall`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError, ChartNotYet
from orchestration.failure import failed
from orchestration.flow_options import LIST_RUN
from orchestration.limits import only_writer
from orchestration.lists import chart_slug, chosen_kinds
from orchestration.memory_profile import profiled
from orchestration.parameters import ChosenKinds, Searches, Top
from orchestration.report import Changes, notes_heard, publish_outcome, publish_waiting, sign_in_notes
from orchestration.run_key import is_root
from orchestration.run_names import tag_run
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.preview import preview_playlist
from tasks.scrape import scrape_chart


@flow(name="sync-chart", **LIST_RUN)
def sync_chart(
    chart: str, top: Top = None, kinds: ChosenKinds = None, dry_run: bool = False, refresh: bool = False, max_searches: Searches = None
) -> Any:
    """Update one chart's playlists. A failed run can be retried alone, and its finished work is not repeated.

    Args:
        chart: Its address, a name from [charts] of beatporter.toml, or overall, hype:house, chart:NAME/ID, newest:ARTIST/ID.
        top: How many of its first entries; empty for all.
        kinds: The kinds of playlist to update; empty for those of the settings.
        dry_run: Find everything, change no playlist, show what would change.
        refresh: Do everything again, even what this run finished before a retry.
        max_searches: Most Spotify searches to make; a parent run sets it.
    """
    try:
        slug = chart_slug(chart, top)
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
    except ChartNotYet as error:
        return publish_waiting(slug, error, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)
