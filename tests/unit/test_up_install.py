"""systemd's units for server and worker: what is in them, and whether systemd understands them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from beatporter.home import make_home
from cli import up_install

run = subprocess.run


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What systemctl was asked, in a folder whose name systemd could misread."""
    folder = tmp_path / "My Music 100%h"
    folder.mkdir()
    (folder / "bin").symlink_to(Path(sys.executable).parent)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", 'a "b" \\c')
    monkeypatch.setattr(sys, "executable", str(folder / "bin" / "python"))
    monkeypatch.setattr(up_install, "_has_systemd", lambda: True)
    commands: list[list[str]] = []

    def systemctl(command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(list(command))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", systemctl)
    return commands


def installed(notify: str = "") -> tuple[list[str], list[Path]]:
    """What is printed, and the units."""
    home = Path.cwd() / "home"
    make_home(home)
    said = up_install.install_units(home, 4200, notify)
    units = Path.cwd().parent / "config" / "systemd" / "user"
    return said, [units / up_install.SERVER, units / up_install.WORKER]


def test_the_units_are_written_and_started(asked: list[list[str]]) -> None:
    said, (server, worker) = installed("slack-webhook/my alerts")
    assert asked == [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", server.name, worker.name]]
    assert "http://127.0.0.1:4200" in " ".join(said)
    python = str(Path.cwd() / "bin" / "python").replace("%", "%%")
    assert f'ExecStart="{python}" -m cli.guarded_prefect server start --host 127.0.0.1 --port 4200' in server.read_text().splitlines()
    assert f'ExecStartPre="{python}" -m orchestration.register --wait-s 180 --notify "slack-webhook/my alerts"' in worker.read_text()


def test_secrets_are_in_a_private_file_and_in_no_unit(asked: list[list[str]]) -> None:
    said, units = installed("mailto://me:password@example.org")
    environment = Path.cwd() / "home" / up_install.ENVIRONMENT
    assert environment.stat().st_mode & 0o077 == 0
    assert 'BEATPORTER_SPOTIFY_CLIENT_SECRET="a \\"b\\" \\\\c"' in environment.read_text().splitlines()
    assert [line for line in said if "--register --notify" in line]
    for text in [*said, *(unit.read_text() for unit in units)]:
        assert "password" not in text


def test_systemd_understands_the_units(asked: list[list[str]], tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here to read the units")
    _, units = installed("slack-webhook/my alerts")
    (tmp_path / "runtime").mkdir()
    command = ["systemd-analyze", "verify", "--user", "--recursive-errors=no", *map(str, units)]
    done = run(command, env={"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
