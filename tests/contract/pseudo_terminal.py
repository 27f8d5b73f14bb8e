"""A command in a pseudo-terminal of 80 columns, with answers typed into it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.commands import start_command
from tests.timeouts import TIMEOUT_S

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\]8;[^\x1b]*\x1b\\")
CTRL_C = "\x03"


@dataclass(frozen=True)
class Screen:
    """The text on the screen, without colours and links, and the exit code."""

    text: str
    code: int

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def run_in_terminal(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path,
    answers: Sequence[tuple[str, str | Callable[[str], str]]] = (),
    columns: int = 80,
) -> Screen:
    """Run `beatporter` with these arguments to its end.

    Args:
        answers: the text to wait for on the screen, and what to type then (or a function of the screen); "\\x03" is Ctrl-C, "\\x04" Ctrl-D.
    """
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    own = {**environment, "TERM": "xterm-256color"}
    process = start_command(arguments, own, cwd, stdin=terminal, stdout=terminal, stderr=terminal, terminal=True)
    os.close(terminal)
    shown, waiting = "", list(answers)
    end = time.monotonic() + TIMEOUT_S
    since = 0
    typed = ""
    while time.monotonic() < end:
        ready, _, _ = select.select([controller], [], [], 1.0)
        if ready:
            try:
                chunk = os.read(controller, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk.decode(errors="replace")
        if waiting and waiting[0][0] in shown[since:]:
            since = len(shown)
            answer = waiting.pop(0)[1]
            typed = answer if isinstance(answer, str) else answer(shown)
            os.write(controller, typed.encode())
        elif typed == CTRL_C and not ready and shown[since:].strip() in ("", "^C"):
            os.write(controller, typed.encode())  # one that comes just before the read is lost: a person presses again
    os.close(controller)
    try:
        code = process.wait()
    except TimeoutError:
        process.kill()
        raise AssertionError(f"beatporter {' '.join(arguments)} did not end; it showed:\n{shown}") from None
    assert not waiting, f"{waiting[0][0]!r} never appeared on the screen:\n{shown}"
    return Screen(_ESCAPES.sub("", shown).replace("\r", ""), code)
