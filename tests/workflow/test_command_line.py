"""The command as a person runs it: a process, its output, its exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from sandbox.world import Options, Sandbox
from tests.prefect_api import artifact, ask, logs_of
from tests.timeouts import TIMEOUT_S

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EMPTY, EMPTY_ID = "tech-house", 11
BEATPORTER = Path(sys.executable).with_name("beatporter")


BROKEN = """
import os
import beatporter.sync.match
def broken(workspace, slug, beatport_ids):
    raise KeyError(f"{slug} refused {os.environ['BEATPORTER_SPOTIFY_CLIENT_SECRET']}")
beatporter.sync.match.match_tracks = broken
"""
"""Python runs a sitecustomize.py before anything else: this acts like a bug in a step."""


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("house", "dubstep", "amapiano", "deep-house", "afro-house", EMPTY))) as running:
        yield running


@pytest.fixture
def beatporter(own_sandbox: Sandbox, server: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Run]:
    """Runs `beatporter …` in an empty folder, with a sandbox and the server of these tests."""

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        own = {**environment, **own_sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / "home"), **extra}
        own = {key: value for key, value in own.items() if value}
        return subprocess.run(
            [str(BEATPORTER), *arguments], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
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
        *(
            "state",
            "chart",
            "matched",
            "added",
            "not_found",
            "deferred",
            "spotify_calls",
            "peak_memory_mb",
            "duration_s",
            "error",
            "playlists",
        )
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


def test_genres_without_a_chart_fail_alone_and_say_why(beatporter: Run, own_sandbox: Sandbox) -> None:
    for slug, fault in {"amapiano": "malformed", "deep-house": "half_page"}.items():
        own_sandbox.faults.add(service="beatport", path=f"/genre/{slug}/", fault=fault, count=None)
    own_sandbox.beatport.empty_charts.add(EMPTY_ID)
    done = beatporter("sync", "amapiano", "deep-house", EMPTY, "dubstep", BEATPORTER_CHART_SOURCE="website")
    own_sandbox.beatport.empty_charts.clear()
    assert done.returncode == 1
    said = {slug: line for line in done.stdout.splitlines() for slug, colon, _ in [line.partition(" failed: ")] if colon}
    assert set(said) == {"amapiano", "deep-house", EMPTY}, done.stdout
    assert "empty" in said[EMPTY].lower()
    assert "✓ dubstep" in done.stderr, "the genre with a chart was not done"
    assert "Traceback" not in done.stdout + done.stderr


def test_a_stale_chart_is_named_with_its_date_and_the_reason(beatporter: Run, own_sandbox: Sandbox, server: str) -> None:
    assert beatporter("sync", "amapiano", BEATPORTER_CHART_SOURCE="website").returncode == 0
    own_sandbox.faults.add(service="beatport", path="/genre/amapiano/", fault="challenge", count=None)
    done = beatporter("sync", "amapiano", BEATPORTER_STALE_CHART_DAYS="3", BEATPORTER_CHART_SOURCE="website")
    assert done.returncode == 0, done.stdout + done.stderr
    with urllib.request.urlopen(f"{server}/artifacts/sync-amapiano/latest", timeout=TIMEOUT_S) as answer:
        page = json.loads(answer.read())["data"]
    assert re.search(r"> The chart of \d{4}-\d\d-\d\d \d\d:\d\d UTC is used", page), page[:600]
    assert "proof of a human" in page
    request = urllib.request.Request(f"{server}/logs/filter", b'{"logs": {"level": {"ge_": 30}}}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        logs = json.loads(answer.read())
    assert [log for log in logs if "is used, because" in log["message"] and log["task_run_id"]], (
        "the domain's warning is not in the run's log"
    )


def test_a_dry_run_finds_and_changes_nothing(beatporter: Run, own_sandbox: Sandbox) -> None:
    before = own_sandbox.requests.count(service="spotify", method="POST")
    done = beatporter("sync", "afro-house", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "What would be done" in done.stdout
    assert re.search(r"afro-house, collect: \d+ to add, 0 to remove, 0 to move; 3 calls", done.stdout), done.stdout
    assert own_sandbox.requests.count(service="spotify", method="POST") == before


def test_several_kinds_of_playlist_come_from_one_run(beatporter: Run, own_sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "beatporter.toml").write_text(
        'playlist_kinds = ["collect", "daily", "mirror"]\n'
        '[playlists.deep-house]\nname = "Deep"\ndaily_name = "Deep, new"\nmirror_name = "Deep, now"\n'
    )
    planned = beatporter("sync", "deep-house", "--dry-run", "--kind", "mirror", "--kind", "daily")
    assert "deep-house, collect" not in planned.stdout
    assert "deep-house, daily: 15 to add, 0 to remove, 0 to move; 3 calls (Deep, new)" in planned.stdout, planned.stdout + planned.stderr
    searches = own_sandbox.requests.count(kind="search")
    done = document(beatporter("sync", "deep-house", "--json"))["genres"]["deep-house"]
    assert own_sandbox.requests.count(kind="search") == searches, "the dry run's matches are kept, and all kinds share them"
    collected = own_sandbox.spotify.person.track_ids("Deep")
    assert own_sandbox.spotify.person.track_ids("Deep, now") == collected
    assert own_sandbox.spotify.person.track_ids("Deep, new") == collected[:15]
    assert {kind: one["added"] for kind, one in done["playlists"].items()} == {
        "collect": len(collected),
        "daily": 15,
        "mirror": len(collected),
    }
    assert done["added"] == 2 * len(collected) + 15
    again = beatporter("sync", "deep-house")
    assert "deep-house, mirror: 0 added (Deep, now)" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "extra", "says"),
    [
        (("sync", "afro-hous"), {}, "afro-house"),
        (("sync",), {}, "--all"),
        (("sync", "house", "--all"), {}, "not both"),
        (("sync", "house", "--kind", "weekly"), {}, "mirror"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_RATE": "fast"}, "BEATPORTER_SPOTIFY_RATE"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_CLIENT_ID": ""}, "BEATPORTER_SPOTIFY_CLIENT_ID"),
        (("sync", "house"), {"BEATPORTER_SPOTIFY_REFRESH_TOKEN": ""}, "BEATPORTER_SPOTIFY_REFRESH_TOKEN"),
        (("match", "set", "12", "not-a-link"), {}, "not a Spotify track"),
    ],
)
def test_errors_are_reported_before_any_request(
    beatporter: Run, own_sandbox: Sandbox, arguments: tuple[str, ...], extra: dict[str, str], says: str
) -> None:
    before = len(own_sandbox.requests.entries())
    done = beatporter(*arguments, **extra)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(own_sandbox.requests.entries()) == before


def test_an_unwritable_folder_is_reported(beatporter: Run, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file, not a folder")
    done = beatporter("sync", "house", BEATPORTER_DATABASE=str(tmp_path / "occupied" / "beatporter.db"))
    assert done.returncode == 1
    assert "occupied" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


"""The run that published the newest version of an artifact."""


def run_behind(server: str, key: str) -> str:
    """The run that published the newest version of an artifact."""
    return str(ask(server, f"/artifacts/{key}/latest")["flow_run_id"])


def test_a_bug_is_shown_on_every_page_without_a_secret(beatporter: Run, own_sandbox: Sandbox, server: str, tmp_path: Path) -> None:
    (tmp_path / "bug").mkdir()
    (tmp_path / "bug" / "sitecustomize.py").write_text(BROKEN)
    done = beatporter("sync", "dubstep", "--json", PYTHONPATH=str(tmp_path / "bug"))
    secret = own_sandbox.environment()["BEATPORTER_SPOTIFY_CLIENT_SECRET"]
    error = document(done)["genres"]["dubstep"]["error"]
    assert done.returncode == 1
    assert "KeyError: 'dubstep refused ********'" in error
    page = artifact(server, "sync-dubstep")
    assert "dubstep: failed" in page
    assert "KeyError" in page
    run = run_behind(server, "sync-dubstep")
    parent = run_behind(server, "summary")
    assert f"Run key: {parent}" in page, "a genre belongs to the run that started it"
    status = beatporter("status", COLUMNS="160").stdout
    assert "KeyError" in status
    told = [
        *logs_of(server, run),
        *logs_of(server, parent),
        str(ask(server, f"/flow_runs/{run}")),
        status,
        page,
        artifact(server, "summary"),
    ]
    assert not [text for text in told if secret in text]
    assert sum("Traceback" in text for text in told) == 1, "the bug's location must be logged, once"


def test_a_run_that_fails_as_a_whole_leaves_its_summary_and_no_traceback(beatporter: Run, server: str) -> None:
    done = beatporter("sync", "dubstep", "--json", BEATPORTER_SPOTIFY_REFRESH_TOKEN="stale-refresh-token")
    assert done.returncode == 1
    assert "beatporter login" in document(done)["error"]
    assert document(done)["genres"] == {}
    assert "beatporter login" in done.stderr
    page = artifact(server, "summary")
    run = run_behind(server, "summary")
    assert "failed" in page.splitlines()[0]
    assert "beatporter login" in page
    assert f"Run key: {run}" in page
    assert not [text for text in logs_of(server, run) if "Traceback" in text or "stale-refresh-token" in text]
    assert "beatporter login" in ask(server, f"/flow_runs/{run}")["state"]["message"]


def test_a_damaged_ledger_still_leaves_summary(beatporter: Run, server: str, tmp_path: Path) -> None:
    (tmp_path / "damaged.db").write_bytes(b"SQLite format 3\0" + b"damage" * 5000)
    done = beatporter("sync", "dubstep", BEATPORTER_DATABASE=str(tmp_path / "damaged.db"))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "damaged.db" in artifact(server, "summary")


def test_an_unwritable_archive_is_reported_and_the_playlists_are_done(beatporter: Run, server: str, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file, not a folder")
    done = beatporter("sync", "dubstep", "--json", BEATPORTER_ARCHIVE=str(tmp_path / "occupied" / "archive"))
    assert document(done)["genres"]["dubstep"]["state"] == "completed"
    assert done.returncode == 0
    page = artifact(server, "archive-ledger")
    assert "archive-ledger: failed" in page.replace("\\", "")
    assert "occupied" in page
    assert "was not archived" in artifact(server, "summary")


def test_status_and_match_show_what_a_run_left(beatporter: Run) -> None:
    beatporter("sync", "dubstep", "--json")
    status = beatporter("status", COLUMNS="160")
    assert status.returncode == 0, status.stderr
    assert re.search(r"^dubstep +\d{4}-\d\d-\d\d \d\d:\d\d +completed", status.stdout, re.MULTILINE), status.stdout
    shown = beatporter("match", "show", "dubstep", COLUMNS="250")
    assert shown.returncode == 0, shown.stderr
    assert "ISRC agrees" in shown.stdout
    assert beatporter("match", "show", "house", COLUMNS="160").returncode == 1, "no chart of it was read in this home"


def test_the_older_shape_of_spotifys_api_gives_the_same(server: str, environment: dict[str, str], tmp_path: Path) -> None:
    def sync(shape: Literal["new", "old"]) -> list[str]:
        with Sandbox(Options(genres=("dubstep",), spotify_shape=shape)) as sandbox:
            own = {**environment, **sandbox.environment(), "BEATPORTER_HOME": str(tmp_path / shape)}
            command = [str(BEATPORTER), "sync", "dubstep", "--json"]
            done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
            assert document(done)["genres"]["dubstep"]["state"] == "completed"
            return sandbox.spotify.person.track_ids("Beatport: Dubstep - Top 100")

    with ThreadPoolExecutor(2) as both:
        new, old = both.map(sync, ("new", "old"))
    assert new == old
    assert len(new) > 85
