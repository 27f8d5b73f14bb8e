"""Reads the last run's log from Prefect's server."""

from __future__ import annotations

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort, LogSort

from orchestration.lists import LIST_FLOWS, PARENT_FLOW

MOST_LINES = 1_000
_AT_ONCE = 200


def last_log() -> str:
    """The log of the last failed run, otherwise of the last run; or a sentence about why there is none."""
    try:
        with get_client(sync_client=True) as client:
            flows = FlowFilter(name=FlowFilterName(any_=[*LIST_FLOWS, PARENT_FLOW]))
            failed = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED])))
            for chosen in (failed, None):
                runs = client.read_flow_runs(flow_filter=flows, flow_run_filter=chosen, sort=FlowRunSort.START_TIME_DESC, limit=1)
                if runs:
                    break
            else:
                return "No run was found.\n"
            of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[runs[0].id]))
            lines = [f"{runs[0].name}: {runs[0].state.name if runs[0].state else ''}"]
            for offset in range(0, MOST_LINES, _AT_ONCE):
                logs = client.read_logs(of_run, limit=_AT_ONCE, offset=offset, sort=LogSort.TIMESTAMP_ASC)
                lines += [f"{log.timestamp:%Y-%m-%d %H:%M:%S} {log.level} {log.message}" for log in logs]
                if len(logs) < _AT_ONCE:
                    break
            return "\n".join(lines) + "\n"
    except (HTTPError, RuntimeError) as error:  # the latter when a temporary server does not start
        return f"Prefect's server gave no log: {type(error).__name__}.\n"
