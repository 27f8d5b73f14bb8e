"""`beatporter up --install`: writes systemd's user units for the server and the worker, or says what to do without systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from beatporter.private_file import PRIVATE
from cli.embedded_prefect import server_environment

SERVER, WORKER = "beatporter-server.service", "beatporter-worker.service"
ENVIRONMENT = "service.env"
_SERVER = """\
[Unit]
Description=Prefect's server for Beatporter
After=network-online.target

[Service]
WorkingDirectory={folder}
EnvironmentFile={environment}
ExecStart={python} -m cli.guarded_prefect server start --host 127.0.0.1 --port {port}
Restart=on-failure
RestartSec=10

[Install]
WantedBy=default.target
"""
_WORKER = """\
[Unit]
Description=Beatporter's worker
Wants={server}
After={server}

[Service]
WorkingDirectory={folder}
EnvironmentFile={environment}
ExecStartPre={python} -m orchestration.register --wait-s 180{notify}
ExecStart={prefect} worker start --pool beatporter --name {name}
Restart=on-failure
RestartSec=10
TimeoutStartSec=600
TimeoutStopSec=60

[Install]
WantedBy=default.target
"""
ELSEWHERE = """\
There is no systemd here for you. Have this machine run this command at its start, in this folder:
  cd {folder} && {bin}/beatporter up
On macOS a LaunchAgent does that (launchd.info), on Windows a task of the Task Scheduler, in a container `compose.yaml`."""


def install_units(home: Path, port: int, notify: str) -> list[str]:
    """Write the units, start them, and print what was done and what to do next.

    Args:
        home: Beatporter's, absolute.
        port: of Prefect's server.
        notify: where alerts go; see `beatporter up --notify`.
    """
    folder, programs = Path.cwd(), Path(sys.executable).parent
    if not _has_systemd():
        return ELSEWHERE.format(folder=folder, bin=programs).splitlines()
    environment = _write_environment(home, port)
    units = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
    units.mkdir(parents=True, exist_ok=True)
    known = {
        "folder": _literal(folder),
        "environment": _literal(environment),
        "python": _word(programs / "python"),
        "prefect": _word(programs / "prefect"),
        "port": port,
        "server": SERVER,
        "name": _word(os.uname().nodename),
        "notify": f" --notify {_word(notify)}" if notify and "://" not in notify else "",
    }
    for name, text in {SERVER: _SERVER, WORKER: _WORKER}.items():
        (units / name).write_text(text.format(**known))
    said = [f"Written: {units / SERVER}, {units / WORKER}, {environment}"]
    if "://" in notify:
        said.append("The address for alerts holds a secret and is kept in no unit: run `beatporter up --register --notify ADDRESS` once.")
    for command in (["daemon-reload"], ["enable", "--now", SERVER, WORKER]):
        done = subprocess.run(["systemctl", "--user", *command], capture_output=True, text=True, check=False)  # noqa: S603, S607
        if done.returncode:
            return [*said, f"`systemctl --user {' '.join(command)}` failed: {done.stderr.strip()}", "Run it once you are signed in."]
    return [
        *said,
        f"Started. Prefect's pages: http://127.0.0.1:{port}",
        "So that they run while you are signed out: loginctl enable-linger",
        "Their logs: journalctl --user -u beatporter-worker",
    ]


def _literal(value: object) -> str:
    """A value in a unit: systemd takes what follows a percent sign for one of its own names."""
    return str(value).replace("%", "%%")


def _word(value: object) -> str:
    """One word of a unit's command line."""
    return _quoted(_literal(value))


def _has_systemd() -> bool:
    return shutil.which("systemctl") is not None and Path("/run/systemd/system").is_dir()


def _write_environment(home: Path, port: int) -> Path:
    """Write the current shell's environment for both services; it may hold secrets, so only its owner may read it."""
    wanted = {key: value for key, value in os.environ.items() if key.startswith(("BEATPORTER_", "PREFECT_"))}
    own = server_environment(home, port, {**wanted, "BEATPORTER_HOME": str(home)})
    path = home / ENVIRONMENT
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w", encoding="utf-8") as file:
        path.chmod(PRIVATE)
        file.writelines(f"{key}={_quoted(value)}\n" for key, value in sorted(own.items()))
    return path


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
