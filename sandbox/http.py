"""The HTTP core of the sandbox: a small threaded HTTP/1.1 server on 127.0.0.1, a table of routes, a log of requests.

Owns routing, latency and the execution of faults (`sandbox.socket_server` handles bytes). Does not know what a service answers:
handlers are plain functions from `Request` to `Response`.

    def hello(request: Request) -> Response:
        return json_response({"hello": request.params["name"]})

    with Server("greeter", [Route("GET", "/hello/{name}", "hello", hello)]) as server:
        requests.get(f"{server.url}/hello/you")
        assert server.log.count(kind="hello") == 1

Several servers may share a clock, a `FaultScript` and a `RequestLog`, so that one script and one log cover the whole world.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from sandbox.clock import SandboxClock
from sandbox.faults import HOOKED, FaultScript, Rule
from sandbox.log import LogEntry, RequestLog
from sandbox.messages import Request, Response, html_response, json_response
from sandbox.socket_server import Answer, Listener

OVERSIZE_BYTES: Final = 5 * 2**20
"""More than any client should read."""
HTML_PAGE: Final = "<!DOCTYPE html><html><head><title>Please wait</title></head><body><h1>We will be right back</h1></body></html>"

Handler = Callable[[Request], Response]
VendorError = Callable[[Request, int, str | None], Response]
"""Returns the service's own error for a status and an optional reason."""
Hook = Callable[[Request, Rule, Response], Response]
"""Turns a good answer into a spoilt one, for a fault that only this service knows."""


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: str
    """For example "/v1/playlists/{playlist_id}/items"; a part in braces matches one segment; a trailing slash is ignored."""
    kind: str
    """Its name in the log, the fault rules and the latency table."""
    handler: Handler
    service: str = ""
    """Overrides the server's name, when one server speaks for two services."""


def plain_error(request: Request, status: int, reason: str | None) -> Response:
    """The error of a service without its own error format."""
    return json_response(
        {"error": {"status": status, "message": HTTPStatus(status).phrase, **({"reason": reason} if reason else {})}}, status
    )


class Server:
    """One service (or several at one address) on 127.0.0.1; starts with `start` or as a context manager.

    Attributes:
        log: requests and answers.
        faults: the script that spoils answers; add rules to it at any time.
        latency_s: real seconds before each answer, for benchmarks; can change at any time.
        failures: errors of handlers. Leaving the context raises them, so a broken handler is never mistaken for a broken network.
    """

    def __init__(
        self,
        service: str,
        routes: Sequence[Route],
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        faults: FaultScript | None = None,
        log: RequestLog | None = None,
        latency_s: float = 0.0,
        vendor_error: VendorError = plain_error,
        hooks: Mapping[str, Hook] | None = None,
    ) -> None:
        self.service = service
        self.clock = clock if clock is not None else SandboxClock()
        self.faults = faults if faults is not None else FaultScript()
        self.log = log if log is not None else RequestLog()
        self.latency_s = latency_s
        self.vendor_error = vendor_error
        self.hooks = dict(hooks or {})
        self.failures: list[BaseException] = []
        self._routes = [(route, _compile(route.pattern)) for route in routes]
        self._port = port
        self._listener: Listener | None = None

    @property
    def url(self) -> str:
        """http://127.0.0.1:port; the port survives a stop and a start.

        Raises:
            RuntimeError: the server was never started.
        """
        if not self._port:
            raise RuntimeError(f"the {self.service} server has not been started")
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Listen and serve in a daemon thread; the port survives a stop and a start."""
        if self._listener is None:
            self._listener = Listener(self._port, self._answer, self.failures)
            self._port = self._listener.server_address[1]
            serve = self._listener.serve_forever
            threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, name=f"sandbox-{self.service}", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening, end hangs and close every open connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        if self.failures and error is None:
            raise BaseExceptionGroup(f"handlers of the {self.service} server failed", self.failures)

    def route(self, request: Request) -> tuple[Request, Handler]:
        """Find the handler; the returned request has service, kind and params set."""
        allowed = []
        for route, pattern in self._routes:
            match = pattern.fullmatch(request.path)
            if match and route.method == request.method:
                return replace(request, service=route.service or request.service, kind=route.kind, params=match.groupdict()), route.handler
            if match:
                allowed.append(route.method)
        status = HTTPStatus.METHOD_NOT_ALLOWED if allowed else HTTPStatus.NOT_FOUND
        return replace(request, kind="unknown"), lambda asked: self.vendor_error(asked, status, None)

    def _answer(self, asked: Request) -> Answer:
        request, handler = self.route(replace(asked, service=self.service))
        rule = self.faults.pick(request.service, request.method, request.kind, request.path)
        response = handler(request) if rule is None or rule.after else None
        handled = response is not None
        if rule is not None:
            response = self._spoil(request, rule, response)
        listener = self._listener
        if self.latency_s and listener is not None:
            listener.stopping.wait(self.latency_s)
        self.log.note(request, response.status if response else 0, rule.label if rule else None, handled, self.clock())
        silence_s = rule.seconds if rule is not None and rule.fault == "hang" else 0.0
        fault = rule.fault if rule is not None else ""
        return Answer(response, silence_s, cut_off=fault == "cut_off", drips=fault == "drip")

    def _spoil(self, request: Request, rule: Rule, response: Response | None) -> Response | None:
        """What is sent instead of the handler's answer (None if the handler did not run); None: nothing at all."""
        if rule.fault in ("drop", "hang"):
            return None
        if rule.fault == "html":
            return html_response(HTML_PAGE, rule.status or HTTPStatus.OK)
        if rule.fault in _REFUSALS:
            return self._refuse(request, rule)
        if response is None:
            raise RuntimeError(f"{rule.fault} came without an answer to spoil")
        if rule.fault in HOOKED:
            return self.hooks[rule.fault](request, rule, response)
        if rule.fault == "truncated":
            return replace(response, body=response.body[: len(response.body) // 2])
        if rule.fault == "oversize":
            return replace(response, body=response.body + b" " * OVERSIZE_BYTES)
        return replace(response, body=b"") if rule.fault == "empty" else response

    def _refuse(self, request: Request, rule: Rule) -> Response:
        status, reason, usual_wait_s = _REFUSALS[rule.fault]
        response = self.vendor_error(request, rule.status or status, reason)
        wait_s = rule.retry_after_s if rule.retry_after_s is not None else usual_wait_s
        if wait_s is None:
            return response
        kept = (header for header in response.headers if header[0].lower() != "retry-after")
        return replace(response, headers=(*kept, ("Retry-After", str(math.ceil(wait_s)))))


_REFUSALS: Final[Mapping[str, tuple[int, str | None, float | None]]] = {
    "rate_limited": (429, None, 1),
    "quota_exceeded": (429, "QUOTA_EXCEEDED", 50_000),
    "token_expired": (401, "TOKEN_EXPIRED", None),
    "server_error": (500, None, None),
}
"""Fault: status, reason for the service's own error, seconds of Retry-After."""


def _compile(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)) + "/?")


__all__ = [
    "Handler",
    "Hook",
    "LogEntry",
    "Request",
    "RequestLog",
    "Response",
    "Route",
    "Server",
    "VendorError",
    "html_response",
    "json_response",
    "plain_error",
]
