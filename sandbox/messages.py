"""Requests and responses for handlers: plain values, no sockets, no routing."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a handler."""

    service: str
    method: str
    path: str
    """Percent-decoded, without the query."""
    raw_query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    base_url: str
    """http://127.0.0.1:port, for links in answers."""
    kind: str = ""
    """The matched route's kind; "unknown" when none matched."""
    params: Mapping[str, str] = field(default_factory=dict)
    """The named parts of the path."""

    def first(self, name: str) -> str | None:
        """First value of a query parameter; None when absent."""
        values = urllib.parse.parse_qs(self.raw_query, keep_blank_values=True).get(name)
        return values[0] if values else None

    def form(self) -> dict[str, str]:
        """The body, parsed as a submitted form."""
        return dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; None when empty.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    """Content-Length is added when it is sent."""


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, (("Content-Type", "application/json; charset=utf-8"), *(headers or {}).items()))


def html_response(page: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = page.encode() if isinstance(page, str) else page
    return Response(status, body, (("Content-Type", "text/html; charset=utf-8"), *(headers or {}).items()))
