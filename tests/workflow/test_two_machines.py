"""Two workers as on two machines: separate homes, folders and result storage; one Prefect server, PostgreSQL and bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server

from sandbox.world import Options, Sandbox
from tests.conftest import BIN, free_port, process, register, running_server
from tests.postgres import NoPostgres, running_postgres
from tests.prefect_api import artifact, ask, start_run, wait_for_success

pytestmark = pytest.mark.slow

GENRES = ["house", "tech-house", "afro-house", "dubstep"]
LIMIT = 2
"""Concurrent runs per machine: the parent and three genres need both."""


class Machines:
    """Both workers.

    Attributes:
        api: of the server that they share.
        logs, homes: of each.
    """

    def __init__(self, api: str, homes: list[Path], logs: list[Path]) -> None:
        self.api, self.homes, self.logs = api, homes, logs


@pytest.fixture(scope="module")
def machines(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    root = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        try:
            postgres = stack.enter_context(running_postgres())
        except NoPostgres as error:
            pytest.skip(str(error))
        sandbox = stack.enter_context(Sandbox(Options(genres=tuple(GENRES))))
        emulator = create_server("127.0.0.1", 0, in_memory=True, default_bucket="beatporter")
        emulator.start()
        stack.callback(emulator.stop)
        api = f"http://127.0.0.1:{free_port()}/api"
        shared = {
            **environment,
            **sandbox.environment(),
            "PREFECT_API_URL": api,
            "PREFECT_UI_API_URL": api,
            "BEATPORTER_DATABASE": postgres.new_database(),
            "BEATPORTER_ARCHIVE": "gs://beatporter/archive",
            "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{emulator._api._httpd.server_address[1]}",
        }
        stack.enter_context(running_server({**shared, "PREFECT_HOME": str(root / "server")}, root / "server.log"))
        homes, logs = [], []
        for name in ("one", "two"):
            home = root / name
            home.mkdir()
            own = {**shared, "PREFECT_HOME": str(home / "prefect"), "BEATPORTER_HOME": str(home / "beatporter")}
            if not homes:
                register(own)
            homes.append(home)
            logs.append(root / f"{name}.log")
            command = [str(BIN / "prefect"), "worker", "start", "--pool", "beatporter", "--name", name, "--limit", str(LIMIT)]
            stack.enter_context(process(command, own, logs[-1], home))
        yield Machines(api, homes, logs)


def test_a_parent_collects_its_genres_from_both_machines(machines: Machines) -> None:
    parent = start_run(machines.api, "sync-genres/daily", {"genres": GENRES, "fan_out": "deployments", "max_concurrent": 3})
    wait_for_success(machines.api, parent, machines.logs[0])
    for log in machines.logs:
        assert "submitting flow run" in log.read_text(), "one machine did everything"
    summary = artifact(machines.api, "summary")
    assert all(f"| [{genre}]" in summary for genre in GENRES)
    assert "of 100" in summary
    archived = ask(machines.api, "/artifacts/archive-ledger/latest")["description"]
    assert int(archived.split()[0].replace(",", "")) > 500, "the archive in the bucket is nearly empty"


def test_neither_machine_needs_the_others_results(machines: Machines) -> None:
    """Both stored results, each in its own home."""
    for home in machines.homes:
        assert list((home / "prefect" / "storage").iterdir())
        assert not (home / "beatporter" / "beatporter.db").exists(), "a machine kept a ledger of its own"


def test_a_dry_run_on_two_machines_tells_its_parent_too(machines: Machines) -> None:
    parameters = {"genres": GENRES[:2], "fan_out": "deployments", "max_concurrent": 2, "dry_run": True}
    wait_for_success(machines.api, start_run(machines.api, "sync-genres/daily", parameters), machines.logs[0])
