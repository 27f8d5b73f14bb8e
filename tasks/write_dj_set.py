"""Task `write-dj-set`: write a list's current chart as a set for DJ software."""

from __future__ import annotations

from typing import Any

from beatporter.exports.dj_set import SUFFIX, chosen_format, chosen_order, read_set, write_set
from beatporter.home import export_path
from orchestration.run_key import run_key
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("write-dj-set", cached=False)
def write_dj_set(genre: str, kind: str, order: str) -> list[Any]:
    """Write the file to `exports` in the home, in the place of an earlier one; returns its path, and how many tracks it has and lacks."""
    chosen = chosen_format(kind)
    with open_workspace(run_key()) as workspace:
        dj_set = read_set(workspace, genre, chosen_order(order))
        slug = workspace.genre(genre).slug
        report = write_set(dj_set, chosen, export_path(workspace.settings.home, f"{slug}-{order}{SUFFIX[chosen]}"), overwrite=True)
    return [str(report.path), report.rows, len(dj_set.tracks) - report.rows]
