"""One writer per playlist, and a rate that only runs of a deployment share through the server."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from beatporter.errors import LedgerUnwritable
from beatporter.settings import load_settings
from orchestration import limits as module
from orchestration.limits import RATE_LIMIT, SLOTS_A_REQUEST, only_writer, only_writer_here, shared_rate

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from orchestration.limits import only_writer_here
with only_writer_here("house", Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Requests to Prefect's server."""
    asked: list[Any] = []

    @contextmanager
    def concurrency(name: str, *, occupy: int, lease_duration: float) -> Iterator[None]:
        asked.append(("hold", name, occupy))
        yield
        asked.append(("let go", name))

    monkeypatch.setattr(module, "_offer", lambda *limit: asked.append(("offer", *limit)))
    monkeypatch.setattr(module, "concurrency", concurrency)
    monkeypatch.setattr(module, "rate_limit", lambda name, *, occupy: asked.append(("slots", name, occupy)))
    return asked


def deployed(monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    monkeypatch.setattr(module, "_is_deployed", lambda: yes)


def test_a_run_without_a_deployment_asks_the_server_nothing(server: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(monkeypatch, False)
    assert shared_rate(load_settings()) is None
    with only_writer("house"):
        pass
    assert server == []


def test_a_deployed_run_shares_rate_and_playlist_through_the_server(server: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(monkeypatch, True)
    take = shared_rate(load_settings(spotify_rate=7.5))
    assert take is not None
    take(3)
    assert server == [("offer", RATE_LIMIT, 8, 7.5), ("slots", RATE_LIMIT, 3)]
    server.clear()
    with only_writer("house"):
        assert server == [("offer", "beatporter-playlist-house", 1), ("hold", "beatporter-playlist-house", 1)]
    assert server[-1] == ("let go", "beatporter-playlist-house")


def test_a_slow_rate_still_lets_one_requests_slots_through(server: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(monkeypatch, True)
    shared_rate(load_settings(spotify_rate=0.5))
    assert server == [("offer", RATE_LIMIT, SLOTS_A_REQUEST, 0.5)], "a limit below what is taken together never lets any through"


def test_a_second_writer_waits_for_the_first_and_another_genre_does_not(home: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with only_writer_here("house", home):
            order.append("second")

    waiting = threading.Thread(target=second)
    with only_writer_here("house", home):
        waiting.start()
        with only_writer_here("techno", home):
            order.append("another")
        time.sleep(0.5)
        order.append("first")
    waiting.join(10)
    assert order == ["another", "first", "second"]


def test_a_failure_within_lets_the_next_writer_in(home: Path) -> None:
    with pytest.raises(KeyError), only_writer_here("house", home):
        raise KeyError("x")
    with only_writer_here("house", home):
        pass


def test_a_killed_writers_place_is_free(home: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    entered = threading.Event()

    def enter() -> None:
        with only_writer_here("house", home):
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    assert not entered.wait(0.6), "two processes write one playlist"
    holder.kill()
    holder.wait()
    assert entered.wait(10)


def test_a_home_that_cannot_be_locked_is_reported(home: Path) -> None:
    (home / "locks").write_text("a file, not a folder")
    with pytest.raises(LedgerUnwritable, match="locks"), only_writer_here("house", home / "locks"):
        pass
