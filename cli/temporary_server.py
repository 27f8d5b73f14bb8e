"""Prefect's temporary server: a child process that always ends with its command, even if the command is killed.

Prefect can start one itself. That one survives a killed parent, and if it dies, its parent continues silently for many
minutes. So this module runs Prefect's application under uvicorn and sets PREFECT_API_URL.

The command owns the listening socket and passes it to the server. Requests that arrive during a start or a restart wait in
the socket's queue. The server reads its standard input, which nobody writes to: it closes when the command ends.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cli.guarded_prefect import close_failed_cursors

END_WITHIN_S = 5.0
MOST_RESTARTS = 3
"""Per command; more restarts would not help."""
LOG = "server.log"

Say = Callable[[str], None]


class TemporaryServer:
    """A server for this process; one per process, see `started_server`.

    Args:
        home: folder for Prefect's database and the server's output.
        say: called from a thread with a message when the server ended and is restarted.
        give_up: called from that thread if the restart fails; it need not return.
    """

    def __init__(self, home: Path, say: Say, give_up: Say) -> None:
        home.mkdir(parents=True, exist_ok=True)
        (home / LOG).unlink(missing_ok=True)
        self._log, self._say, self._give_up = home / LOG, say, give_up
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._ending = threading.Event()
        self._process = self._start()
        self._watch = threading.Thread(target=self._start_again, name="temporary-server", daemon=True)
        self._watch.start()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"

    def stop(self) -> None:
        """Stop the server and wait for its end. Safe to call twice."""
        self._ending.set()
        process = self._process
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._socket.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "cli.temporary_server", str(self._socket.fileno())]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._socket.fileno()],
                start_new_session=True,  # Ctrl-C is for the command, which must still report to the server
            )

    def _start_again(self) -> None:
        for _ in range(MOST_RESTARTS):
            code = self._process.wait()
            if self._ending.is_set():
                return
            self._say(f"Prefect's temporary server ended ({_in_words(code)}) and is being restarted.")
            self._process = self._start()
        code = self._process.wait()
        if not self._ending.is_set():
            self._ending.set()
            self._socket.close()
            self._give_up(f"Prefect's temporary server ended {MOST_RESTARTS + 1} times ({_in_words(code)}). Its output is in {self._log}.")


_started: TemporaryServer | None = None


def started_server(home: Path, say: Say, give_up: Say) -> TemporaryServer:
    """This process's server, started on first use; it ends with the process."""
    global _started
    if _started is None:
        _started = TemporaryServer(home, say, give_up)
        atexit.register(_started.stop)
    return _started


def _in_words(code: int) -> str:
    try:
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    except ValueError:
        return f"killed by signal {-code}"


def _serve(listening: socket.socket) -> None:
    """Run the server until it ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    close_failed_cursors()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app(ephemeral=True, final=True), log_level="error", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # returns when the other end is closed, at the latest by the system
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_WITHIN_S)
    os._exit(1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
