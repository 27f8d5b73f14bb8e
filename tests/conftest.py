"""Shared by all tests: the same result on any machine, whatever the shell's environment and earlier runs.

tests/workflow and tests/browser also share a real Prefect server and a real worker, each a separate process with free ports of
127.0.0.1 and its own home folder. Nothing is started before a test asks for it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, closing, contextmanager, suppress
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cli.guarded_prefect import server_command
from sandbox.world import Sandbox
from tests.prefect_api import keep_schedules_away, wait_for_rest
from tests.timeouts import TIMEOUT_S
from tests.webhook import Webhook

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - Linux's disk in memory
MEMORY_DISK_BYTES = 6 * 2**30
"""What it must have free; a whole run needs less than a third of it."""

Command = Callable[..., str]

# Slow machines must not fail: no deadlines for examples, and no health check for slow ones, since Hypothesis builds its tables during
# the first. Earlier failures are not replayed, and examples depend only on the test's code, so a run that is red here
# is red everywhere. `pytest --hypothesis-profile=default` looks for other examples. A test's own `@settings` change only what they name;
# one that names `suppress_health_check` must repeat this list.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, derandomize=True)
settings.load_profile("any-machine")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the person's settings and sign-ins out before anything is imported: Prefect reads its settings on import."""
    for key in [key for key in os.environ if key.startswith(("BEATPORTER_", "PREFECT_"))]:
        del os.environ[key]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it, each of hundreds of processes would compile our modules
    sys.dont_write_bytecode = False
    if "TMPDIR" not in os.environ and _has_room(MEMORY_DISK):
        os.environ["TMPDIR"] = str(MEMORY_DISK)
        tempfile.tempdir = None  # decided again on the next use
    home = tempfile.TemporaryDirectory(prefix="beatporter-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ["HOME"] = home.name


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests after no bytes: they may hold the second they were made in, and processes side by side must collect the same names."""
    return argname if isinstance(val, bytes) else None


def _has_room(disk: Path) -> bool:
    """Whether temporary folders can be there. There nothing waits for a disk: the ledger flushes every write."""
    if not os.access(disk, os.W_OK):
        return False
    found = os.statvfs(disk)
    memory = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    free = min(found.f_bavail * found.f_frsize, int(memory[1]) * 1024 if memory else 0)
    return free > MEMORY_DISK_BYTES and not found.f_flag & os.ST_NOEXEC


@pytest.fixture(scope="session", autouse=True)
def working_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty working folder: the checkout may hold a person's `beatporter.toml` and the demo's files."""
    with chdir(tmp_path_factory.mktemp("work")):
        yield


def free_port() -> int:
    """An unused port below those that the system assigns by itself, so that nobody else gets it before its use."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path, cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the checkout or in `cwd`, ended when the block is left."""
    with log.open("wb") as out:
        started = subprocess.Popen(command, cwd=cwd, env=dict(environment), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(10)  # a worker whose last run is just ending does not heed it
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@pytest.fixture(scope="session")
def session_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(session_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The session's sandbox; no fault outlives the test that asked for it."""
    yield session_sandbox
    session_sandbox.faults.clear()


@pytest.fixture(scope="session")
def _unused_genres(session_sandbox: Sandbox) -> list[str]:
    return [genre.slug for genre in session_sandbox.beatport.genres.values()]


@pytest.fixture
def genre(_unused_genres: list[str], server: str) -> str:
    """A genre that no other test on the session's server syncs, so that a test finds the same whatever ran before it."""
    wait_for_rest(server)
    return _unused_genres.pop()


@pytest.fixture
def second_genre(_unused_genres: list[str]) -> str:
    """Another one, like `genre`."""
    return _unused_genres.pop()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, session_sandbox: Sandbox) -> dict[str, str]:
    """Variables shared by server, worker and command line."""
    home = tmp_path_factory.mktemp("prefect-server")
    port = free_port()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
    return {
        **inherited,
        **session_sandbox.environment(),
        "BEATPORTER_HOME": str(home / "beatporter"),
        "BEATPORTER_SPOTIFY_DAILY_BUDGET": "5000",
        "BEATPORTER_SPOTIFY_RATE": "100",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "beatporter,orchestration",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API's address of a running server."""
    with running_server(environment, tmp_path_factory.mktemp("logs") / "server.log") as api:
        yield api


NEW_DATABASE = ROOT / ".pytest_cache" / f"prefect-{metadata.version('prefect')}.db"
"""A server's database as it was when it had just been made, for every other server of this and later sessions."""


@contextmanager
def running_server(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Prefect's server at the port that the environment names; the API's address.

    A new server's three hundred migrations take ten seconds and more, so only the first of a checkout makes its tables.
    """
    api = environment["PREFECT_API_URL"]
    port = api.split(":")[2].split("/")[0]
    database = Path(environment["PREFECT_HOME"]) / "prefect.db"
    if NEW_DATABASE.exists() and not database.exists():
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NEW_DATABASE, database)
    with process(server_command(int(port)), environment, log) as started:
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(f"{api}/health", timeout=10).close()
                break
            except (urllib.error.URLError, OSError):
                assert started.poll() is None, f"the server ended:\n{log.read_text()[-2000:]}"
                assert time.monotonic() < end, f"the server did not start:\n{log.read_text()[-2000:]}"
                time.sleep(0.5)
        if not NEW_DATABASE.exists():
            _keep_as_new(database)
        yield api


def _keep_as_new(database: Path) -> None:
    """Copy a server's database to `NEW_DATABASE`, whole or not at all: other processes look for it at the same time."""
    NEW_DATABASE.parent.mkdir(exist_ok=True)
    made = NEW_DATABASE.with_suffix(f".{os.getpid()}")
    with closing(sqlite3.connect(database)) as theirs, closing(sqlite3.connect(made)) as copy:
        theirs.backup(copy)
    made.rename(NEW_DATABASE)


@pytest.fixture(scope="session")
def prefect(environment: dict[str, str]) -> Command:
    """Runs Prefect's command line and returns its output."""

    def run(*arguments: str) -> str:
        command = [str(BIN / "prefect"), "--no-prompt", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, f"prefect {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def webhook() -> Iterator[Webhook]:
    """Where the session's alerts go."""
    with Webhook() as running:
        yield running


def register(environment: Mapping[str, str], *arguments: str) -> str:
    """Make pool, deployments, blocks and alerts on the environment's server, as `beatporter up` does."""
    command = [sys.executable, "-m", "orchestration.register", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    keep_schedules_away(environment["PREFECT_API_URL"])
    return done.stdout


@pytest.fixture(scope="session")
def worker(server: str, environment: dict[str, str], webhook: Webhook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A worker at the pool that prefect.yaml names, with every deployment of that file and every alert; gives its log."""
    register(environment, "--notify", webhook.apprise_address)
    log = tmp_path_factory.mktemp("logs") / "worker.log"
    with process([str(BIN / "prefect"), "worker", "start", "--pool", "beatporter"], environment, log):
        yield log
