"""One writer per playlist, and which runs share a rate. The rate itself: test_orchestration_shared_rate.py."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from beatporter.errors import LedgerUnwritable
from beatporter.settings import load_settings
from orchestration import limits as module
from orchestration.limits import only_writer, shared_rate
from orchestration.one_writer import only_writer_here

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from orchestration.one_writer import only_writer_here
with only_writer_here("house", Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
    return tmp_path


def deployed(monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    monkeypatch.setattr(module, "_has_deployment", lambda _: yes)


def test_only_a_run_of_a_deployment_shares_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(monkeypatch, False)
    assert shared_rate(load_settings()) is None
    deployed(monkeypatch, True)
    first, second = shared_rate(load_settings(spotify_rate=7.5)), shared_rate(load_settings(spotify_rate=7.5))
    assert first is second, "each step would begin with a rate of its own"


def test_the_writer_of_a_playlist_is_alone(home: Path) -> None:
    with only_writer("house"), pytest.raises(Timeout):
        FileLock(home / "locks" / "house.lock", timeout=0).acquire()
    FileLock(home / "locks" / "house.lock", timeout=0).acquire()


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
