"""A PostgreSQL server of the benches' own, with what is the default in durability (fsync, synchronous_commit)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

USER = "beatporter"


def programs() -> Path | None:
    """Where PostgreSQL's programs are: Debian's newest, or those on the path; None where there are none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("pg_ctl")
    return Path(found).parent if found else None


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """A server on 127.0.0.1 while it is needed.

    Args:
        folder: where its databases are and stay.

    Returns:
        The server's address, to which a database's name is added.

    Raises:
        RuntimeError: there is no PostgreSQL here.
    """
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError("There is no PostgreSQL here; Debian's package is named postgresql.")
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    if os.geteuid() == 0:  # PostgreSQL refuses root
        shutil.chown(folder, "postgres")
    if not data.exists():
        _run([str(bin_folder / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8"])
    port = _free_port()
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k ''"
    _run([str(bin_folder / "pg_ctl"), "-w", "-D", str(data), "-o", options, "-l", str(folder / "log"), "start"])
    try:
        yield f"postgresql://{USER}@127.0.0.1:{port}"
    finally:
        _run([str(bin_folder / "pg_ctl"), "-w", "-D", str(data), "-m", "fast", "stop"])


def create_database(server: str, name: str) -> str:
    """The address of an empty database; one of that name goes."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"


def _run(command: Sequence[str]) -> None:
    who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*who, *command], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
