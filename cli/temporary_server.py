"""Prefect's temporary server: a process of our own that ends with the command which started it, whatever ends that.

Prefect would start one too. It lives on when its parent is killed, and when it dies itself its parent goes on for many minutes without a
word. So this module starts it by Prefect's public means: its application under uvicorn, its address in PREFECT_API_URL.

The command keeps the listening socket and lends it to the server. A request that comes while the server starts, or starts again, waits in
the socket's queue. The server reads from its standard input, which nobody writes to: its end is the end of the command.
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

END_WITHIN_S = 5.0
MOST_RESTARTS = 3
"""In a command's life; a server that needs more is not coming back."""
LOG = "server.log"

Say = Callable[[str], None]


class TemporaryServer:
    """A server for this process. One a process, see `started_server`.

    Args:
        home: folder of Prefect's database, where the server's output goes too.
        say: told when the server ended and is started again, from a thread.
        give_up: called, from that thread, when it cannot be; it is not expected to return.
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
        """End it, and wait for that. May be called again."""
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
                start_new_session=True,  # Ctrl-C is for the command, which still has to report to the server
            )

    def _start_again(self) -> None:
        for _ in range(MOST_RESTARTS):
            code = self._process.wait()
            if self._ending.is_set():
                return
            self._say(f"Prefect's temporary server ended ({_in_words(code)}) and is started again.")
            self._process = self._start()
        code = self._process.wait()
        if not self._ending.is_set():
            self._ending.set()
            self._socket.close()
            self._give_up(f"Prefect's temporary server ended {MOST_RESTARTS + 1} times ({_in_words(code)}). Its output is in {self._log}.")


_started: TemporaryServer | None = None


def started_server(home: Path, say: Say, give_up: Say) -> TemporaryServer:
    """This process's server, started when it is first asked for; it ends with the process."""
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
    """The server's whole life."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app(ephemeral=True, final=True), log_level="error", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # nothing is written: this returns when the other end is closed, by the system at the latest
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_WITHIN_S)
    os._exit(1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
