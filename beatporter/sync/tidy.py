"""Keeping a day's reads small between two compactions: the decisions' files are merged once there are many.

Every step of every genre asks for decisions, and opens each of their files; other tables are read by partition. All the rest is left to
the weekly compaction.
"""

from __future__ import annotations

import logging

from beatporter.errors import LedgerCorrupt, LedgerUnwritable, UpstreamDown
from beatporter.ledger.files import TableFiles, attempt
from beatporter.ledger.tables import MATCHES
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)

MANY = 32
"""Files that are open to be read; a day of 36 genres leaves about so many."""


def tidy_decisions(workspace: Workspace) -> int:
    """Files of decisions that were merged into one; 0 while there are few. What goes wrong is logged: no run fails for it."""
    files = TableFiles(MATCHES, workspace.ledger.home)
    try:
        if attempt(lambda: len(files.files())) < MANY:
            return 0
        from beatporter.ledger.compaction import compact  # loads what nothing else in a run does

        (report,) = compact(workspace.ledger, [MATCHES.name], now=workspace.now())
    except (LedgerCorrupt, LedgerUnwritable, UpstreamDown) as error:
        logger.warning("The files of decisions were not merged: %s", error)
        return 0
    for problem in report.damaged:
        logger.warning("The files of decisions were not merged: %s", problem)
    return report.files_before - report.files_after
