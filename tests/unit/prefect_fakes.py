"""Fakes for Prefect's client, so that orchestration is tested without a server; states and runs are Prefect's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import ConnectError
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound

from orchestration import limits


class FakeClock:
    """Monotonic seconds that pass only in `sleep`."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class FakeClient:
    """The part of Prefect's client that orchestration uses.

    Attributes:
        states: each flow run's states; a list is consumed from the front, and its last one stays.
        runs, parents: flow runs by id, and each task run's flow run.
        earlier: runs that a search by idempotency key finds.
        set: states that were set, and whether they were forced.
        artifacts: the newest version of each artifact; a list is consumed from the front as well.
        published: artifacts that were created.
        away: every request fails.
    """

    def __init__(self) -> None:
        self.states: dict[UUID, State[Any] | list[State[Any]]] = {}
        self.runs: dict[UUID, FlowRun] = {}
        self.parents: dict[UUID, UUID | None] = {}
        self.earlier: list[FlowRun] = []
        self.set: list[tuple[UUID, State[Any], bool]] = []
        self.artifacts: dict[str, UUID | list[UUID]] = {}
        self.published: list[Any] = []
        self.asked = 0
        self.away = False

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read_flow_run(self, run_id: UUID) -> Any:
        self._reach()
        if run_id in self.runs:
            return self.runs[run_id]
        state = self.states[run_id]
        if isinstance(state, list):
            state = state.pop(0) if len(state) > 1 else state[0]
        return SimpleNamespace(state=state)

    def read_task_run(self, task_run_id: UUID) -> Any:
        self._reach()
        if task_run_id not in self.parents:
            raise ObjectNotFound(http_exc=KeyError(task_run_id))
        return SimpleNamespace(flow_run_id=self.parents[task_run_id])

    def read_flow_runs(self, *, flow_run_filter: Any) -> list[FlowRun]:
        self._reach()
        return [run for run in self.earlier if run.idempotency_key in flow_run_filter.idempotency_key.any_]

    def set_flow_run_state(self, run_id: UUID, state: State[Any], force: bool = False) -> None:
        self._reach()
        self.set.append((run_id, state, force))

    def read_latest_artifacts(self, *, artifact_filter: Any) -> list[Any]:
        self._reach()
        found = []
        for key in artifact_filter.key.any_:
            version = self.artifacts.get(key)
            if isinstance(version, list):
                version = version.pop(0) if len(version) > 1 else version[0]
            if version is not None:
                found.append(SimpleNamespace(key=key, latest_id=version))
        return found

    def create_artifact(self, artifact: Any) -> None:
        self._reach()
        self.published.append(artifact)

    def _reach(self) -> None:
        self.asked += 1
        if self.away:
            raise ConnectError("the server is away")


def flow_run(**known: Any) -> FlowRun:
    """A Prefect flow run as a flow or a hook sees it."""
    return FlowRun(**{"id": uuid4(), "flow_id": uuid4(), "name": "run", **known})


@contextmanager
def within(run: FlowRun) -> Iterator[FlowRun]:
    """Act as in the body of that run's flow."""
    with FlowRunContext.model_construct(flow=SimpleNamespace(isasync=False, name="a-flow"), flow_run=run, parameters=run.parameters):
        yield run


@contextmanager
def at_work(home: Path, **known: Any) -> Iterator[FlowRun]:
    """Act as in the body of a flow without a deployment, with its own ledger in `home`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BEATPORTER_")]:
            patch.delenv(name)
        patch.chdir(home)
        patch.setenv("BEATPORTER_HOME", str(home))
        patch.setattr(limits, "shared_rate", lambda _settings: None)
        with within(flow_run(**known)) as run:
            yield run
