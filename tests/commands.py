"""Runs `beatporter`, and programs of tests, as processes of their own, without the second that a new Python takes to import us.

One process has imported every command and waits. For each command it forks a child with its own arguments, environment, folder and open
files, which then does what the installed script does. Prefect is not among the imports: it reads its settings when it is imported.
What depends on the start of a real process (imports, signals while importing, encodings, closed files) is tested with the script itself.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[1]
BEATPORTER = str(Path(sys.executable).with_name("beatporter"))
"""The installed script."""
ALSO_IMPORTED = ("alembic.command", "alembic.config", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite")
"""What commands import only when they need it."""
SCRIPT = "cli.entry:main"
"""What the installed script calls."""
_MESSAGE_BYTES = 2**20


class Process:
    """A command at work.

    Attributes:
        pid: its own.
    """

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self.pid = int(_answer(answers, TIMEOUT_S))

    def wait(self, timeout_s: float = TIMEOUT_S) -> int:
        """Its exit code; negative when a signal ended it.

        Raises:
            TimeoutError: it is still at work.
        """
        return int(_answer(self._answers, timeout_s))

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def start_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | None,
    *,
    stdin: int,
    stdout: int,
    stderr: int,
    terminal: bool = False,
    program: str = SCRIPT,
) -> Process:
    """Start `beatporter` with these arguments and file descriptors.

    Args:
        program: another function than the script's, `module:name`.
        terminal: the descriptors are a terminal, which becomes the process's own, so that Ctrl-C reaches it.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "cwd": str(cwd) if cwd is not None else str(Path.cwd()),
        "terminal": terminal,
        "program": program,
    }
    with theirs:
        socket.send_fds(_waiting_process(), [json.dumps(asked).encode()], [theirs.fileno(), stdin, stdout, stderr])
    return Process(ours)


def run_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | None = None,
    *,
    given: str = "",
    timeout_s: float = TIMEOUT_S,
    program: str = SCRIPT,
) -> subprocess.CompletedProcess[str]:
    """Run `beatporter` with these arguments to its end.

    Args:
        given: its standard input.
        program: another function than the script's, `module:name`.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(given.encode())
        stdin.seek(0)
        files = {"stdin": stdin.fileno(), "stdout": stdout.fileno(), "stderr": stderr.fileno()}
        process = start_command(arguments, environment, cwd, **files, program=program)
        try:
            code = process.wait(timeout_s)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"beatporter {' '.join(arguments)} did not end:\n{_text(stdout)}{_text(stderr)}") from None
        return subprocess.CompletedProcess([BEATPORTER, *arguments], code, _text(stdout), _text(stderr))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _answer(answers: socket.socket, timeout_s: float) -> str:
    answers.settimeout(timeout_s)
    said = answers.recv(100).decode()
    assert said, "the process that forks commands ended"
    return said


@cache
def _waiting_process() -> socket.socket:
    """The way to the process that forks commands; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "tests.commands", str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


# --- in the process that forks ---------------------------------------------------------------------------------------


def main() -> None:
    """Import every command; then, in each child, run one."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    from cli.commands import COMMANDS

    for module in ("cli.main", *(command.path.partition(":")[0] for command in COMMANDS.values()), *ALSO_IMPORTED):
        import_module(module)
    assert "prefect" not in sys.modules, "Prefect would keep this process's settings"
    gc.collect()
    gc.freeze()
    program = _forked(requests)
    if program is not None:
        _become(program)


def _forked(requests: socket.socket) -> str | None:
    """Fork for each request. Returns the program in its child, and None here when there are no more requests."""
    attendants = set[int]()
    while True:
        attendants -= {one for one in attendants if os.waitpid(one, os.WNOHANG)[0]}
        try:
            message, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE_BYTES, 4)
        except KeyboardInterrupt:
            return None
        if not message:
            return None
        attendant = os.fork()
        if attendant == 0:
            requests.close()
            answers, *files = descriptors
            with socket.socket(fileno=answers) as told:
                command = os.fork()
                if command:
                    _attend(command, told, files)
            asked = json.loads(message)
            _take_over(asked, files)
            return str(asked["program"])
        attendants.add(attendant)
        for descriptor in descriptors:
            os.close(descriptor)


def _attend(command: int, told: socket.socket, files: list[int]) -> None:
    """Tell the test the command's process id, and at its end the exit code."""
    os.setsid()  # Ctrl-C is for the command
    for descriptor in (*files, 0, 1, 2):
        os.close(descriptor)
    told.send(str(command).encode())
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    try:
        told.send(str(code).encode())
    finally:
        os._exit(0)


def _take_over(asked: dict[str, Any], files: list[int]) -> None:
    """Become a process as the request describes it."""
    if asked["terminal"]:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests' shell did with it
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if asked["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdin = sys.__stdin__ = _opened(0, "r")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _opened(1, "w")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _opened(2, "w")  # type: ignore[misc]
    sys.argv = [BEATPORTER, *asked["arguments"]]
    sys.modules["__main__"].__package__ = ""  # Click would call the program "python -m tests.…"
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    time.tzset()


def _become(program: str) -> None:
    """Do what a script does that calls the function, and end as Python does, but leave the memory to the system."""
    module, _, name = program.partition(":")
    code = 0
    try:
        getattr(import_module(module), name)()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        code = end.code
    threading._shutdown()  # type: ignore[attr-defined] # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


def _opened(descriptor: int, mode: str) -> Any:
    """A standard stream as Python opens it."""
    lines = descriptor == 2 or os.isatty(descriptor)
    errors = "backslashreplace" if descriptor == 2 else "strict"
    return open(descriptor, mode, buffering=1 if lines else -1, encoding="utf-8", errors=errors, closefd=False)


if __name__ == "__main__":
    main()
