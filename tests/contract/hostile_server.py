"""A service that answers with arbitrary bytes: over raw sockets, so that it can lie in its headers, drip, and never end."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

Reply = Callable[["Connection"], None]

DRIP_S = 0.01
MEGABYTE = 2**20


class Connection:
    """One connection with one request.

    Attributes:
        head: the request's line and headers.
        stopping: set when the server stops.
    """

    def __init__(self, accepted: socket.socket, stopping: threading.Event) -> None:
        self._socket, self.stopping = accepted, stopping
        self.head = self._read_request()

    @property
    def path(self) -> str:
        return self.head.split(" ")[1] if " " in self.head else ""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def drip(self, data: bytes) -> None:
        """Send one byte at a time."""
        for number in range(len(data)):
            if self.stopping.wait(DRIP_S):
                return
            self.send(data[number : number + 1])

    def _read_request(self) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            more = self._socket.recv(65_536)
            if not more:
                return ""
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += self._socket.recv(65_536)
        return head.decode("latin-1")


class HostileServer:
    """Answers every request under a path prefix with its reply, longest prefix first; a context manager.

    Attributes:
        url: its address. heads: the requests so far.
        replies: by path prefix; "/" is for all others.

    Args:
        tls: speak TLS.
    """

    def __init__(self, reply: Reply, *, tls: ssl.SSLContext | None = None, **replies: Reply) -> None:
        self._tls = tls
        self.replies: dict[str, Reply] = {"/": reply, "/api/token": give_token, **replies}
        self.heads: list[str] = []
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._listening.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(accepted,), daemon=True).start()

    def _answer(self, accepted: socket.socket) -> None:
        with accepted if self._tls is None else self._tls.wrap_socket(accepted, server_side=True) as accepted:
            try:
                connection = Connection(accepted, self._stopping)
                self.heads.append(connection.head)
                prefix = max((prefix for prefix in self.replies if connection.path.startswith(prefix)), key=len, default="/")
                self.replies[prefix](connection)
            except OSError:
                return  # the client hung up


def plainly(body: bytes | str, *headers: str, status: str = "200 OK") -> Reply:
    """A well-formed answer."""
    content = body.encode() if isinstance(body, str) else body
    length = f"Content-Length: {len(content)}"
    return rawly(
        "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", "Content-Type: application/json", length, *headers, "", ""]).encode()
        + content
    )


def rawly(answer: bytes) -> Reply:
    """Exactly these bytes."""
    return lambda connection: connection.send(answer)


def streamed(head: str, pieces: Callable[[], Iterator[bytes]]) -> Reply:
    """A head, then pieces until they end or the client hangs up."""

    def reply(connection: Connection) -> None:
        connection.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        for piece in pieces():
            if connection.stopping.is_set():
                return
            connection.send(piece)

    return reply


def dripping(before: bytes, endless: bytes) -> Reply:
    """Some bytes at once, then single bytes for ever."""

    def reply(connection: Connection) -> None:
        connection.send(before)
        while not connection.stopping.is_set():
            connection.drip(endless)

    return reply


def repeated(endless: bytes, before: bytes = b"") -> Reply:
    """The same bytes for ever, as fast as possible."""

    def reply(connection: Connection) -> None:
        connection.send(before)
        while not connection.stopping.is_set():
            connection.send(endless)

    return reply


def zipped(content: bytes, times: int) -> Iterator[bytes]:
    """One gzip member of repeated content; a megabyte of zeros takes a kilobyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for _ in range(times):
        yield packer.compress(content)
    yield packer.flush()


give_token = plainly(json.dumps({"access_token": "BQaccess", "token_type": "Bearer", "expires_in": 3600}))

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HTML = "Content-Type: text/html"

HUGE: dict[str, Reply] = {
    "a gzip bomb": streamed("Content-Encoding: gzip\r\nConnection: close", lambda: zipped(bytes(MEGABYTE), 1_024)),
    "a gzip bomb of many members": streamed(
        "Content-Encoding: gzip\r\nConnection: close", lambda: (b"".join(zipped(bytes(MEGABYTE), 64)) for _ in range(16))
    ),
    "gzip that never grows": repeated(b"".join(zipped(b"", 1)) * 1_000, OK + b"Content-Encoding: gzip\r\n\r\n"),
    "an endless body": repeated(b" " * MEGABYTE, OK + b"\r\n"),
    "an endless body in chunks": repeated(b"100000\r\n" + b" " * MEGABYTE + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "a chunk of negative size": repeated(b" " * MEGABYTE, OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
    "100 MB of JSON": streamed(
        f"Content-Type: application/json\r\nContent-Length: {100 * MEGABYTE}",
        lambda: ((b"[" if number == 0 else b"") + b'{"a": 1},    ' * 80_660 for number in range(101)),
    ),
    "a page of 500,000 entries": plainly('{"total": 500000, "items": [' + ",".join(['{"item": null}'] * 500_000) + "]}"),
    "a page of 500,000 nulls": plainly('{"total": 500000, "items": [' + ",".join(["null"] * 500_000) + "]}"),
    "4 MB of empty objects": plainly('{"total": 1, "items": [' + ",".join(["{}"] * 1_390_000) + "]}"),
    "endless headers": repeated(b"X-More: " + b"x" * 60_000 + b"\r\n", OK),
    "endless 100 Continue": repeated(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    "endless trailers": repeated(b"X-More: 1\r\n" * 1_000, OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"),
}
"""Replies without end, or larger than anything that is read."""

SLOW: dict[str, Reply] = {
    "a byte at a time": dripping(OK + b"Content-Length: 1000000\r\n\r\n{", b" "),
    "a dripping header": dripping(OK + b"X-Slow: ", b"x"),
    "a dripping status line": dripping(b"HTTP/1.1 ", b"0"),
    "a dripping 100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a dripping size of a chunk": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "dripping gzip": dripping(OK + b"Content-Encoding: gzip\r\n\r\n", b"".join(zipped(b"", 1))),
}
"""Replies that are never silent for long and never end."""
