"""Task `restore-one`: make a playlist what it was at a time."""

from __future__ import annotations

from beatporter.care.documents import restored_document, restored_page, restored_words
from beatporter.care.known_playlists import find_known
from beatporter.care.restore import restore_playlist
from beatporter.care.time_machine import moment_of
from orchestration.care_result import CareResult, publish_care
from orchestration.one_writer import playlist_lock
from orchestration.run_key import run_key
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("restore-one", cached=False)
def restore_one(playlist: str, on: str, into: str, keep_dates: bool, dry_run: bool) -> CareResult:
    """Publish what became of the playlist; a retry finishes what was interrupted."""
    with open_workspace(run_key()) as workspace:
        known = find_known(workspace.ledger, playlist)
        with playlist_lock(workspace.settings, workspace.ledger)(known.playlist_id):
            done = restore_playlist(workspace, known, moment_of(on), into=into, keep_dates=keep_dates, dry_run=dry_run)
    document = restored_document(done)
    said = restored_words(document, dry_run=dry_run)
    say(f"{document['playlist']['name']}: {said}")
    return publish_care("restore-playlist", said, restored_page(document))
