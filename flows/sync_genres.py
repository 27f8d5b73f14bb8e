"""Flow `sync-genres`: update the playlists of all enabled genres, and of the subscribed charts and labels.

It lists the account's playlists once, then runs `sync-genre` for each genre, `sync-chart` for each chart and `sync-label` for each
label: one after the other in this process (`fan_out="inline"`), or each as a run of its deployment on a worker (`fan_out="deployments"`)
that can be retried alone. It waits for all of them, and fails with the names of those that failed. If an archive is set, it then writes
the ledger's new rows there.
Artifacts: `briefing` (the morning on one page), `summary`, `memory`, and `progress` while it works.
Retry: failed genres are retried, completed ones are not repeated.
In a terminal: `beatporter sync --all`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from beatporter.errors import BeatporterError
from flows.archive_ledger import archive_ledger
from flows.sync_chart import sync_chart
from flows.sync_genre import sync_genre
from flows.sync_label import sync_label
from orchestration.failure import failed
from orchestration.fan_out import chosen_genres, run_deployments, run_inline
from orchestration.flow_options import PARENT_RUN
from orchestration.heartbeat import heartbeats
from orchestration.lists import DEPLOYMENTS, Parameter
from orchestration.parameters import AtLeastOne, ChosenKinds, FanOut, GenreSlug
from orchestration.report import archive_notes, sign_in_notes
from orchestration.summary import publish_summary
from orchestration.workspace import archive_is_set, check_ledger
from tasks.listing import list_playlists


@flow(name="sync-genres", **PARENT_RUN)
def sync_genres(
    genres: list[GenreSlug] | None = None,
    kinds: ChosenKinds = None,
    dry_run: bool = False,
    max_concurrent: AtLeastOne = 2,
    fan_out: FanOut = "inline",
) -> Any:
    """Update several genres' playlists from their charts. It waits for all of them, even if some fail.

    Args:
        genres: The genres to sync; empty for all enabled ones and the subscribed charts and labels.
        kinds: The kinds of playlist to update; empty for those of the settings.
        dry_run: Find everything, change no playlist.
        max_concurrent: How many genres run at the same time. The worker and the pool must allow one more, for this run.
        fan_out: Where they run: inline, one after the other in this run, or each as a run of its own deployment that can be retried alone.
    """
    try:
        with heartbeats():
            slugs, notes = chosen_genres(genres), sign_in_notes()
            check_ledger()
            list_playlists()
            if fan_out == "inline":
                flows: dict[Parameter, Any] = {"genre": sync_genre, "chart": sync_chart, "label": sync_label}
                outcomes = run_inline(flows, slugs, kinds=kinds, dry_run=dry_run)
            else:
                outcomes = run_deployments(DEPLOYMENTS, slugs, kinds=kinds, max_concurrent=max_concurrent, dry_run=dry_run)
            if not dry_run and archive_is_set():
                archived: Any = archive_ledger(return_state=True)
                notes += archive_notes(archived)
            return publish_summary(outcomes, one_process=fan_out == "inline", notes=notes, dry_run=dry_run)
    except BeatporterError as error:
        return failed(error)
