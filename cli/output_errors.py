"""Standard output that cannot be written: a full disk is told, a reader that left (`| head`) is not worth a word."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO, cast

from beatporter.errors import PermanentError


class OutputUnwritable(PermanentError):
    """What a command has to say could not be written."""


@contextmanager
def output_written() -> Iterator[None]:
    """See that everything that is printed within is written.

    Raises:
        OutputUnwritable: it is not, and somebody may want to know why.
        SystemExit: nobody reads it any more.
    """
    standard = sys.stdout
    if standard is None:  # closed by whoever started this, who wants nothing
        yield
        return
    watched = _Watched(standard)
    try:
        with redirect_stdout(cast("TextIO", watched)):
            try:
                yield
            finally:
                watched.flush()
    except BrokenPipeError:
        _let_go(standard)
        sys.exit(1)
    except OutputUnwritable:
        _let_go(standard)
        raise


class _Watched:
    """Standard output, whose errors are ours: an OSError alone does not say whose it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        with _told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        lost = OutputUnwritable(f"The output could not be written: {error.strerror}.", "Make room, or write it to another place.")
        raise lost from error


def _let_go(stream: TextIO) -> None:
    """Have what is left go nowhere, or Python tries once more at its end and complains."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
