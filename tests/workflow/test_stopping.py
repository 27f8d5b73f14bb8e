"""How the command ends after a signal, a kill, or the death of its temporary server: real processes, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow

BEATPORTER = Path(sys.executable).with_name("beatporter")
SERVER = "cli.temporary_server"
INTERRUPTED_AT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} and sys.argv[0].endswith("beatporter"):
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
"""Python runs a sitecustomize.py before anything else: Ctrl-C when a module is about to be imported."""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house",))) as running:
        yield running


@pytest.fixture
def start(own_sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts `beatporter …` with a temporary server, slow enough to be interrupted."""
    started: list[subprocess.Popen[str]] = []
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))},
        **own_sandbox.environment(),
        "BEATPORTER_HOME": str(tmp_path / "home"),
        "BEATPORTER_SPOTIFY_RATE": "8",
        "NO_COLOR": "1",
    }

    def run(*arguments: str, **extra: str) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([str(BEATPORTER), *arguments], cwd=tmp_path, env={**environment, **extra}, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def searching(process: subprocess.Popen[str], sandbox: Sandbox, searches: int = 5) -> None:
    """Wait until the process has made this many requests to Spotify."""
    seen = sandbox.requests.count(service="spotify", kind="search")
    end = time.monotonic() + TIMEOUT_S
    while sandbox.requests.count(service="spotify", kind="search") < seen + searches:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def children(pid: int, name: str) -> list[int]:
    """Child processes whose command line has that word."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            pid_of_parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if pid_of_parent == pid and name in (folder / "cmdline").read_text():
                found.append(int(folder.name))
    return found


def gone(pid: int) -> None:
    """Return once that process has ended."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it was left behind")


def playlist(sandbox: Sandbox) -> list[str]:
    return sandbox.spotify.person.track_ids("Beatport: House - Top 100")


def done(start: Start, sandbox: Sandbox) -> None:
    """The next run does the rest, and every track is there once."""
    out, err = start("sync", "house", "--json", BEATPORTER_SPOTIFY_RATE="100").communicate(timeout=TIMEOUT_S)
    house = json.loads(out)["genres"]["house"]
    assert house["state"] == "completed", out + err
    assert len(playlist(sandbox)) == house["matched"] >= 90
    assert not [track for track, count in Counter(playlist(sandbox)).items() if count > 1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_told_to_end_ends_cleanly(start: Start, own_sandbox: Sandbox, number: int, code: int) -> None:
    run = start("sync", "house", "--json")
    searching(run, own_sandbox)
    (server,) = children(run.pid, SERVER)
    run.send_signal(number)
    out, err = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode == code, err
    assert "Traceback" not in out + err
    assert "next run continues" in err
    assert "Stopped" in json.loads(out)["error"], "one document, whatever happens"
    gone(server)
    if number == signal.SIGTERM:
        done(start, own_sandbox)


def test_a_killed_command_takes_its_server_with_it(start: Start, own_sandbox: Sandbox) -> None:
    run = start("sync", "house")
    searching(run, own_sandbox)
    (server,) = children(run.pid, SERVER)
    run.kill()
    run.communicate()
    gone(server)


def test_a_killed_server_is_started_again_and_the_run_goes_on(start: Start, own_sandbox: Sandbox) -> None:
    run = start("sync", "house", "--json")
    searching(run, own_sandbox)
    (server,) = children(run.pid, SERVER)
    os.kill(server, signal.SIGKILL)
    out, err = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode == 0, err
    assert "temporary server ended (killed by SIGKILL) and is being restarted" in err
    house = json.loads(out)["genres"]["house"]
    assert house["added"] == len(set(playlist(own_sandbox))) == len(playlist(own_sandbox)) >= 90


def test_a_server_that_does_not_come_back_ends_the_run_and_says_so(start: Start, own_sandbox: Sandbox) -> None:
    run = start("sync", "house", "--json", BEATPORTER_SPOTIFY_RATE="2")
    searching(run, own_sandbox)
    while run.poll() is None:
        for server in children(run.pid, SERVER):
            os.kill(server, signal.SIGKILL)
        time.sleep(0.2)
    out, err = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode == 1
    assert "ended 4 times" in err
    assert "server.log" in json.loads(out)["error"]


@pytest.mark.parametrize("module", ["typer", "beatporter.settings", "sqlalchemy", "prefect", "prefect.flows", "flows.sync_genres"])
def test_ctrl_c_during_the_imports_is_quiet(start: Start, tmp_path: Path, module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_AT.format(module=module))
    run = start("sync", "house", PYTHONPATH=str(tmp_path))
    out, err = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode in (-signal.SIGINT, 130), out + err
    assert out + err == ""


def test_a_killed_demo_leaves_neither_server_nor_sandbox(start: Start, tmp_path: Path) -> None:
    run = start("demo", BEATPORTER_HOME="", BEATPORTER_SPOTIFY_RATE="")
    end = time.monotonic() + TIMEOUT_S
    while not (left := children(run.pid, SERVER) + children(run.pid, "sandbox")) or len(left) < 2:
        assert run.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    run.kill()
    run.communicate()
    for process in left:
        gone(process)


@pytest.mark.parametrize("command", [("ui", "--port", "0"), ("sandbox", "--genres", "house")])
def test_what_runs_until_it_is_told_to_end_leaves_nothing(start: Start, command: tuple[str, ...]) -> None:
    run = start(*command)
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(2)
    below = children(run.pid, "")
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode in (0, 143, -signal.SIGTERM), err
    assert "Traceback" not in out + err
    for process in below:
        gone(process)
