"""Unit tests have no sockets: a test that would start Prefect's temporary server fails here instead of taking its half minute."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def no_connections() -> Iterator[None]:
    def refuse(_socket: socket.socket, address: object) -> None:
        raise AssertionError(f"a unit test wants to connect to {address}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
