"""Reads captures in a separate process, so that reading does not count as a run's memory. One reader serves the whole process.

It starts with the run and loads memray while the run waits for its services, so it answers immediately at the run's end.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from beatporter.memory.records import Details, Holder, Moment, Step, StepHolders

TIMEOUT_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]
_OURS = "BEATPORTER_"
MODULE = "beatporter.memory"
T = TypeVar("T")


class Reader:
    """A child process that reads captures. Thread-safe."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the child if necessary; `read` reports a child that could not be started."""
        with self._lock, suppress(OSError):
            self._started()

    def read(self, file: Path, steps: Sequence[Step] = (), began_at: float | None = None, *, timeout_s: float = TIMEOUT_S) -> Details:
        """Analyse the capture, see `analysis.analyse`.

        Raises:
            ReadingFailed: with a message for the person; a reader that does not answer is killed.
        """
        request = {"file": str(file.resolve()), "steps": [asdict(step) for step in steps], "began_at": began_at}
        return self._answer(request, file, details_of, "The capture could not be read", timeout_s)

    def copy(self, file: Path, address: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Copy the capture into a folder or bucket: the child has what that takes, and this process does not.

        Args:
            address: a folder, or gs://bucket/prefix.

        Raises:
            ReadingFailed: with a message for the person.
        """
        request = {"file": str(file.resolve()), "to": address}
        self._answer(request, file, lambda answer: None, "The capture could not be copied", timeout_s)

    def close(self) -> None:
        """End the child; the next call starts another."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def _answer(self, request: dict[str, Any], file: Path, result: Callable[[dict[str, Any]], T], problem: str, timeout_s: float) -> T:
        with self._lock:
            try:
                answer = self._ask(json.dumps(request), timeout_s)
                if "error" in answer:
                    raise ReadingFailed(f"{problem}: {answer['error'].replace(str(file.resolve().parent), '')[:200].rstrip('.')}.")
                return result(answer)
            except ReadingFailed:
                raise
            except (OSError, ValueError, KeyError, TypeError) as error:
                self._end()
                raise ReadingFailed(f"{problem} ({type(error).__name__}).") from error

    def _ask(self, request: str, timeout_s: float) -> dict[str, Any]:
        child = self._started()
        assert child.stdin is not None  # noqa: S101 - both are pipes
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(request + "\n")
        child.stdin.flush()
        if not select.select([child.stdout], [], [], timeout_s)[0]:
            self._end()
            raise ReadingFailed(f"Reading the capture took longer than {timeout_s:g} s.")
        line = child.stdout.readline()
        if not line:
            code = child.wait()
            self._end()
            raise ReadingFailed(f"The capture could not be read: the process that reads it ended with code {code}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            command = [sys.executable, "-m", MODULE]
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(  # noqa: S603 - our own module
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=reader_environment()
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


class ReadingFailed(Exception):
    """A capture could not be read or copied; says why."""


READER = Reader()
"""This process' reader."""


def reader_environment() -> dict[str, str]:
    """The child's environment: it must find this package, and must not get our settings, which hold secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths)}


def details_of(document: dict[str, Any]) -> Details:
    """Read the details from JSON."""
    plain = ("peak_bytes", "reserved_bytes", "import_bytes", "allocations", "left_bytes", "last_rss_bytes")
    return Details(
        **{name: document[name] for name in plain},
        places=_holders(document["places"]),
        own=_holders(document["own"]),
        left=_holders(document["left"]),
        steps=tuple(StepHolders(one["name"], one["peak_bytes"], _holders(one["own"])) for one in document["steps"]),
        timeline=tuple(Moment(**moment) for moment in document["timeline"]),
    )


def _holders(documents: Sequence[dict[str, Any]]) -> tuple[Holder, ...]:
    return tuple(Holder(**one) for one in documents)
