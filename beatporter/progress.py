"""Progress of a run, told to whoever listens: the terminal, a Prefect artifact, or nobody.

The domain reports; it does not know who listens, and a report without a listener costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a genre's run stands."""

    genre: str
    """Slug; empty when the news concern the whole run."""
    step: str
    """scrape, challenged, match, playlist, history, backup, done, or failed."""
    done: int = 0
    total: int = 0
    """0 when the step has no count."""
    note: str = ""
    """A sentence for the person, such as a wait that Spotify asked for."""


Listener = Callable[[Progress], None]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("progress_listeners", default=())


def report(progress: Progress) -> None:
    """Tell every listener of this context."""
    for listener in _listeners.get():
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have the listener told of everything that is reported within."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)
