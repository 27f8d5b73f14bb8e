"""Task `drill-restores`: prove from the ledger alone that playlists can be restored."""

from __future__ import annotations

from beatporter.care.documents import drilled_document, drilled_page
from beatporter.care.restore_drill import drill
from beatporter.counted import counted
from beatporter.settings import load_settings
from orchestration.care_result import CareResult, publish_care
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of


@house_task("drill-restores", cached=False)
def drill_restores() -> CareResult:
    """Publish every state that was restored on paper; calls nothing."""
    with open_ledger_of(load_settings()) as ledger:
        found = [drilled_document(one) for one in drill(ledger)]
    problems = [f"{one['name']}, {one['taken_at']}: {one['problem']}" for one in found if one["problem"]]
    states = f"{counted(len(found), 'state')} of {counted(len({one['playlist_id'] for one in found}), 'playlist')}"
    said = f"{counted(len(problems), 'problem')} in {states}" if problems else f"No problem in {states}"
    say(said)
    return publish_care("drill-restore", said, drilled_page(found), problems)
