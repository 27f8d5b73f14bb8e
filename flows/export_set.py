"""Flow `export-set`: write a genre's current chart as a set for DJ software. In a terminal: `beatporter export set`."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from orchestration.parameters import GenreSlug, SetFormat, SetOrder
from tasks.write_dj_set import write_dj_set


@flow(name="export-set", **LEDGER_RUN)
def export_set(genre: GenreSlug, kind: SetFormat = "rekordbox", order: SetOrder = "harmonic") -> Any:
    """Write a set to a file in the folder `exports` of the home, on the worker's machine.

    Args:
        genre: The genre whose current chart is the set.
        kind: rekordbox for Rekordbox XML, m3u8 for players, csv for anything.
        order: harmonic, so that each track mixes into the next one, or as in the chart.
    """
    try:
        path, rows, left_out = write_dj_set(genre, kind, order)
        said = f"{rows} tracks in {path}" + (f", {left_out} left out because Spotify does not have them" if left_out else "")
    except BeatporterError as error:
        return failed(error)
    publish("export-set", f"# {said}", said)
    return Completed(message=said)
