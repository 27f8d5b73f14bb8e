"""The processes that a run needs, recognised by command lines and parents; another person's server does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.run_processes import local_port, processes_of


def process(proc: Path, pid: int, parent: int, command: str, rss_kb: int) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(command.replace(" ", "\0").encode())
    (folder / "stat").write_text(f"{pid} (a) b) S {parent} 0")
    (folder / "status").write_text(f"Name:\tx\nVmHWM:\t{2 * rss_kb} kB\nVmRSS:\t{rss_kb} kB\n")
    (folder / "smaps_rollup").write_text(f"Rss: {rss_kb} kB\nPss: {rss_kb // 2} kB\n")


def test_each_process_of_a_run_has_its_role(tmp_path: Path) -> None:
    process(tmp_path, 1, 0, "init", 1)
    process(tmp_path, 10, 1, "python prefect worker start --pool beatporter", 100)
    process(tmp_path, 11, 10, "python -m prefect.flow_engine", 200)
    process(tmp_path, 12, 10, "python -m prefect.flow_engine", 300)
    process(tmp_path, 13, 11, "python -m beatporter.memory", 30)
    process(tmp_path, 20, 1, "python prefect server start --port 4300 ", 40)
    process(tmp_path, 21, 20, "uvicorn prefect.server.api.server:create_app --port 4300 ", 400)
    process(tmp_path, 25, 1, "python prefect server start --port 4301 ", 4000)
    process(tmp_path, 30, 1, "python beatporter sync", 500)
    process(tmp_path, 31, 30, "uvicorn prefect.server.api.server:create_app", 600)
    found = {one.role: (one.rss_bytes // 1024, one.count) for one in processes_of(11, 4300, tmp_path)}
    assert found == {"this run": (200, 1), "other runs": (300, 1), "worker": (100, 1), "server": (440, 2), "reader": (30, 1)}
    here = {one.role: one for one in processes_of(30, None, tmp_path)}
    assert {role: one.rss_bytes // 1024 for role, one in here.items()} == {"this run": 500, "temporary server": 600}
    assert here["this run"].peak_bytes == 1000 * 1024
    assert here["this run"].pss_bytes == 250 * 1024


def test_where_the_kernel_shows_no_processes_nothing_is_said(tmp_path: Path) -> None:
    assert processes_of(1, 4200, tmp_path) == ()


@pytest.mark.parametrize(
    ("api", "port"),
    [
        ("http://127.0.0.1:4300/api", 4300),
        ("http://localhost:4200/api", 4200),
        ("https://prefect.example.org:4200/api", None),
        (None, None),
    ],
)
def test_only_a_server_on_this_machine_is_looked_for(api: str | None, port: int | None) -> None:
    assert local_port(api) == port


def test_a_server_at_the_default_port_names_none(tmp_path: Path) -> None:
    process(tmp_path, 20, 1, "python prefect server start", 40)
    process(tmp_path, 30, 1, "python -m prefect.flow_engine", 50)
    assert [one.role for one in processes_of(30, 4200, tmp_path)] == ["this run", "server"]
    assert [one.role for one in processes_of(30, 4300, tmp_path)] == ["this run"]
