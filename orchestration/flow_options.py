"""The options of our flows. Results are stored as JSON and not kept in memory; every way in which a run can end is reported.

Flows name themselves with `@flow(name=…, **…)`, so that Prefect finds their names without running them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orchestration.failure import report_genre_failure, report_ledger_failure, report_run_failure
from orchestration.genre_runs import GENRE_TIMEOUT_S
from orchestration.parent import update_parent
from orchestration.results import RESULT_SERIALIZER
from orchestration.run_names import genre_run_name, parent_run_name

Hook = Callable[..., Any]
Options = dict[str, Any]

STORED: Options = {"persist_result": True, "cache_result_in_memory": False, "result_serializer": RESULT_SERIALIZER}


def _reported(hooks: Sequence[Hook]) -> Options:
    """Options with these hooks for every end but completion."""
    return STORED | {end: list(hooks) for end in ("on_failure", "on_crashed", "on_cancellation")}


LIST_RUN: Options = _reported([report_genre_failure, update_parent]) | {
    "flow_run_name": genre_run_name,
    "timeout_seconds": GENRE_TIMEOUT_S,
    "on_completion": [update_parent],
}
"""For a flow that updates one playlist: from a genre's chart, another chart, or a label."""
PARENT_RUN: Options = _reported([report_run_failure]) | {"flow_run_name": parent_run_name}
LEDGER_RUN: Options = _reported([report_ledger_failure])
"""For a flow that maintains, copies or changes the ledger; its artifact has the flow's name."""
