"""Handles errors of standard output: reports a full disk, and ends silently if the reader has left (`| head`)."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO, cast

from beatporter.errors import PermanentError


class OutputUnwritable(PermanentError):
    """A command's output could not be written."""


@contextmanager
def output_written() -> Iterator[None]:
    """Make sure that everything printed in the block is written.

    Raises:
        OutputUnwritable: writing failed.
        SystemExit: the reader has left.
    """
    standard = sys.stdout
    if standard is None:  # the caller closed it and wants no output
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
    """Standard output that raises our own error: a plain OSError does not show where it comes from."""

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
    """Discard the remaining output, or Python tries to write it again at exit and complains."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
