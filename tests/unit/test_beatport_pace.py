"""The pause between requests, within a process and across processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from beatporter.beatport.pace import Pace
from tests.patience import PATIENCE_S


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def pace(file: Path, clock: Clock, interval_s: float = 2.0) -> Pace:
    return Pace(file, interval_s, sleep=clock.sleep, timer=clock)


def test_requests_of_several_processes_stand_in_one_line(tmp_path: Path) -> None:
    clock = Clock()
    first, second = pace(tmp_path / "a" / "next", clock), pace(tmp_path / "a" / "next", clock)
    first.wait()
    assert clock.slept == [], "the first request need not wait"
    second.wait()
    first.wait()
    assert clock.slept == [2.0, 2.0]


def test_time_that_has_passed_anyway_is_not_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    one = pace(tmp_path / "next", clock)
    one.wait()
    clock.now += 1.5
    one.wait()
    clock.now += 10
    one.wait()
    assert clock.slept == [0.5]


def test_no_interval_waits_for_nothing_and_writes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    one = pace(tmp_path / "next", clock, 0)
    one.wait()
    one.wait()
    assert clock.slept == []
    assert not (tmp_path / "next").exists()


def test_a_damaged_file_or_one_from_a_clock_set_back_does_not_block(tmp_path: Path) -> None:
    for content in ("nonsense", "nan", "inf", "9999999999.0", ""):
        (tmp_path / "next").write_text(content)
        clock = Clock()
        pace(tmp_path / "next", clock).wait()
        assert clock.slept == [], f"waited for {content!r}"


def test_without_a_writable_folder_the_process_keeps_its_own_pause(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    clock = Clock()
    one = pace(tmp_path / "file" / "next", clock)
    one.wait()
    one.wait()
    assert clock.slept == [2.0]


def test_processes_at_the_same_time_never_take_the_same_moment(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from beatporter.beatport.pace import Pace\n"
        "waits = []\n"
        "pace = Pace(Path(sys.argv[1]), 1.0, sleep=waits.append, timer=lambda: 1000.0)\n"
        "[pace.wait() for _ in range(50)]\n"
        "print(*(round(wait) for wait in waits))"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "next")], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    taken = [int(moment) for child in children for moment in child.communicate(timeout=PATIENCE_S)[0].split()]
    assert sorted(taken) == list(range(1, 150)), "a moment was taken twice or left out"
