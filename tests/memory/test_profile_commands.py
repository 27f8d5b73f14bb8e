"""`beatporter profile`, as a person and a program use it: list, show, compare, open, prune, serve."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.timeouts import TIMEOUT_S

BEATPORTER = str(Path(sys.executable).with_name("beatporter"))
CAPTURES = ("memory-house.20261120T063000000000Z", "memory-house.20261121T063000000000Z")


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "BEATPORTER_HOME": str(home), "COLUMNS": "160", "NO_COLOR": "1"}


def profile(home: Path, *arguments: str, code: int = 0) -> str:
    command = [BEATPORTER, "profile", *arguments]
    done = subprocess.run(command, cwd=home.parent, env=environment(home), capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def document(home: Path, *arguments: str) -> Any:
    return json.loads(profile(home, *arguments, "--json"))


def test_the_list_has_each_genres_last_run(profiled_home: Path) -> None:
    text = profile(profiled_home, "list")
    assert "194.0 MB" in text
    assert "2026-11-21 06:30" in text
    (one,) = document(profiled_home, "list")
    assert (one["genre"], one["verdict"], len(one["runs"])) == ("house", "too few runs", 2)
    assert one["runs"][0]["holders"]["left"][0]["function"] == "read_row"


def test_a_run_is_shown_step_by_step(profiled_home: Path) -> None:
    text = profile(profiled_home, "show", "house")
    for words in ("the run", "scrape-chart", "match-tracks", "194.0 MB", "read_group 12.0", "left behind by", "248,000"):
        assert words in text
    shown = document(profiled_home, "show", "house~1")
    assert [row["step"] for row in shown["run"]] == ["run", "scrape-chart", "match-tracks"]
    assert shown["run"][0]["code_version"] == "abcdef123456"


@pytest.mark.parametrize(
    ("before", "after"), [("house~1", "house"), ("house@2026-11-20", "house@2026-11-21"), ("house@abcdef", "house@fedcba")]
)
def test_two_runs_are_compared_by_step_and_function(profiled_home: Path, before: str, after: str) -> None:
    steps = {one["step"]: one for one in document(profiled_home, "compare", before, after)["steps"]}
    assert steps["match-tracks"]["words"] == "14.0 MB more in match-tracks, 12.0 of them in read_group"
    assert "B holds 14.0 MB more in the run" in profile(profiled_home, "compare", before, after)


def test_two_captures_are_compared_by_what_they_say(profiled_home: Path) -> None:
    (whole,) = document(profiled_home, "compare", *CAPTURES)["steps"]
    assert 7 < whole["more_bytes"] / 2**20 < 9
    assert "the other a run" in profile(profiled_home, "compare", CAPTURES[0], "house", code=2)


def test_a_run_or_genre_that_is_not_there_is_said(profiled_home: Path) -> None:
    assert "has no run 'house@2020-01-01'" in profile(profiled_home, "show", "house@2020-01-01", code=2)
    assert "has no run 'house~7'" in profile(profiled_home, "show", "house~7", code=2)
    assert "tech-house" in profile(profiled_home, "show", "tech-hous", code=2)
    assert "There is no capture of dubstep" in profile(profiled_home, "open", "dubstep", "--no-browser", code=2)


@pytest.mark.parametrize("kind", ["flamegraph", "temporal", "leaks", "table"])
def test_a_page_of_a_capture_is_made_and_fetches_nothing(profiled_home: Path, kind: str) -> None:
    page = Path(document(profiled_home, "open", "house", "--kind", kind)["page"])
    html = page.read_text(encoding="utf-8")
    assert page.parent == profiled_home / "profiles" / "pages"
    assert 'src="http' not in html
    assert 'rel="stylesheet" href="http' not in html
    assert "def hold_memory" not in html, "the page shows source code"
    assert "hold_memory" in html or kind == "leaks"


def test_a_damaged_capture_makes_no_page_and_says_so(profiled_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(profiled_home, home)
    (home / "profiles" / f"{CAPTURES[1]}.bin").write_bytes(b"nonsense")
    shutil.rmtree(home / "profiles" / "pages", ignore_errors=True)
    assert "memray could not read" in profile(home, "open", "house", "--no-browser", code=1)
    assert list((home / "profiles" / "pages").iterdir()) == []


def test_pruning_deletes_captures_and_keeps_the_figures(profiled_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(profiled_home, home)
    gone = document(home, "prune", "--each", "1", "--days", "100000")
    assert gone["deleted"] == [f"{CAPTURES[0]}.bin"]
    assert gone["bytes"] > 0
    assert "0 captures deleted" in profile(home, "prune", "--days", "100000")
    assert len(document(home, "list")[0]["runs"]) == 2


@pytest.fixture
def pages(profiled_home: Path) -> Iterator[str]:
    """The address of running memory pages."""
    command = [BEATPORTER, "profile", "serve", "--port", "0"]
    server = subprocess.Popen(command, env={**environment(profiled_home), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield server.stdout.readline().split()[-1].rstrip("/")
    server.terminate()
    server.wait()


def fetch(address: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def test_the_pages_are_served_to_this_machine_alone(pages: str) -> None:
    status, index, headers = fetch(pages)
    assert status == 200
    assert pages.startswith("http://127.0.0.1:")
    assert f"/captures/{CAPTURES[1]}/flamegraph" in index
    assert "194 MB on 2026-11-21 06:30 UTC, completed: too few runs" in index
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert fetch(pages, Host="evil.example")[0] == 403, "a name of somebody else's leads here"
    assert fetch(f"{pages}/captures/{CAPTURES[1]}/table")[0] == 200
    for path in (
        "/captures/none/flamegraph",
        f"/captures/{CAPTURES[1]}/other",
        "/captures/..%2F..%2Fbeatporter.db/table",
        "/captures/../../beatporter.db/table",
        "/beatporter.db",
        "/%00",
    ):
        assert fetch(f"{pages}{path}")[0] == 404, path


def test_a_port_that_is_taken_is_said(pages: str, profiled_home: Path) -> None:
    assert "cannot be used" in profile(profiled_home, "serve", "--port", pages.rpartition(":")[2], code=2)
