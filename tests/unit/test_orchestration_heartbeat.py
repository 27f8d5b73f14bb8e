"""The heartbeats of runs that follow one another in one process: the same events as Prefect's, and no second's sleep at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import FlowRunEngine
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from orchestration import heartbeat as module
from orchestration.heartbeat import HEARTBEAT, heartbeats, own_heartbeats
from tests.unit.prefect_fakes import flow_run, within

RUN = flow_run(tags=["house", "beatporter"], deployment_id=uuid4())


class Sent(list[dict[str, Any]]):
    """The events that were sent.

    Attributes:
        failing: the next so many cannot be sent.
    """

    failing = 0

    def __call__(self, event: str, *, resource: dict[str, str], related: list[Any]) -> None:
        self.append({"event": event, "resource": resource, "related": [one.model_dump() for one in related]})
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the events' thread has stopped")

    def wait_for(self, number: int) -> None:
        end = time.monotonic() + 60
        while len(self) < number:
            assert time.monotonic() < end, f"{len(self)} of {number} heartbeats"
            time.sleep(0.001)


class Impatient(threading.Event):
    """Thirty seconds pass in a millisecond."""

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout == 30
        return super().wait(0.001)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    made = Sent()
    monkeypatch.setattr(module, "emit_event", made)
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 30}):
        yield made
    assert not [one for one in threading.enumerate() if one.name == "heartbeats"], "a heartbeat after the end would call the run dead"


def prefects_own(run: FlowRun, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The event that Prefect's engine sends for this run."""
    found = Sent()
    monkeypatch.setattr("prefect.flow_engine.emit_event", lambda event, resource, related: found(event, resource=resource, related=related))
    engine: FlowRunEngine[Any, Any] = FlowRunEngine(flow=SimpleNamespace(name="a-flow", isasync=False), flow_run=run)  # type: ignore[arg-type]
    engine._emit_flow_run_heartbeat()
    return found[0]


@pytest.mark.parametrize("run", [RUN, flow_run()], ids=["deployed, with tags", "plain"])
def test_the_events_are_those_of_prefect(run: FlowRun, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    with own_heartbeats(), within(run) as made, heartbeats():
        sent.wait_for(1)
    expected = prefects_own(made, monkeypatch)
    assert sent[0]["event"] == HEARTBEAT == expected["event"]
    assert sent[0]["resource"] == expected["resource"]
    in_order = {"key": lambda one: str(one)}
    assert sorted(sent[0]["related"], **in_order) == sorted(expected["related"], **in_order)  # type: ignore[call-overload]


def test_they_go_on_while_the_run_is_at_work_and_stop_with_it(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Event", Impatient)
    with own_heartbeats(), within(RUN), heartbeats():
        sent.wait_for(3)
    number = len(sent)
    time.sleep(0.02)
    assert len(sent) == number


def test_one_that_cannot_be_sent_does_not_end_them(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Event", Impatient)
    sent.failing = 2
    with own_heartbeats(), within(RUN), heartbeats():
        sent.wait_for(4)


def test_prefects_own_are_off_meanwhile_and_back_afterwards(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    with own_heartbeats():
        assert PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None, "a run's end would wait for Prefect's sleep"
        with own_heartbeats():
            assert PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None
        with within(RUN), heartbeats():
            sent.wait_for(1)
    assert PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() == 30


def test_a_run_of_a_deployment_has_prefects_and_no_others(sent: Sent) -> None:
    with within(RUN), heartbeats():
        assert not [one for one in threading.enumerate() if one.name == "heartbeats"]
    assert not sent


def test_switched_off_they_stay_off(sent: Sent) -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), own_heartbeats(), within(RUN), heartbeats():
        pass
    assert not sent


def test_outside_a_run_there_are_none(sent: Sent) -> None:
    with own_heartbeats(), heartbeats():
        pass
    assert not sent
