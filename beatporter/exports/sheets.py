"""Writes a sheet that a person reads: the history, the last charts, what is missing, or the history in the old script's columns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from beatporter.exports import charts, history
from beatporter.ledger.spreadsheet import ExportReport, Progress, write_file
from beatporter.sync.workspace import Workspace

Sheet = Literal["history", "charts", "missing", "script-history"]
"""script-history: the history in the columns of the script that Beatporter replaces."""


def write_sheet(
    workspace: Workspace, sheet: Sheet, path: Path, only: Sequence[str] = (), *, overwrite: bool = False, progress: Progress | None = None
) -> ExportReport:
    """Write a sheet to a file, see `write_file`.

    Args:
        only: for the history a playlist's id, link or name; otherwise slugs of lists. Empty: all of it; every enabled list.

    Raises:
        SettingsError: there is no such playlist, the suffix is unknown, the file exists, or it cannot be written there.
        UnknownGenre, UnknownChart: naming the nearest.
    """
    if sheet in ("charts", "missing"):
        slugs = [workspace.genre(text).slug for text in only] or workspace.settings.enabled_lists()
        is_charts = sheet == "charts"
        columns = charts.CHART_COLUMNS if is_charts else charts.MISSING_COLUMNS
        rows = (charts.chart_rows if is_charts else charts.missing_rows)(workspace, slugs)
        return write_file(path, sheet, columns, rows, overwrite=overwrite, progress=progress)
    playlist_id = history.find_playlist(workspace.ledger, only[0]) if only else None
    with closing(history.history_lines(workspace.ledger, playlist_id)) as lines:
        if sheet == "script-history":
            return write_file(path, "history", history.SCRIPT_COLUMNS, history.script_rows(lines), overwrite=overwrite, progress=progress)
        return write_file(path, "history", history.COLUMNS, history.sheet_rows(lines), overwrite=overwrite, progress=progress)
