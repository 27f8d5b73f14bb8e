"""Connections for a `requests.Session` whose answers are bounded in time and size from their first byte.

One reader sees every byte of an answer: status line, headers, each `100 Continue`, chunk sizes, body, trailers. Before each read it
sets the socket's time-out to the longest silence allowed or to the time left for the whole answer, whichever is shorter. So a server
that sends one byte a second is dropped at the deadline, and one that never stops sending is dropped at the byte cap. A watchdog thread
would need one thread per request, and shutting down a TLS socket while another thread reads from it is not safe. The time-out of
`requests` bounds single reads only, and checking the clock between chunks of the body comes too late for headers. The same time-out
bounds the connection and the TLS handshake, once for each address of the host.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from beatporter.http.limits import ANSWER_TIMEOUTS, MAX_HEADER_BYTES, MAX_WIRE_BYTES


class AnswerTooLarge(Exception):
    """An answer exceeds a cap. Not an OSError, because urllib3 would turn that into one of its own errors."""


class _BoundedReader(io.RawIOBase):
    """The bytes of one answer.

    Args:
        raw: reads from the socket.
        connected: the socket; its time-out is the longest silence allowed.

    Attributes:
        bytes_left: how many more bytes may be read.
    """

    def __init__(self, raw: io.RawIOBase, connected: socket.socket) -> None:
        super().__init__()
        self._raw, self._socket = raw, connected
        self._silence_s = connected.gettimeout() or 0.0
        self._until = time.monotonic() + ANSWER_TIMEOUTS * self._silence_s
        self.bytes_left = MAX_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the whole answer takes too long")
        self._socket.settimeout(min(self._silence_s, left_s))
        count: int | None = self._raw.readinto(buffer)
        self.bytes_left -= count or 0
        if self.bytes_left < 0:
            raise AnswerTooLarge
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _BoundedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.bytes_left = MAX_WIRE_BYTES


class _BoundedConnection(HTTPConnection):
    response_class = _BoundedResponse


class _BoundedTlsConnection(HTTPSConnection):
    response_class = _BoundedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


class BoundedAdapter(HTTPAdapter):
    """Makes bounded connections, also through a proxy, and never repeats a request by itself."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
