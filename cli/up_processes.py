"""The processes of `beatporter up`: each has its own log and ends with the command."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from beatporter.errors import PermanentError
from cli.guarded_prefect import server_command
from cli.terminal import Terminal

START_S = 180.0
END_S = 20.0
"""How long a process may take to end before it is killed; an active run first reports that it was stopped."""
LOOK_EVERY_S = 0.3
WORKER = "worker"
RESTARTS = 5
RESTART_AFTER_S = 3.0
POOL = "beatporter"
_PR_SET_PDEATHSIG = 1
_GONE = (ProcessLookupError, PermissionError)


class Processes:
    """The started processes; leaving the block ends them in reverse order.

    Each has its own session, so Ctrl-C reaches only this command, which ends them in order; on Linux the system ends them
    if this command is killed.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._worker_environment: dict[str, str] = {}
        self._worker_log_start = 0

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for _, process in reversed(self._started):
            _end(process)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a process; its output goes to `<logs>/<name>.log`."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._started.append((name, process))
        return process

    def log(self, name: str) -> Path:
        """The file for a process's output."""
        return self._logs / f"{name}.log"

    def start_sandbox(self, state: Path, environment_file: Path, ports_file: Path) -> None:
        """Start the sandbox, and wait until it has written its environment and its addresses."""
        for file in (environment_file, ports_file):
            file.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--state",
            str(state),
            "--env-file",
            str(environment_file),
            "--ports-file",
            str(ports_file),
        ]
        process = self.start("sandbox", [*command, "--until-parent-ends", str(os.getpid())], os.environ)
        for _ in self._waiting("sandbox", process):
            if environment_file.exists():
                return

    def start_server(self, port: int, environment: Mapping[str, str]) -> None:
        """Start Prefect's server and wait until it answers."""
        process = self.start("server", server_command(port), environment)
        for _ in self._waiting("server", process):
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5).close()
                return

    def start_worker(self, environment: Mapping[str, str]) -> None:
        """Start a worker named after this machine and this process."""
        self._worker_environment = dict(environment)
        self._worker_log_start = self.log(WORKER).stat().st_size if self.log(WORKER).exists() else 0
        command = [_program("prefect"), "worker", "start", "--pool", POOL, "--name", _worker_name()]
        self.start(WORKER, command, environment)

    def start_pages(self, port: int, environment: Mapping[str, str]) -> None:
        """Start the memory pages."""
        self.start("pages", [_program("beatporter"), "profile", "serve", "--port", str(port)], environment)

    def start_inbox(self, port: int, environment: Mapping[str, str]) -> None:
        """Start the inbox: it listens for the bookmarklet and watches its folder."""
        self.start("inbox", [_program("beatporter"), "inbox", "--no-open", "--port", str(port)], environment)

    def wait_until_up(self, pages_port: int, inbox_port: int) -> None:
        """Wait until the memory pages and the inbox answer and the worker has told the server that it is there.

        Raises:
            PermanentError: one of them ended or took too long; its log says why.
        """
        started: dict[str, Callable[[], bool]] = {
            WORKER: self._worker_is_up,
            "pages": partial(_answers, pages_port),
            "inbox": partial(_answers, inbox_port),
        }
        processes = dict(self._started)
        for name, is_up in started.items():
            for _ in self._waiting(name, processes[name]):
                if is_up():
                    break

    def _worker_is_up(self) -> bool:
        """Whether the worker says so in its log: to ask the server may need a key, which only Prefect knows."""
        written = self.log(WORKER).read_bytes()[self._worker_log_start :]
        return f"Worker '{_worker_name()}' started".encode() in written

    @staticmethod
    def register(environment: Mapping[str, str], notify: str) -> list[str]:
        """Create pool, deployments, blocks and alerts in a separate process, since Prefect would stay in this one's memory.

        Raises:
            PermanentError: the server refused something.
        """
        command = [sys.executable, "-m", "orchestration.register", "--notify", notify]
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise PermanentError((done.stderr or done.stdout).strip()[-1500:] or "The set-up of Prefect's server failed.")
        return done.stdout.splitlines()

    def wait(self, console: Terminal) -> int:
        """Wait until a process ends by itself, and report it; returns the exit code. A worker is restarted a few times."""
        left = RESTARTS
        while True:
            for entry in list(self._started):
                name, process = entry
                if process.poll() is None:
                    continue
                console.print(f"The {name} ended by itself; its log is {self.log(name)}", style="red", markup=False, soft_wrap=True)
                if name != WORKER or not left:
                    return 1
                left -= 1
                _end(process)
                self._started.remove(entry)
                time.sleep(RESTART_AFTER_S)
                self.start_worker(self._worker_environment)
                console.print("It was restarted.")
            time.sleep(LOOK_EVERY_S)

    def _waiting(self, name: str, process: subprocess.Popen[bytes]) -> Iterator[None]:
        end = time.monotonic() + START_S
        while True:
            yield
            if process.poll() is not None or time.monotonic() > end:
                raise PermanentError(f"The {name} did not start.", f"Its log is {self.log(name)}.")
            time.sleep(LOOK_EVERY_S)


def is_free(port: int) -> bool:
    """Whether this port on 127.0.0.1 is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(port: int) -> bool:
    """Whether a program listens at this port on 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def free_port() -> int:
    """A free port on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: ask first, then kill."""
    with suppress(*_GONE):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    with suppress(*_GONE):
        os.killpg(process.pid, signal.SIGTERM)
    end = time.monotonic() + END_S
    while _group_is_alive(process) and time.monotonic() < end:
        time.sleep(LOOK_EVERY_S)
    with suppress(*_GONE):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _group_is_alive(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except _GONE:
        return False
    return True


def _end_with_parent() -> None:
    """Make Linux end this process with its parent, however the parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
