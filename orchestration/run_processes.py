"""Finds a run's processes and their memory in /proc: the run, its worker, Prefect's server or temporary server, the capture reader.

Works on Linux only, and sees only processes of the same user.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_URL

from beatporter.memory.reader_process import MODULE
from beatporter.memory.records import ProcessMemory

THIS_RUN = "this run"
DEFAULT_PORT = 4200
ROLES = (THIS_RUN, "other runs", "worker", "server", "temporary server", "reader")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    command: str


def run_processes() -> tuple[ProcessMemory, ...]:
    """The processes of this run, added up by role."""
    return processes_of(os.getpid(), local_port(PREFECT_API_URL.value()))


def local_port(api: str | None) -> int | None:
    """The port of a server on this machine; None for a remote or a temporary server."""
    address = urlsplit(api or "")
    return address.port if address.hostname in ("127.0.0.1", "localhost", "::1", "0.0.0.0") else None  # noqa: S104 - nothing is bound


def processes_of(own: int, port: int | None, proc: Path = Path("/proc")) -> tuple[ProcessMemory, ...]:
    """The processes of the run of process `own`.

    Args:
        port: of the server on this machine that the run uses.
        proc: the kernel's process folder.
    """
    found = {one.pid: one for one in _processes(proc)}
    if own not in found:
        return ()
    ancestors = list(_ancestors(own, found))
    by_role: dict[str, list[ProcessMemory]] = {}
    for process in found.values():
        role = _role(process, own, ancestors, found, port)
        if role and (memory := _memory(proc, process.pid, role)):
            by_role.setdefault(role, []).append(memory)
    return tuple(_together(by_role[role]) for role in ROLES if role in by_role)


def _role(process: _Process, own: int, ancestors: list[int], found: Mapping[int, _Process], port: int | None) -> str:
    """The role of a process in the run; empty if it has none."""
    below = own in _ancestors(process.pid, found)
    if process.pid == own:
        return THIS_RUN
    if below and f"-m {MODULE}" in process.command:
        return "reader"
    if below and "prefect.server" in process.command:
        return "temporary server"
    if process.pid in ancestors and "prefect" in process.command and " worker " in process.command:
        return "worker"
    if not below and _serves(process.command, port):
        return "server"
    worker = next((one for one in ancestors if " worker " in found[one].command), None)
    if worker is not None and worker in _ancestors(process.pid, found) and "flow_engine" in process.command:
        return "other runs"
    return ""


def _serves(command: str, port: int | None) -> bool:
    """Whether the process is the server at that port, or started it."""
    if port is None or not ("prefect server start" in command or "prefect.server.api.server" in command):
        return False
    return f"--port {port} " in command or (port == DEFAULT_PORT and "--port " not in command)


def _ancestors(pid: int, found: Mapping[int, _Process]) -> Iterator[int]:
    seen = {pid}
    while (process := found.get(pid)) and process.parent in found and process.parent not in seen:
        pid = process.parent
        seen.add(pid)
        yield pid


def _processes(proc: Path) -> Iterator[_Process]:
    user = os.getuid() if hasattr(os, "getuid") else -1
    for folder in proc.glob("[0-9]*"):
        try:
            if folder.stat().st_uid != user:
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):  # it has ended
            continue
        yield _Process(int(folder.name), parent, command)


def _memory(proc: Path, pid: int, role: str) -> ProcessMemory | None:
    status = _fields(proc / str(pid) / "status")
    if "VmRSS" not in status:
        return None
    shared = _fields(proc / str(pid) / "smaps_rollup")
    return ProcessMemory(role, status["VmRSS"], status.get("VmHWM"), shared.get("Pss"))


def _fields(path: Path) -> dict[str, int]:
    """The fields in kB, converted to bytes."""
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3 and words[2] == "kB"}


def _together(processes: list[ProcessMemory]) -> ProcessMemory:
    peaks = [one.peak_bytes for one in processes if one.peak_bytes is not None]
    shares = [one.pss_bytes for one in processes if one.pss_bytes is not None]
    return ProcessMemory(
        processes[0].role,
        sum(one.rss_bytes for one in processes),
        sum(peaks) if len(peaks) == len(processes) else None,
        sum(shares) if len(shares) == len(processes) else None,
        len(processes),
    )
