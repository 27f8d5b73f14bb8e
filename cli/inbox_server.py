"""A server on 127.0.0.1 for pages that the person hands over from the browser.

Its address holds a secret, so no other page can send anything. Only Beatport's pages and its own get an answer that a script
may read; browsers ask first (CORS, and private networks), and every other origin is refused. A request with a foreign host name
gets no answer, because a strange page could use one to get around these checks.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from beatporter.errors import SettingsError
from beatporter.http.limits import MAX_BODY_BYTES
from beatporter.settings import Settings
from beatporter.sync.inbox import Inbox, InboxResult
from cli.bookmarklet import inbox_page, receive_page
from cli.inbox_address import DEFAULT_PORT, inbox_address, load_secret

_REMEMBERED = 20
_TIMEOUT_S = 30.0


class InboxServer:
    """Listens while the context is open.

    Args:
        settings: the home, and the addresses of Beatport's pages.
        inbox: saves the charts.
        port: on 127.0.0.1; 0 takes a free one.

    Attributes:
        address: of its page, with the secret.
    """

    def __init__(self, settings: Settings, inbox: Inbox, port: int = DEFAULT_PORT) -> None:
        self.inbox = inbox
        self.origins = _origins_of(settings.beatport_url)
        self.secret = load_secret(settings.home)
        self.taken: deque[InboxResult] = deque(maxlen=_REMEMBERED)
        try:
            self._server = _Listener(("127.0.0.1", port), _Handler)
        except OSError as error:
            problem = error.strerror
        else:
            self._server.inbox_server = self
            self.hosts = {f"{name}:{self._server.server_port}" for name in ("127.0.0.1", "localhost")}
            self.address = inbox_address(settings.home, self._server.server_port)
            return
        raise SettingsError(
            f"Port {port} of 127.0.0.1 cannot be used: {problem}.", "Is another `beatporter inbox` running? Else use --port."
        )

    def note(self, taken: InboxResult) -> InboxResult:
        """Remember a result for the page."""
        self.taken.appendleft(taken)
        return taken

    def take(self, body: bytes) -> tuple[HTTPStatus, str]:
        """Read what the bookmarklet sent; returns a status and a message for the person."""
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            sent = None
        if not isinstance(sent, Mapping) or not isinstance(sent.get("data"), str) or not isinstance(sent.get("address"), str):
            return (
                HTTPStatus.BAD_REQUEST,
                "That is not what the bookmarklet sends. Drag it into your bookmarks again.",
            )
        taken = self.note(self.inbox.take_page(sent["data"], sent["address"]))
        return HTTPStatus.OK if taken.accepted else HTTPStatus.UNPROCESSABLE_ENTITY, taken.message

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="inbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    inbox_server: InboxServer


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_S

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the secret is in every address."""

    def do_GET(self) -> None:
        inbox = self.server.inbox_server
        rest = self._rest()
        if rest == "":
            lately = [(taken.message, taken.accepted) for taken in inbox.taken]
            policy = "default-src 'none'; style-src 'unsafe-inline'"
            self._answer(HTTPStatus.OK, inbox_page(inbox.address, str(inbox.inbox.folder), lately), policy=policy)
        elif rest == "receive":
            nonce = secrets.token_urlsafe(12)
            policy = f"default-src 'none'; script-src 'nonce-{nonce}'; connect-src 'self'"
            self._answer(HTTPStatus.OK, receive_page(nonce, inbox.origins), policy=policy)
        else:
            self._not_here()

    def do_OPTIONS(self) -> None:
        """Answer the browser's question whether a page may send: CORS, and whether a public page may reach a private network."""
        if self._rest() != "page":
            self._not_here()
            return
        origin = self.headers.get("Origin", "")
        if origin not in self.server.inbox_server.origins:
            self._answer(HTTPStatus.FORBIDDEN, "Only Beatport's pages may send here.", kind="text/plain")
            return
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type", "Access-Control-Max-Age": "600"}
        if self.headers.get("Access-Control-Request-Private-Network") == "true":
            allowed["Access-Control-Allow-Private-Network"] = "true"
        self._answer(HTTPStatus.NO_CONTENT, "", headers=allowed)

    def do_POST(self) -> None:
        inbox = self.server.inbox_server
        if self._rest() != "page":
            self._not_here()
            return
        origin = self.headers.get("Origin", "")
        if origin not in (*inbox.origins, f"http://{self.headers.get('Host', '')}"):
            self._answer(HTTPStatus.FORBIDDEN, "Only Beatport's pages may send here.", kind="text/plain")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._answer(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A page of more than {MAX_BODY_BYTES:,} bytes is not a chart.", kind="text/plain"
            )
            return
        status, said = inbox.take(self.rfile.read(int(length)))
        self._answer(status, said, kind="text/plain")

    def _rest(self) -> str | None:
        """The path after the secret; None without the secret or with a foreign host name."""
        inbox = self.server.inbox_server
        secret, _, rest = urlsplit(self.path).path.removeprefix("/").partition("/")
        right = hmac.compare_digest(secret.encode("utf-8", "replace"), inbox.secret.encode())
        return rest if right and self.headers.get("Host", "") in inbox.hosts else None

    def _not_here(self) -> None:
        self.close_connection = True
        self._answer(HTTPStatus.NOT_FOUND, "There is nothing here.", kind="text/plain")

    def _answer(
        self,
        status: HTTPStatus,
        text: str,
        *,
        kind: str = "text/html",
        policy: str = "default-src 'none'",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        body = text.encode()
        origin = self.headers.get("Origin", "")
        shared = {"Access-Control-Allow-Origin": origin} if origin in self.server.inbox_server.origins else {}
        always = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Vary": "Origin",
        }
        self.send_response_only(status)
        for name, value in {**always, **shared, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _origins_of(beatport_url: str) -> tuple[str, ...]:
    """Origins of Beatport's pages."""
    parts = urlsplit(beatport_url)
    own = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    return (own, own.replace("://www.", "://")) if "://www." in own else (own,)
