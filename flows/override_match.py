"""Flow `override-match`: a person's decision on one chart entry, which no rule overrules.

In a terminal: `beatporter match set`, `never`, `forget`.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from beatporter.errors import BeatporterError
from beatporter.markdown import escape
from orchestration.artifacts import publish
from orchestration.failure import failed
from orchestration.flow_options import LEDGER_RUN
from orchestration.parameters import BeatportId, Decision
from tasks.keep_override import keep_override


@flow(name="override-match", **LEDGER_RUN)
def override_match(beatport_id: BeatportId, decision: Decision = "set", track: str = "") -> Any:
    """Decide which track a chart entry gets from now on; the next run updates the playlists.

    Args:
        beatport_id: The entry's id on Beatport, the number at the end of its address.
        decision: set: this track and no other. never: nothing, ever. forget: search for it again.
        track: For "set": the track's link on Spotify, its URI or its id.
    """
    try:
        said = keep_override(beatport_id, decision, track)
    except BeatporterError as error:
        return failed(error)
    publish("override-match", f"# {escape(said)}", said)
    return Completed(message=said)
