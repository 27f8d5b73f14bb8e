"""A run waits while Prefect's server is down; a command does not."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from orchestration import server as module
from orchestration.server import AWAY_S, LOOK_AGAIN_S, client_that_does_not_wait, is_away, patiently

REQUEST = httpx.Request("GET", "http://127.0.0.1/api")


def status(code: int) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("no", request=REQUEST, response=httpx.Response(code, request=REQUEST))


class Asked:
    """A request that fails a number of times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.slept: list[float] = []

    def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def within_run(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What is sent when the server is back."""
    sent: list[bool] = []
    monkeypatch.setattr(module, "_within_run", lambda: True)
    monkeypatch.setattr(module, "_is_there", lambda: True)
    monkeypatch.setattr(module, "send_what_was_not_sent", lambda: sent.append(True))
    return sent


def test_a_run_waits_for_a_server_that_is_away(within_run: list[bool]) -> None:
    asked = Asked(httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), status(503), status(500))
    assert patiently(asked, sleep=asked.slept.append) == "answer"
    assert asked.slept == [LOOK_AGAIN_S] * 5
    assert within_run == [True], "states of tasks that ended meanwhile are not sent"


@pytest.mark.usefixtures("within_run")
def test_it_does_not_wait_for_ever_but_longer_than_five_minutes() -> None:
    asked = Asked(*[httpx.ConnectError("x")] * 10_000)
    with pytest.raises(httpx.ConnectError):
        patiently(asked, sleep=asked.slept.append)
    assert 300 < sum(asked.slept) == AWAY_S


@pytest.mark.usefixtures("within_run")
@pytest.mark.parametrize("code", [401, 403, 404, 409, 422])
def test_a_refusal_is_not_waited_for(code: int) -> None:
    asked = Asked(status(code))
    with pytest.raises(httpx.HTTPStatusError):
        patiently(asked, sleep=asked.slept.append)
    assert asked.slept == []
    assert not is_away(status(code))


@pytest.mark.usefixtures("within_run")
def test_nothing_is_asked_before_the_server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, there = Asked(), iter([False, False, True])
    monkeypatch.setattr(module, "_is_there", lambda: next(there))
    assert patiently(asked, look_first=True, sleep=asked.slept.append) == "answer"
    assert asked.slept == [LOOK_AGAIN_S] * 2


def test_a_command_fails_at_once() -> None:
    asked = Asked(httpx.ConnectError("x"))
    with pytest.raises(httpx.ConnectError):
        patiently(asked, sleep=asked.slept.append)
    assert asked.slept == []


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The address and the retries of each client that was made."""
    clients: list[tuple[str, int]] = []

    def get_client(**_: Any) -> Any:
        clients.append((PREFECT_API_URL.value(), PREFECT_CLIENT_MAX_RETRIES.value()))
        return SimpleNamespace(number=len(clients))

    monkeypatch.setattr(module, "get_client", get_client)
    monkeypatch.setattr(module, "_made", None)
    return clients


def test_a_process_has_one_client_that_does_not_wait(made: list[tuple[str, int]]) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_CLIENT_MAX_RETRIES: 8}):
        for _ in range(3):
            with client_that_does_not_wait() as client:
                assert client.number == 1  # type: ignore[attr-defined]
                assert PREFECT_CLIENT_MAX_RETRIES.value() == 0, "Prefect reads the number of its retries at each request"
            assert PREFECT_CLIENT_MAX_RETRIES.value() == 8
    assert made == [("http://127.0.0.1:1/api", 0)], "a client costs more than ten requests"


def test_another_server_has_another_client(made: list[tuple[str, int]]) -> None:
    for port in (1, 2):
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}), client_that_does_not_wait():
            pass
    assert made == [("http://127.0.0.1:1/api", 0), ("http://127.0.0.1:2/api", 0)]


def test_a_busy_server_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    asked: list[httpx.Request] = []

    def busy(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503, request=request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", busy)
    address = temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"})
    with address, client_that_does_not_wait() as client, pytest.raises(httpx.HTTPStatusError) as caught:
        client.read_flows()
    assert caught.value.response.status_code == 503
    assert (len(asked), slept) == (1, []), "Prefect's client pauses even after its last try"
