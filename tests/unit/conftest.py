"""Shared by unit tests. They may not use sockets: a test that would start Prefect's temporary server fails here at once."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.call_budgets import Clock, Table, new_table


@pytest.fixture(autouse=True, scope="module")
def no_connections() -> Iterator[None]:
    def refuse(_socket: socket.socket, address: object) -> None:
        raise AssertionError(f"a unit test wants to connect to {address}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(autouse=True)
def sent_events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events that would go to Prefect's server, in a test that has loaded what sends them."""
    sent: list[dict[str, Any]] = []
    module = sys.modules.get("orchestration.events")
    if module is not None:
        monkeypatch.setattr(module, "emit_event", lambda event, **known: sent.append({"event": event, **known}))
    return sent


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = new_table(tmp_path / "ledger.db")
    yield made
    made._database.close()
