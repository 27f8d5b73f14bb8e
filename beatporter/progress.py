"""Reports a run's progress to its listeners: the terminal, a Prefect artifact, or nobody.

The domain does not know its listeners, and a report without a listener costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a genre's run has got."""

    genre: str
    """Slug; empty when the report concerns the whole run."""
    step: str
    """scrape, challenged, match, playlist, history, backup, done, or failed."""
    done: int = 0
    total: int = 0
    """0 when the step has no count."""
    note: str = ""
    """A sentence for the person, for example about a wait that Spotify asked for."""


Listener = Callable[[Progress], None]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("progress_listeners", default=())


def report(progress: Progress) -> None:
    """Pass it to every listener of this context."""
    for listener in _listeners.get():
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call the listener with every report made inside the block."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)
