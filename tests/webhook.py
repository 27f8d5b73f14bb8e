"""A local webhook: what Prefect's server sends an alert to in a test."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.timeouts import TIMEOUT_S


class Webhook:
    """Keeps each message that arrives, as Apprise's `json://` sends it.

    Attributes:
        messages: in the order of arrival, with `title` and `message`.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        arrived = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                arrived.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def apprise_address(self) -> str:
        return f"json://127.0.0.1:{self._server.server_address[1]}/alerts"

    def wait_for(self, title: str, words: str) -> dict[str, Any]:
        """The first message with both, such as a run's id in its text; tests share the webhook."""
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            for message in list(self.messages):
                if title in message["title"] and words in message["message"]:
                    return message
            time.sleep(0.5)
        raise AssertionError(f"no alert {title!r} with {words!r} came; there were {[message['title'] for message in self.messages]}")

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
