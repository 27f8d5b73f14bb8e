"""The command as a person runs it: a process, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import Options, Sandbox

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BEATPORTER = Path(sys.executable).with_name("beatporter")


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house", "dubstep", "amapiano"))) as running:
        yield running


@pytest.fixture
def beatporter(own_sandbox: Sandbox, server: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Run]:
    """Runs `beatporter …` in an empty folder, against a sandbox and with the server of these tests."""

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        own = {**environment, **own_sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / "home"), **extra}
        own = {key: value for key, value in own.items() if value}
        return subprocess.run(
            [str(BEATPORTER), *arguments], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=180, check=False
        )

    yield run
    own_sandbox.faults.clear()


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_morning_and_the_next(beatporter: Run, own_sandbox: Sandbox) -> None:
    first = document(beatporter("sync", "house", "dubstep", "--json"))
    assert set(first) == {"genres", "spotify_calls", "budget_left"}
    house = first["genres"]["house"]
    assert set(house) == {
        *("state", "chart", "matched", "added", "not_found", "deferred", "spotify_calls", "peak_memory_mb", "duration_s", "error")
    }
    assert (house["state"], house["chart"], house["added"]) == ("completed", 100, house["matched"])
    assert house["matched"] + house["not_found"] == 100
    assert house["matched"] >= 90
    listed = own_sandbox.requests.count(service="spotify", kind="my-playlists")
    own_sandbox.world.advance_day()
    again = document(beatporter("sync", "house", "dubstep", "--json"))
    new = again["genres"]["house"]["added"] + again["genres"]["dubstep"]["added"]
    assert 0 < new < 60
    assert again["spotify_calls"] < first["spotify_calls"] / 3
    assert own_sandbox.requests.count(service="spotify", kind="my-playlists") == listed + 1, "one listing for all genres"
    assert again["budget_left"] == 5000 - first["spotify_calls"] - again["spotify_calls"]


def test_a_genre_that_fails_fails_alone_and_says_why(beatporter: Run, own_sandbox: Sandbox) -> None:
    own_sandbox.faults.add(service="beatport", path="/genre/amapiano/", fault="challenge", count=None)
    done = beatporter("sync", "amapiano", "dubstep")
    assert done.returncode == 1
    assert "amapiano failed: Beatport asked for proof of a human" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "dubstep" in done.stdout


@pytest.mark.parametrize(
    ("fault", "says"),
    [("malformed", "amapiano failed:"), ("half_page", "amapiano failed:"), ("challenge", "proof of a human")],
)
def test_a_page_that_holds_no_whole_chart_is_no_short_chart(beatporter: Run, own_sandbox: Sandbox, fault: str, says: str) -> None:
    own_sandbox.faults.add(service="beatport", path="/genre/amapiano/", fault=fault, count=None)
    done = beatporter("sync", "amapiano")
    assert done.returncode == 1
    assert says in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_an_empty_chart_fails_with_the_reason(beatporter: Run, own_sandbox: Sandbox) -> None:
    own_sandbox.beatport.empty_charts.add(98)
    done = beatporter("sync", "amapiano", "--json")
    own_sandbox.beatport.empty_charts.clear()
    assert done.returncode == 1
    assert document(done)["genres"]["amapiano"]["state"] == "failed"
    assert "empty" in document(done)["genres"]["amapiano"]["error"].lower()


def test_a_dry_run_finds_and_changes_nothing(beatporter: Run, own_sandbox: Sandbox) -> None:
    before = own_sandbox.requests.count(service="spotify", method="POST")
    done = beatporter("sync", "amapiano", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "What would be done" in done.stdout
    assert own_sandbox.requests.count(service="spotify", method="POST") == before


@pytest.mark.parametrize(
    ("arguments", "extra", "says"),
    [
        (("sync", "afro-hous"), {}, "afro-house"),
        (("sync",), {}, "--all"),
        (("sync", "house", "--all"), {}, "not both"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_RATE": "fast"}, "BEATPORTER_SPOTIFY_RATE"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_CLIENT_ID": ""}, "BEATPORTER_SPOTIFY_CLIENT_ID"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_REFRESH_TOKEN": ""}, "BEATPORTER_SPOTIFY_REFRESH_TOKEN"),
        (("match", "set", "12", "not-a-link"), {}, "no Spotify track"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_asked(
    beatporter: Run, own_sandbox: Sandbox, arguments: tuple[str, ...], extra: dict[str, str], says: str
) -> None:
    before = len(own_sandbox.requests.entries())
    done = beatporter(*arguments, **extra)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(own_sandbox.requests.entries()) == before


def test_a_folder_that_cannot_be_written_is_told(beatporter: Run, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file, not a folder")
    done = beatporter("sync", "house", BEATPORTER_STORAGE=str(tmp_path / "occupied" / "ledger"))
    assert done.returncode == 1
    assert "occupied" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_status_and_match_show_what_a_run_left(beatporter: Run) -> None:
    beatporter("sync", "dubstep", "--json")
    status = beatporter("status", COLUMNS="160")
    assert status.returncode == 0, status.stderr
    assert "Beatport: Dubstep - Top 100" in status.stdout
    shown = beatporter("match", "show", "dubstep", COLUMNS="250")
    assert shown.returncode == 0, shown.stderr
    assert "ISRC agrees" in shown.stdout
    assert beatporter("match", "show", "house", COLUMNS="160").returncode == 1, "no chart of it was read in this home"


def test_the_older_shape_of_spotifys_api_gives_the_same(server: str, environment: dict[str, str], tmp_path: Path) -> None:
    added = {}
    for shape in ("new", "old"):
        with Sandbox(Options(genres=("dubstep",), spotify_shape=shape)) as sandbox:  # type: ignore[arg-type]
            own = {**environment, **sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / shape)}
            done = subprocess.run(
                [str(BEATPORTER), "sync", "dubstep", "--json"],
                cwd=tmp_path,
                env=own,
                capture_output=True,
                text=True,
                timeout=180,
                check=True,
            )
            assert document(done)["genres"]["dubstep"]["state"] == "completed"
            added[shape] = sandbox.spotify.person.track_ids("Beatport: Dubstep - Top 100")
    assert added["new"] == added["old"]
    assert len(added["new"]) > 85
