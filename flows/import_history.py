"""Flow `import-history`: import the history of the script before Beatporter. In a terminal: `beatporter ledger import`."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from tasks.take_history import take_history


@flow(name="import-history", **LEDGER_RUN)
def import_history(file: str, dry_run: bool = True) -> Any:
    """Import a history file of the old script; importing it twice changes nothing.

    Args:
        file: Its path on the worker's machine: hist_playlists_tracks.parquet.gz, or its .xlsx version.
        dry_run: Report what would be imported, change nothing.
    """
    try:
        rows = take_history(file, dry_run)
        said = f"{rows['taken']:,} of {rows['read']:,} rows {'would be taken' if dry_run else 'taken'}, {rows['left']:,} left"
    except BeatporterError as error:
        return failed(error)
    publish("import-history", f"# {said}", said)
    return Completed(message=said)
