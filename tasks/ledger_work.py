"""What a person has done to the ledger from Prefect's UI: an override, a copy, a table for a spreadsheet, an old history taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.settings import load_settings
from beatporter.sync.overrides import find_subject, forget_match, never_match, set_match
from beatporter.sync.track_link import find_track
from orchestration.run_key import run_key
from orchestration.task import house_task
from orchestration.workspace import open_ledger_of, open_workspace

Decision = Literal["set", "never", "forget"]


@house_task("override-match")
def override_match(beatport_id: int, decision: Decision, track: str) -> str:
    """What was decided, in words.

    Raises:
        SettingsError: nothing is known of the id, or the track is needed and is none.
    """
    with open_workspace(run_key()) as workspace:
        subject = find_subject(workspace, beatport_id)
        entry = subject.entry
        name = f"{', '.join(entry.artists)} – {entry.name}" if entry else f"Beatport id {beatport_id}"
        if decision == "set":
            match = set_match(workspace, beatport_id, find_track(workspace, track))
            return f"{name} is {', '.join(match.track_artists)} – {match.track_name} from now on."
        if decision == "never":
            never_match(workspace, beatport_id)
            return f"Nothing is taken for {name} from now on."
        forget_match(workspace, beatport_id)
        return f"{name} is undecided; the next run searches for it."


@house_task("back-up-ledger", cached=False)
def back_up_ledger() -> str:
    """The copy's path: the ledger as it is at one moment, beside the original.

    Raises:
        SettingsError: the ledger is a PostgreSQL, which has its own tool.
    """
    from beatporter.ledger.export import written_whole
    from beatporter.ledger.migrate import copy_of

    with open_ledger_of(load_settings()) as ledger:
        database = ledger.database
        if database.path is None:
            raise SettingsError(f"{ledger.name} is a PostgreSQL, which has its own tool for copies.", "Use pg_dump --format=custom.")
        target = database.path.with_name(f"{database.path.stem}-{utc_now():%Y%m%dT%H%M%SZ}.db")
        with written_whole(target, overwrite=False) as draft:
            copy_of(database, "copy", draft)
    return str(target)


@house_task("export-table", cached=False)
def export_table(table: str, kind: str, only: str | None) -> list[Any]:
    """Path and rows of the file that was written, in `exports` in the home."""
    from beatporter.ledger.export import export  # loads pandas

    settings = load_settings()
    folder = settings.home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / f"{table}-{utc_now():%Y%m%dT%H%M%SZ}.{kind}"
    with open_ledger_of(settings) as ledger:
        report = export(ledger, table, path, only=only)
    return [str(report.path), report.rows]


@house_task("import-history", cached=False)
def import_history(file: str, dry_run: bool) -> dict[str, int]:
    """Rows read, taken, repeated and left of a file of the old script, on the worker's machine."""
    from beatporter.ledger import import_script_history  # loads Arrow
    from beatporter.matching import recording_key

    with open_ledger_of(load_settings()) as ledger:
        report = import_script_history.import_history(ledger, Path(file), recording_key, dry_run=dry_run)
    return {"read": report.read, "taken": report.taken, "repeated": report.repeated, "left": sum(report.left.values())}
