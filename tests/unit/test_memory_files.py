"""Files beside captures: records of active runs, which killed runs leave behind, and how many captures stay."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.memory.capture import Capture, capture_file
from beatporter.memory.flight_record import forget, is_alive, keep_record, left_records, process_mark, record_file
from beatporter.memory.keeping import KEPT, PAGES, Bounds, captures, prune
from tests.unit.memory_examples import AT, FACTS, MB, REPORT

NOW = AT + timedelta(days=1)


def gone_mark() -> str:
    """The mark of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(child.pid)
    assert is_alive(mark)
    child.communicate(b"\n")
    return mark


def left_behind(folder: Path, genre: str = "house", mark: str | None = None) -> Path:
    captured = Capture(AT, rss_before_bytes=100 * MB, steps=list(REPORT.steps))
    path = record_file(folder / f"memory-{genre}.bin", AT)
    keep_record(path, replace(FACTS, genre=genre), captured)
    if mark is not None:
        path.write_text(path.read_text().replace(process_mark(os.getpid()), mark))
    return path


def test_the_record_of_a_run_whose_process_is_gone_is_found_once(tmp_path: Path) -> None:
    left_behind(tmp_path, mark=gone_mark())
    capture_file(tmp_path / "memory-house.bin", AT).write_bytes(b"x")
    (record,) = left_records(tmp_path)
    assert (record.facts, record.started_at, record.steps) == (FACTS, AT, REPORT.steps)
    assert record.capture is not None
    assert record.capture.exists()
    assert list(left_records(tmp_path)) == [], "two runs would report it"
    forget(record.path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".bin"]


def test_a_run_at_work_is_left_alone(tmp_path: Path) -> None:
    left_behind(tmp_path)
    assert list(left_records(tmp_path)) == []


def test_a_process_that_has_the_number_of_one_that_is_gone_is_another() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux says when a process began")
    boot, pid, began = process_mark(os.getpid()).split("/")
    assert is_alive(f"{boot}/{pid}/{began}")
    assert not is_alive(f"{boot}/{pid}/1")
    assert not is_alive(f"another/{pid}/{began}")


def test_what_is_no_record_is_passed_over(tmp_path: Path) -> None:
    for number, text in enumerate(["", "[]", "{}", '{"facts": {}}']):
        (tmp_path / f"memory-{number}.run.json").write_text(text)
    assert list(left_records(tmp_path)) == []
    assert list(left_records(tmp_path / "none")) == []


def test_a_record_that_cannot_be_written_costs_the_run_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_record(record_file(tmp_path / "file" / "memory-house.bin", AT), FACTS, Capture(AT))


def make(folder: Path, name: str, hours: float, size: int = 1000) -> Path:
    path = capture_file(folder / f"memory-{name}.bin", NOW - timedelta(hours=hours))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_the_newest_of_each_name_stay(tmp_path: Path) -> None:
    for hours in range(5):
        make(tmp_path, "house", hours)
        make(tmp_path, "house-two", hours)
    gone = prune(tmp_path, Bounds(each=2), NOW)
    assert len(gone) == 6
    assert sorted((one.name, (NOW - one.at).seconds // 3600) for one in captures(tmp_path)) == [
        ("memory-house", 0),
        ("memory-house", 1),
        ("memory-house-two", 0),
        ("memory-house-two", 1),
    ]


def test_all_together_are_bounded_in_size_and_the_newest_of_each_name_goes_last(tmp_path: Path) -> None:
    kept = [make(tmp_path, "house", 9), make(tmp_path, "techno", 1)]
    second = make(tmp_path, "techno", 2)
    page = tmp_path / PAGES / f"{second.stem}.flamegraph.html"
    page.parent.mkdir()
    page.write_text("x")
    assert [one.path for one in prune(tmp_path, Bounds(total_bytes=2500), NOW)] == [second]
    assert not page.exists(), "the page of a capture that is gone"
    assert all(path.exists() for path in kept)
    assert prune(tmp_path, Bounds(total_bytes=2000), NOW) == []
    assert [one.path for one in prune(tmp_path, Bounds(total_bytes=1999), NOW)] == [kept[0]]


def test_pages_count_as_well(tmp_path: Path) -> None:
    capture = make(tmp_path, "house", 1)
    page = tmp_path / PAGES / f"{capture.stem}.table.html"
    page.parent.mkdir()
    page.write_bytes(b"x" * 5000)
    assert [one.path for one in prune(tmp_path, Bounds(total_bytes=5500), NOW)] == [capture]


def test_what_is_old_goes_and_what_a_run_at_work_writes_stays(tmp_path: Path) -> None:
    old = make(tmp_path, "house", 24 * 40)
    at_work = make(tmp_path, "techno", 24 * 40)
    at_work.with_name(f"{at_work.stem}.run.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")
    claimed = old.with_name(f"{old.stem}.run.json.claimed")  # by a run that was killed before it could report
    claimed.write_text("{}")
    assert [one.path for one in prune(tmp_path, KEPT, NOW)] == [old]
    assert at_work.exists()
    assert not claimed.exists()
    assert (tmp_path / "notes.txt").exists()


def test_the_names_of_captures_hold_their_time() -> None:
    assert (
        capture_file(Path("p/memory-house.bin"), datetime(2026, 11, 20, 6, 30, tzinfo=UTC)).name
        == "memory-house.20261120T063000000000Z.bin"
    )
