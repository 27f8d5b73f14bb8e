"""Task `tidy-ledger`: merge the small files that every step opens."""

from __future__ import annotations

from beatporter.sync.tidy import tidy_decisions
from tasks._house import house_task
from tasks._workspace import open_workspace


@house_task("tidy-ledger")
def tidy_ledger(run_key: str) -> int:
    """Files that were merged away."""
    with open_workspace(run_key) as workspace:
        return tidy_decisions(workspace)
