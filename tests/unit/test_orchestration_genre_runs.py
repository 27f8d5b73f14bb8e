"""A parent's runs of its genres: started once, found again, and given up after their limits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import AwaitingRetry, Cancelled, Completed, Crashed, Failed, Pending, Running, Scheduled

from beatporter.clock import utc_now
from orchestration import genre_runs as module
from orchestration.genre_runs import END_WITHIN_S, GENRE_TIMEOUT_S, NOT_ENDED, NOT_STARTED, REPORT_WITHIN_S, START_WITHIN_S, GenreRuns
from tests.unit.prefect_fakes import FakeClient, FakeClock, flow_run

Started = list[tuple[str, dict[str, Any], str]]


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> Started:
    """What was started: deployment, parameters, idempotency key."""
    calls: Started = []

    def run_deployment(
        name: str, *, parameters: dict[str, Any], timeout: int, idempotency_key: str, flow_run_name: str, tags: list[str]
    ) -> FlowRun:
        assert timeout == 0, "the parent must not wait for one genre before it starts the next"
        calls.append((name, parameters, idempotency_key))
        assert flow_run_name == parameters["genre"], "a run that waits in the queue is known by its genre"
        assert tags == [parameters["genre"], f"{utc_now():%Y-%m-%d}"]
        run = flow_run(idempotency_key=idempotency_key)
        client.states[run.id] = Scheduled()
        return run

    monkeypatch.setattr(module, "run_deployment", run_deployment)
    return calls


def runs_of(client: FakeClient, clock: FakeClock, *slugs: str) -> GenreRuns:
    deployments = dict.fromkeys(slugs, ("sync-genre/sync-genre", "genre"))
    return GenreRuns(client, deployments, "root", clock=clock)  # type: ignore[arg-type]


def one_run(client: FakeClient, clock: FakeClock, *states: State[Any]) -> tuple[GenreRuns, UUID]:
    """A run of house that goes through these states, one each time it is polled."""
    runs = runs_of(client, clock, "house")
    runs.start("house", max_searches=5, dry_run=False)
    run_id = next(iter(client.states))
    client.states[run_id] = list(states)
    return runs, run_id


def test_a_genre_is_started_once_under_its_parents_key(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs = runs_of(client, clock, "house", "techno")
    runs.start("house", kinds=["mirror"], max_searches=5, dry_run=True)
    given = {"genre": "house", "kinds": ["mirror"], "max_searches": 5, "dry_run": True}
    assert started == [("sync-genre/sync-genre", given, "root/house")]
    assert runs.at_work == ["house"]


@pytest.mark.parametrize("state", [Running(), Scheduled(), Pending(), Completed()])
def test_an_earlier_attempts_run_continues(state: State[Any], client: FakeClient, clock: FakeClock, started: Started) -> None:
    client.earlier = [flow_run(idempotency_key="root/house", state=state)]
    runs = runs_of(client, clock, "house")
    runs.start("house", max_searches=5, dry_run=False)
    assert not started
    assert not client.set, f"a run that is {state.name} was changed"
    assert runs.at_work == ["house"]


@pytest.mark.parametrize("state", [Failed(), Crashed(), Cancelled()])
def test_an_earlier_attempts_failed_run_is_retried(state: State[Any], client: FakeClient, clock: FakeClock, started: Started) -> None:
    earlier = flow_run(idempotency_key="root/house", state=state)
    client.earlier = [earlier, flow_run(idempotency_key="yesterday/house", state=Failed())]
    runs_of(client, clock, "house").start("house", max_searches=5, dry_run=False)
    assert not started
    assert [(run_id, state.name) for run_id, state, _ in client.set] == [(earlier.id, AwaitingRetry().name)]


@pytest.mark.parametrize("state", [Completed(), Failed(), Crashed(), Cancelled()])
def test_a_run_that_has_ended_is_reported_once(state: State[Any], client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, run_id = one_run(client, clock, Running(), state)
    assert not list(runs.ended())
    (ended,) = runs.ended()
    assert (ended.slug, ended.run_id, ended.state) == ("house", run_id, state)
    assert not runs.at_work
    assert not list(runs.ended())
    assert not client.set


@pytest.mark.parametrize("state", [Scheduled(), Pending()])
def test_a_run_that_no_worker_takes_up_is_given_up(state: State[Any], client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, run_id = one_run(client, clock, state)
    clock.sleep(START_WITHIN_S - 1)
    assert not list(runs.ended()), "a worker may still take it"
    clock.sleep(1)
    (ended,) = runs.ended()
    assert ended.state.is_crashed()
    assert ended.state.message == NOT_STARTED.format(minutes=30)
    assert [(run_id, state.type.name, forced) for run_id, state, forced in client.set] == [(run_id, "CRASHED", True)]
    assert not runs.at_work


def test_a_run_at_work_has_its_own_time_out_and_some_more_before_it_is_given_up(
    client: FakeClient, clock: FakeClock, started: Started
) -> None:
    assert END_WITHIN_S > GENRE_TIMEOUT_S, "the flow's own time-out says more"
    runs, _ = one_run(client, clock, Scheduled(), Running())
    clock.sleep(START_WITHIN_S - 1)
    assert not list(runs.ended())
    assert not list(runs.ended()), "from now on it is running"
    clock.sleep(END_WITHIN_S - 1)
    assert not list(runs.ended()), "its time counts from when it was first seen running"
    clock.sleep(1)
    (ended,) = runs.ended()
    assert ended.state.is_crashed()
    assert ended.state.message == NOT_ENDED.format(minutes=70)


def test_a_run_that_was_at_work_and_waits_for_a_retry_keeps_its_time(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, _ = one_run(client, clock, Running(), AwaitingRetry(), Running(), Scheduled())
    list(runs.ended())
    for _ in range(3):
        clock.sleep(START_WITHIN_S)
        ended = list(runs.ended())
        if ended:
            assert clock.now_s == 1000 + 3 * START_WITHIN_S
            assert ended[0].state.message == NOT_ENDED.format(minutes=70)
    assert not runs.at_work


def test_a_server_that_is_away_ends_no_run(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, _ = one_run(client, clock, Completed())
    client.away = True
    clock.sleep(START_WITHIN_S - 1)
    assert not list(runs.ended())
    client.away = False
    (ended,) = runs.ended()
    assert ended.state.is_completed()


def test_a_run_that_crashed_is_retried_once_its_failure_is_reported(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, run_id = one_run(client, clock, Crashed(message="out of memory"), Running(), Completed())
    (ended,) = runs.ended()
    assert (ended.died, runs.at_work) == (True, [])
    runs.retry(ended)
    assert not list(runs.ended())
    assert not client.set, "its worker's second report would end the retry"
    clock.sleep(REPORT_WITHIN_S)
    assert not list(runs.ended())
    assert [(run, state.name) for run, state, _ in client.set] == [(run_id, "AwaitingRetry")]
    assert not list(runs.ended()), "it is running"
    (ended,) = runs.ended()
    assert (ended.slug, ended.died) == ("house", False)
    assert ended.state.is_completed()


def test_a_server_that_stays_away_ends_the_wait(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs, _ = one_run(client, clock, Running())
    list(runs.ended())
    client.away = True
    clock.sleep(END_WITHIN_S)
    (ended,) = runs.ended()
    assert ended.state.message == NOT_ENDED.format(minutes=70)
    assert not ended.died, "a worker that is gone would not take it up again"
    assert not client.set, "the server could not be reached"
    assert not runs.at_work


def test_one_overdue_run_does_not_end_the_others(client: FakeClient, clock: FakeClock, started: Started) -> None:
    runs = runs_of(client, clock, "house", "techno")
    runs.start("house", max_searches=1, dry_run=False)
    clock.sleep(START_WITHIN_S)
    runs.start("techno", max_searches=1, dry_run=False)
    assert [ended.slug for ended in runs.ended()] == ["house"]
    assert runs.at_work == ["techno"]
