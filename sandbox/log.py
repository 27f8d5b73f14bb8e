"""The request log: requests to the sandbox and their outcome. Several servers may share one."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sandbox.messages import Request

_LENGTH = 200_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    number: int
    """From 1, over all servers that share the log."""
    service: str
    method: str
    kind: str
    path: str
    query: str
    status: int
    """The status that was sent; 0 when the connection was dropped without an answer."""
    fault: str | None
    """Label of the fault applied, e.g. "server_error:502:after"."""
    handled: bool
    """Whether the handler ran, so that a valid write was applied."""
    at: datetime

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class RequestLog:
    """The last 200,000 requests, oldest first; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[LogEntry] = deque(maxlen=_LENGTH)
        self._number = 0

    def note(self, request: Request, status: int, fault: str | None, handled: bool, at: datetime) -> None:
        with self._lock:
            self._number += 1
            self._entries.append(
                LogEntry(
                    self._number, request.service, request.method, request.kind, request.path, request.raw_query, status, fault, handled, at
                )
            )

    def entries(self, *, after: int = 0, **wanted: object) -> list[LogEntry]:
        """Entries with a number above `after` whose fields equal `wanted`, e.g. `entries(service="spotify", method="POST")`."""
        with self._lock:
            found = list(self._entries)
        return [entry for entry in found if entry.number > after and all(getattr(entry, key) == value for key, value in wanted.items())]

    def count(self, *, after: int = 0, **wanted: object) -> int:
        """The number of `entries`."""
        return len(self.entries(after=after, **wanted))

    @property
    def last_number(self) -> int:
        """A mark for `after=`."""
        with self._lock:
            return self._number

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
