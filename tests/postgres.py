"""A PostgreSQL for tests and benchmarks: Debian's, with a socket in a temporary folder that nothing else uses."""

from __future__ import annotations

import os
import pwd
import queue
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

START_S = 120
USER = "beatporter"


class NoPostgres(Exception):
    """This machine has no PostgreSQL; the message says what to install."""


class Postgres:
    """A running server.

    Args:
        folder: the folder of its socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def address(self, name: str) -> str:
        """A database's address. The server requires no password; this one lets tests check that it is never shown."""
        return f"postgresql://{USER}:hush-hush@/{name}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """The address of a new database: empty, or a copy of the one at an address to which nothing is connected."""
        name = f"test_{secrets.token_hex(6)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {_name_of(template)}")
        return self.address(name)

    def empty_database(self, name: str) -> str:
        """The address of an empty database with that name; an older one is removed."""
        self.drop(self.address(name))
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.address(name)

    def drop(self, address: str) -> None:
        """Remove a database, even while something is connected to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{_name_of(address)}" WITH (FORCE)')

    def sql(self, statement: str, address: str | None = None) -> list[Any]:
        """The result of a statement outside any transaction; in the server's own database unless an address names another."""
        import psycopg

        with psycopg.connect(address or self.address("postgres"), autocommit=True) as connection:
            result = connection.execute(statement)
            return result.fetchall() if result.description else []


class Door:
    """A way to the server over TCP that can be shut, so that open connections break and new ones are refused, and that can be slow.

    Args:
        server: the server, which itself listens on a socket in a folder.
        round_trip_s: how long a question and its answer take together on their way.

    Attributes:
        port: on 127.0.0.1.
        asked: messages after which clients have waited for an answer so far, each a round trip.
    """

    def __init__(self, server: Postgres, *, round_trip_s: float = 0.0) -> None:
        self._target, self._delay_s = str(server.folder / ".s.PGSQL.5432"), round_trip_s / 2
        self._open: list[socket.socket] = []
        self.asked = 0
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._listening: socket.socket | None = None

    def address(self, database: str) -> str:
        """The address, through the door, of a database of the server."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{_name_of(database)}"

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        for one in [*([self._listening] if self._listening else []), *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()
        self._listening = None

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as PostgreSQL does: answers wait for nothing but the delay
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._open += [client, server]
            for source, sink, passed in ((client, server, _Questions(self).see), (server, client, lambda _: None)):
                threading.Thread(target=_pump, args=(source, sink, self._delay_s, passed), daemon=True).start()


class _Questions:
    """Counts for a door, in what one client sends, the messages after which it waits (postgresql.org/docs/current/protocol.html)."""

    WAITING = b"QSp"
    """A simple query, the end of a batch of other messages, and a password."""
    STARTUP = 196608

    def __init__(self, door: Door) -> None:
        self._door, self._data, self._is_started = door, b"", False

    def see(self, data: bytes) -> None:
        """Take in the next piece; a message may come in several."""
        self._data += data
        while len(self._data) >= 8 or (self._is_started and len(self._data) >= 5):
            kind = self._data[:1] if self._is_started else b""  # until it is started, messages have no letter
            length = len(kind) + int.from_bytes(self._data[len(kind) : len(kind) + 4], "big")
            if len(self._data) < length:
                return
            self._door.asked += not kind or kind in self.WAITING
            self._is_started = self._is_started or int.from_bytes(self._data[4:8], "big") == self.STARTUP
            self._data = self._data[length:]


def _pump(source: socket.socket, sink: socket.socket, delay_s: float, passed: Callable[[bytes], None]) -> None:
    """Pass on what arrives, each piece so much later; pieces do not wait for each other."""
    pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def send() -> None:
        with suppress(OSError):
            while (piece := pieces.get())[1]:
                time.sleep(max(0.0, piece[0] - time.monotonic()))
                sink.sendall(piece[1])
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=send, daemon=True).start()
    with suppress(OSError):
        while data := source.recv(65_536):
            passed(data)
            pieces.put((time.monotonic() + delay_s, data))
    pieces.put((0.0, b""))


@contextmanager
def running_postgres(keep: Path | None = None) -> Iterator[Postgres]:
    """Start a server; it stops when the block is left.

    Args:
        keep: a folder whose databases stay for later use, as durable as PostgreSQL's defaults (fsync); the user `postgres`
            must have access to it. Without it the databases end with the server and need not survive a power cut.

    Raises:
        NoPostgres: this machine has none.
    """
    programs = _programs()
    own = Path(tempfile.mkdtemp(prefix="beatporter-postgres-"))  # a socket's path is limited to about 100 characters
    # PostgreSQL refuses to run as root. Debian's package makes a user for it.
    other: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    options = ["listen_addresses=", f"unix_socket_directories={own}"]
    if keep is None:
        options += ["fsync=off", "max_connections=200", "shared_buffers=64MB"]
    else:
        keep.mkdir(parents=True, exist_ok=True)
    data, log = (keep or own) / "data", own / "log"
    try:
        if other:
            for folder in (own, keep or own):
                shutil.chown(folder, "postgres", "postgres")
        if not data.exists():
            made = subprocess.run(
                [programs / "initdb", "-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
                cwd=own, capture_output=True, text=True, timeout=START_S, check=False, **other,
            )  # fmt: skip
            assert made.returncode == 0, f"initdb failed:\n{made.stdout}{made.stderr}"
        with log.open("wb") as out:
            command = [programs / "postgres", "-D", data, *(word for option in options for word in ("-c", option))]
            process = subprocess.Popen(command, cwd=own, stdout=out, stderr=subprocess.STDOUT, **other)
        try:
            server = Postgres(own)
            _wait_for(server, process, log)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # closes connections and stops at once
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _programs() -> Path:
    if os.geteuid() == 0 and not _has_user("postgres"):
        raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres: apt-get install postgresql")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if found is None:
        raise NoPostgres("no PostgreSQL on this machine: apt-get install postgresql")
    return Path(found).resolve().parent


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _wait_for(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    end = time.monotonic() + START_S
    while True:
        assert process.poll() is None, f"PostgreSQL ended:\n{log.read_text()[-2000:]}"
        try:
            server.sql("SELECT 1")
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end, f"PostgreSQL did not start:\n{log.read_text()[-2000:]}"
            time.sleep(0.1)


def _name_of(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]
