"""Bytes and sockets of the sandbox's servers: reads a request, gets its answer, and sends it or breaks off as told.

Owns connections (keep-alive, no Nagle, daemon threads). `sandbox.http` routes and chooses faults.
"""

from __future__ import annotations

import socket
import sys
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.messages import Request, Response

_MAX_BODY = 10_000_000
_DRIP_S = 0.05
"""Real time between two bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire."""

    response: Response | None
    """None: close the connection without a byte."""
    silence_s: float = 0.0
    """Real time to stay silent before closing; only without a response."""
    cut_off: bool = False
    """Send half of the body, then close."""
    drips: bool = False
    """Send the body a byte at a time, then close."""


class Listener(ThreadingHTTPServer):
    """Accepts connections and passes each request to `answer`; exceptions of `answer` go to `failures`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[Request], Answer], failures: list[BaseException]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._failures = failures
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Stop listening, end all hangs and close every connection."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            _hang_up(connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self._failures.append(error)


class _Connection(BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # send headers and body in one packet

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the request log already has every request."""

    def _exchange(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self.close_connection = True
            self._send(Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), cut_off=False)
            return
        path, _, query = self.path.partition("?")
        answer = self.server.answer(
            Request(
                service="",
                method=self.command,
                path=urllib.parse.unquote(path),
                raw_query=query,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length) if length else b"",
                base_url=self.server.url,
            )
        )
        if answer.response is not None:
            self._send(answer.response, answer.cut_off, drips=answer.drips)
            return
        self.server.stopping.wait(answer.silence_s)
        self.close_connection = True
        _hang_up(self.connection)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _exchange

    def _send(self, response: Response, cut_off: bool, *, drips: bool = False) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if drips:
            self._drip(response.body)
        else:
            self.wfile.write(response.body[: len(response.body) // 2] if cut_off else response.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut_off or drips

    def _drip(self, body: bytes) -> None:
        for number in range(len(body)):
            self.wfile.write(body[number : number + 1])
            self.wfile.flush()
            if self.server.stopping.wait(_DRIP_S):
                return


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side closed first
