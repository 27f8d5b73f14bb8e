"""The rate that workers share, and a run's rate while Prefect's server is down. The server is a fake here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from prefect.exceptions import ObjectAlreadyExists

from orchestration import shared_rate as module
from orchestration.shared_rate import ASK_AGAIN_S, ASSUMED_RUNS, BUSY_PAUSES_S, RATE_LIMIT, SLOTS_A_REQUEST, SharedRate

RATE = 6.0


class Server:
    """The requests to Prefect's server, and its answers."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.runs, self.locked, self.busy, self.away, self.refuses, self.made_by_another = 1, 0, 0, False, False, False

    def upsert_global_concurrency_limit_by_name(self, *limit: Any) -> None:
        if self.made_by_another:
            raise ObjectAlreadyExists(self._status(409))
        self._answer("offer", *limit)

    def count_flow_runs(self, **_: Any) -> int:
        self._answer("count")
        return self.runs

    def increment_concurrency_slots(self, names: list[str], slots: int, mode: str) -> None:
        if self.locked:
            self.locked -= 1
            raise self._status(423)
        if self.busy:
            self.busy -= 1
            raise self._status(503)
        self._answer("slots", *names, slots, mode)

    def _answer(self, *asked: Any) -> None:
        if self.away:
            raise httpx.ConnectError("no server")
        if self.refuses:
            raise self._status(401)
        self.asked.append(asked)

    def _status(self, status: int) -> httpx.HTTPStatusError:
        answer = httpx.Response(status, headers={"Retry-After": "0.5"}, request=httpx.Request("POST", "http://127.0.0.1"))
        return httpx.HTTPStatusError("no", request=answer.request, response=answer)


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    there = Server()

    @contextmanager
    def client() -> Iterator[Server]:
        yield there

    monkeypatch.setattr(module, "client_that_does_not_wait", client)
    monkeypatch.setattr(module, "send_what_was_not_sent", lambda: there.asked.append(("what was not sent",)))
    return there


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def rate(time: Time) -> SharedRate:
    return SharedRate(RATE, sleep=time.sleep, clock=lambda: time.now)


def calls_in(rate: SharedRate, time: Time, seconds: float) -> int:
    """Calls let through within that time, five at once as `Pacer` requests them."""
    calls, end = 0, time.now + seconds
    while time.now < end:
        rate(SLOTS_A_REQUEST)
        calls += SLOTS_A_REQUEST
    return calls


def test_slots_come_from_the_server_and_the_limit_is_offered_once(rate: SharedRate, server: Server) -> None:
    rate(3)
    rate(2)
    assert [one for one in server.asked if one[0] != "count"] == [
        ("offer", RATE_LIMIT, 6, RATE),
        ("slots", RATE_LIMIT, 3, "rate_limit"),
        ("slots", RATE_LIMIT, 2, "rate_limit"),
    ]


def test_another_run_that_made_the_limit_at_the_same_moment_is_no_error(rate: SharedRate, server: Server) -> None:
    server.made_by_another = True
    rate(1)
    assert ("slots", RATE_LIMIT, 1, "rate_limit") in server.asked


def test_a_busy_server_is_asked_again_and_not_called_away(
    rate: SharedRate, server: Server, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    server.busy = len(BUSY_PAUSES_S)
    rate(2)
    assert ("slots", RATE_LIMIT, 2, "rate_limit") in server.asked
    assert time.now == 1000.0 + sum(BUSY_PAUSES_S)
    assert not caplog.text
    server.busy = len(BUSY_PAUSES_S) + 1
    rate(2)
    assert "does not answer" in caplog.text


def test_a_slow_rate_still_lets_one_requests_slots_through(server: Server, time: Time) -> None:
    SharedRate(0.5, sleep=time.sleep, clock=lambda: time.now)(5)
    assert server.asked[0] == ("offer", RATE_LIMIT, SLOTS_A_REQUEST, 0.5), "a limit below what is taken together never lets any through"


def test_taken_slots_are_waited_for(rate: SharedRate, server: Server, time: Time) -> None:
    server.locked = 3
    rate(5)
    assert time.now == 1001.5


@pytest.mark.parametrize("runs", [1, 2, 5])
def test_without_the_server_a_run_keeps_to_its_share(rate: SharedRate, server: Server, time: Time, runs: int) -> None:
    server.runs = runs
    rate(SLOTS_A_REQUEST)
    server.away = True
    assert calls_in(rate, time, 300) <= 300 * RATE / runs + SLOTS_A_REQUEST


def test_a_server_that_was_never_there_leaves_a_small_share(rate: SharedRate, server: Server, time: Time) -> None:
    server.away = True
    calls = calls_in(rate, time, 300)
    assert 0 < calls <= 300 * RATE / ASSUMED_RUNS + SLOTS_A_REQUEST


def test_the_server_is_used_again_when_it_is_back(rate: SharedRate, server: Server, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    rate(1)
    server.away = True
    rate(1)
    assert "does not answer" in caplog.text
    server.away = False
    time.now += ASK_AGAIN_S
    server.asked.clear()
    rate(4)
    assert server.asked == [("count",), ("slots", RATE_LIMIT, 4, "rate_limit"), ("what was not sent",)]
    assert "gave no answer for 15 s" in caplog.text


def test_a_server_that_is_away_is_not_asked_all_the_time(rate: SharedRate, server: Server, time: Time) -> None:
    server.away = True
    rate(1)
    server.away = False
    rate(1)
    assert server.asked == []


def test_a_server_that_refuses_is_not_away(rate: SharedRate, server: Server) -> None:
    server.refuses = True
    with pytest.raises(httpx.HTTPStatusError):
        rate(1)
