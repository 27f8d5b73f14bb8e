"""The pause between requests, among the threads of a process and among processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from beatporter.http.pacing import Pacer


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


def shared(file: Path, clock: Clock, interval_s: float = 2.0) -> Pacer:
    return Pacer(interval_s, file=file, sleep=clock.sleep, clock=clock)


def test_requests_of_several_processes_share_one_queue(tmp_path: Path) -> None:
    clock = Clock()
    first, second = shared(tmp_path / "a" / "next", clock), shared(tmp_path / "a" / "next", clock)
    first.wait_turn()
    assert clock.slept == [], "the first request need not wait"
    second.wait_turn()
    first.wait_turn()
    assert clock.slept == [2.0, 2.0]


def test_time_that_has_passed_anyway_is_not_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    one = shared(tmp_path / "next", clock)
    one.wait_turn()
    clock.now += 1.5
    one.wait_turn()
    clock.now += 10
    one.wait_turn()
    assert clock.slept == [0.5]


def test_no_interval_waits_for_nothing_and_writes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    one = shared(tmp_path / "next", clock, 0)
    one.wait_turn()
    one.wait_turn()
    assert clock.slept == []
    assert not (tmp_path / "next").exists()


def test_a_damaged_file_or_one_from_a_clock_set_back_does_not_block(tmp_path: Path) -> None:
    for content in ("nonsense", "nan", "inf", "9999999999.0", ""):
        (tmp_path / "next").write_text(content)
        clock = Clock()
        shared(tmp_path / "next", clock).wait_turn()
        assert clock.slept == [], f"waited for {content!r}"


def test_without_a_writable_folder_the_process_keeps_its_own_pause(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    clock = Clock()
    one = shared(tmp_path / "file" / "next", clock)
    one.wait_turn()
    one.wait_turn()
    assert clock.slept == [2.0]


def test_processes_at_the_same_time_never_take_the_same_moment(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from beatporter.http.pacing import Pacer\n"
        "waits = []\n"
        "pacer = Pacer(1.0, file=Path(sys.argv[1]), sleep=waits.append, clock=lambda: 1000.0)\n"
        "[pacer.wait_turn() for _ in range(50)]\n"
        "print(*(round(wait) for wait in waits))"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "next")], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    taken = [int(moment) for child in children for moment in child.communicate(timeout=60)[0].split()]
    assert sorted(taken) == list(range(1, 150)), "a moment was used twice or skipped"


def at_rate(rate: float, clock: Clock, acquire: Callable[[int], None] | None = None) -> Pacer:
    return Pacer(1 / rate, burst_s=1.0, sleep=clock.sleep, clock=clock, acquire=acquire)


def leave_times(pacer: Pacer, clock: Clock, count: int) -> list[float]:
    start, left = 1_000_000.0, []
    for _ in range(count):
        pacer.wait_turn()
        left.append(round(clock.now - start, 6))
    return left


def test_requests_leave_at_the_rate_after_a_burst_of_one_second() -> None:
    clock = Clock()
    pacer = at_rate(5, clock)
    assert leave_times(pacer, clock, 8) == [0, 0, 0, 0, 0, 0.2, 0.4, 0.6]
    clock.now += 60
    assert leave_times(pacer, clock, 6) == [60.6] * 5 + [60.8], "idle time was saved up beyond a second"


def test_a_slow_rate_has_no_burst() -> None:
    clock = Clock()
    assert leave_times(at_rate(0.5, clock), clock, 3) == [0, 2, 4]


def test_one_threads_429_holds_all() -> None:
    clock = Clock()
    pacer = at_rate(5, clock)
    pacer.hold(30)
    assert leave_times(pacer, clock, 2) == [30, 30]


def test_a_hold_that_was_slept_through_ends_even_if_the_clock_stands_still() -> None:
    slept: list[float] = []
    pacer = Pacer(0.2, burst_s=1.0, sleep=slept.append, clock=lambda: 100.0)
    pacer.hold(30)
    for _ in range(3):
        pacer.wait_turn()
    assert slept == [30]


def test_a_shared_limit_is_called_in_blocks() -> None:
    clock, asked = Clock(), list[int]()
    pacer = at_rate(100, clock, asked.append)
    leave_times(pacer, clock, 11)
    assert asked == [5, 5, 5]
