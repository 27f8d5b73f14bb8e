"""Task `drill-restores`: prove from the ledger alone that playlists can be restored."""

from __future__ import annotations

from typing import Any

from beatporter.care.documents import drilled_document
from beatporter.care.restore_drill import drill
from beatporter.settings import load_settings
from orchestration.step_log import say
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of


@house_task("drill-restores", cached=False)
def drill_restores() -> list[dict[str, Any]]:
    """Every state that was restored on paper; calls nothing."""
    with open_ledger_of(load_settings()) as ledger:
        found = [drilled_document(one) for one in drill(ledger)]
    say(f"{len(found)} states were restored on paper, {sum(bool(one['problem']) for one in found)} with a problem")
    return found
