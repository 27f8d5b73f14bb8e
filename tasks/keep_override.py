"""Task `keep-override`: save a person's decision on one chart entry."""

from __future__ import annotations

from beatporter.sync.overrides import find_subject, forget_match, never_match, set_match
from beatporter.sync.track_link import find_track
from orchestration.parameters import Decision
from orchestration.run_key import run_key
from orchestration.task import house_task
from orchestration.workspace import open_workspace


@house_task("keep-override")
def keep_override(beatport_id: int, decision: Decision, track: str) -> str:
    """Save the decision; returns it in words.

    Raises:
        SettingsError: the id is unknown, or a track is needed and missing.
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
