"""What commands do when their output cannot be written, nobody reads it, or it is not a terminal."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import commands
from tests.commands import BEATPORTER
from tests.timeouts import TIMEOUT_S

FULL = Path("/dev/full")
LONG_SLUG = "a-genre-" + "x" * 90


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_", "PYTHON"))}
    return {**inherited, "BEATPORTER_HOME": str(tmp_path / "home"), "BEATPORTER_GENRE_IDS": f'{{"{LONG_SLUG}": 4711}}'}


def run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run_command(arguments, environment)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("genres",), ("status",), ("status", "--json"), ("sync", "house", "--json"), ("--help",)])
def test_a_full_disk_is_reported_without_a_traceback(environment: dict[str, str], arguments: tuple[str, ...], unbuffered: str) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [BEATPORTER, *arguments],
            env={**environment, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "Error: The output could not be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("arguments", [("genres",), ("status", "--json")])
def test_a_closed_pipe_is_not_reported(environment: dict[str, str], arguments: tuple[str, ...]) -> None:
    gone, pipe = os.pipe()
    os.close(gone)
    with os.fdopen(pipe, "w") as out:
        command = [BEATPORTER, *arguments]
        done = subprocess.run(command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
    assert done.stderr == ""
    assert done.returncode == 1


def test_a_pipe_gets_complete_slugs(environment: dict[str, str]) -> None:
    done = run({**environment, "COLUMNS": "40"}, "genres")
    words = done.stdout.split()
    assert LONG_SLUG in words
    assert "electro-classic-detroit-modern" in words
    assert "…" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra", "says"),
    [
        (("house",), {"BEATPORTER_SPOTIFY_RATE": "fast"}, "SPOTIFY_RATE"),
        (("hous",), {}, "Unknown genre 'hous'"),
        ((), {}, "--all"),
        (("house",), {}, "BEATPORTER_SPOTIFY_CLIENT_ID"),
    ],
)
def test_sync_prints_a_document_also_when_it_cannot_begin(
    environment: dict[str, str], arguments: tuple[str, ...], extra: dict[str, str], says: str
) -> None:
    done = run({**environment, **extra}, "sync", *arguments, "--json")
    assert done.returncode == 2, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"genres", "spotify_calls", "budget_left", "error"}
    assert document["genres"] == {}
    assert says in document["error"]
    assert says in done.stderr, "the error is also printed for people"


@pytest.mark.parametrize("beatport_id", ["0", "-1", str(2**63), "9" * 5_000])
def test_an_id_that_no_database_holds_is_a_bad_argument(environment: dict[str, str], beatport_id: str) -> None:
    done = run(environment, "match", "set", "--", beatport_id, "4uLU6hMCjMI75M1A2tKUQC")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_made_by_a_command_is_private(environment: dict[str, str]) -> None:
    assert run(environment, "status").returncode == 0
    home = Path(environment["BEATPORTER_HOME"])
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
