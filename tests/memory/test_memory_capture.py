"""Captures of real processes that allocate a known amount in a known function.

Each runs in a child of its own, because memray traces once a process.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from beatporter.memory.analysis import thinned
from beatporter.memory.flight_record import is_alive
from beatporter.memory.reader_process import reader_environment
from beatporter.memory.records import Moment
from tests.memory.captured_scripts import MB, ROOT, linux_only, run
from tests.timeouts import TIMEOUT_S


def test_the_report_names_the_function_that_held_64_mb_and_the_peak(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "profiles" / "memory-house.bin") as captured:
            kept = hold_memory(64)
            for _ in range(20):  # a machine that stops for a while takes one of these, and memray's own thread comes between the others
                time.sleep(0.05)
            del kept
        told(captured)
        """,
    )
    report = told["report"]
    details = report["details"]
    greatest = details["places"][0]
    assert 64 * MB <= greatest["held_bytes"] < 65 * MB
    assert greatest["allocations"] == 64
    assert greatest["function"] in ("<listcomp>", "hold_memory"), "comprehensions are functions of their own before Python 3.12"
    assert greatest["place"].endswith("script.py:18"), "the line of the comprehension"
    assert 64 * MB <= details["peak_bytes"] < 70 * MB
    assert 60 * MB < report["peak_rss_bytes"] - report["rss_before_bytes"] < 80 * MB
    assert report["rss_after_bytes"] < report["peak_rss_bytes"] - 50 * MB, "the memory was released before the end"
    assert max(moment["rss_bytes"] for moment in details["timeline"]) > report["rss_before_bytes"] + 50 * MB
    assert "| 64.00 | " in told["markdown"]
    assert details["reserved_bytes"] == 0
    assert "data:image/svg+xml;base64," in told["markdown"]
    assert report["capture"] in told["markdown"]
    assert (tmp_path / "profiles" / report["capture"]).is_file()


def test_two_runs_in_one_process_each_have_a_peak_of_their_own(tmp_path: Path) -> None:
    linux_only()
    large, small = run(
        tmp_path,
        """
        for megabytes in (64, 8):
            with capture(HERE / "memory-house.bin") as captured:
                kept = hold_memory(megabytes)
                del kept
            told(captured)
        """,
    )
    above = [one["report"]["peak_rss_bytes"] - one["report"]["rss_before_bytes"] for one in (large, small)]
    assert above[0] > 60 * MB
    assert 4 * MB < above[1] < 30 * MB, f"the second run shows {above[1] / MB:.0f} MB, the first one's peak"
    assert small["report"]["peak_is_exact"]
    assert small["report"]["details"]["peak_bytes"] < 12 * MB


def test_beatporters_own_functions_answer_for_the_libraries_that_they_call(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        from beatporter.beatport.parser import next_data
        import bs4, beatporter.beatport.rows
        page = '<html><script id="__NEXT_DATA__">' + json.dumps(["x" * 1000] * 20_000) + "</script></html>"
        with capture(HERE / "memory-house.bin") as captured:
            kept = next_data(page)
        told(captured)
        """,
    )
    own = told["report"]["details"]["own"]
    assert own[0]["place"].startswith("beatporter/http/content.py:"), own[:2]
    assert own[0]["function"] == "decode_json"
    assert own[0]["own"]
    assert own[0]["held_bytes"] > 19 * MB
    assert "● decode\\_json" in told["markdown"]
    assert str(ROOT) not in told["markdown"], "the report shows paths of the machine"


def test_whole_stacks_are_kept_although_context_managers_lie_between(tmp_path: Path) -> None:
    """memray loses frames when the thread that starts it returns from the function that did; see `_Trace`."""
    (told,) = run(
        tmp_path,
        """
        import memray

        @contextmanager
        def around():
            with capture(HERE / "memory-house.bin") as captured:
                yield captured

        @contextmanager
        def around_it_all():
            with around() as captured:
                yield captured

        def flow():
            with around_it_all() as captured:
                step()
            return captured

        def step():
            kept = hold_memory(16)

        captured = flow()
        with memray.FileReader(captured.file) as reader:
            records = list(reader.get_high_watermark_allocation_records(merge_threads=True))
        stack = max(records, key=lambda record: record.size).stack_trace()
        told(captured, stack=[frame[0] for frame in stack])
        """,
    )
    assert [name for name in told["stack"] if name != "<listcomp>"][:3] == ["hold_memory", "step", "flow"]


def test_what_other_threads_allocate_is_seen(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        go, done, kept = threading.Event(), threading.Event(), []
        def early():
            go.wait()
            kept.append(hold_memory(16))
            done.set()
        threading.Thread(target=early).start()
        with capture(HERE / "memory-house.bin") as captured:
            go.set()
            done.wait()
        told(captured)
        """,
    )
    assert told["report"]["details"]["places"][0]["held_bytes"] >= 16 * MB


def test_a_capture_within_a_capture_runs_without_and_says_so(tmp_path: Path) -> None:
    inner, outer = run(
        tmp_path,
        """
        with capture(HERE / "memory-house.bin") as outer:
            kept = hold_memory(16)
            with capture(HERE / "memory-techno.bin") as inner:
                pass
            del kept
        told(inner)
        told(outer)
        """,
    )
    assert inner["report"]["details"] is None
    assert "already traced" in inner["markdown"]
    assert inner["report"]["rss_before_bytes"]
    assert outer["report"]["details"]["places"][0]["held_bytes"] >= 16 * MB, "the inner capture disturbed the outer one"
    assert outer["report"]["peak_rss_bytes"] - outer["report"]["rss_before_bytes"] > 14 * MB


def test_somebody_elses_tracker_is_left_alone(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        import memray
        with memray.Tracker(HERE / "theirs.bin"):
            with capture(HERE / "memory-house.bin") as captured:
                pass
        told(captured, theirs=(HERE / "theirs.bin").stat().st_size, left=[path.name for path in HERE.glob("memory-*")])
        """,
    )
    assert told["report"]["details"] is None
    assert "tracker" in told["report"]["note"].lower()
    assert told["theirs"] > 0


def test_when_tracing_is_off_memray_is_not_even_loaded(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "none" / "memory-house.bin", enabled=False) as captured:
            kept = hold_memory(16)
        told(captured, memray="memray" in sys.modules)
        """,
    )
    assert not told["memray"]
    assert not (tmp_path / "none").exists()
    assert told["report"]["details"] is None
    assert "BEATPORTER_PROFILE" in told["report"]["note"]
    assert told["report"]["peak_rss_bytes"] - told["report"]["rss_before_bytes"] > 14 * MB


def test_a_reservation_is_told_apart_from_memory(tmp_path: Path) -> None:
    """Arrow's pool maps 1 GB at its first large request and uses almost none of it."""
    (told,) = run(
        tmp_path,
        """
        import mmap
        with capture(HERE / "memory-house.bin") as captured:
            reserved = mmap.mmap(-1, 1024 * MB)
            kept = hold_memory(16)
            for _ in range(10):
                time.sleep(0.05)
            del kept
        told(captured)
        """,
    )
    details = told["report"]["details"]
    assert details["reserved_bytes"] == 1024 * MB
    assert 16 * MB <= details["peak_bytes"] < 30 * MB
    assert details["places"][0]["held_bytes"] < 20 * MB, "the reservation leads the page"
    assert details["left_bytes"] < 10 * MB
    assert "1024 MB of address space were reserved" in told["markdown"]


def test_arrow_does_not_reserve_in_a_traced_process(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "memory-house.bin") as captured:
            import pyarrow
            kept = pyarrow.allocate_buffer(4 * MB)
        told(captured, pool=pyarrow.default_memory_pool().backend_name)
        """,
    )
    assert told["pool"] == "system"
    assert told["report"]["details"]["reserved_bytes"] == 0


def test_each_step_has_its_own_peak_and_its_own_holders(tmp_path: Path) -> None:
    linux_only()
    (told,) = run(
        tmp_path,
        """
        def rest():
            for _ in range(8):
                time.sleep(0.05)

        with capture(HERE / "memory-house.bin") as captured:
            with step("scrape-chart"):
                kept = hold_memory(64)
                rest()
                del kept
            rest()
            with step("match-tracks"):
                left = hold_memory(16)
                rest()
        told(captured)
        """,
    )
    report = told["report"]
    scrape, match = report["steps"]
    start = report["rss_before_bytes"]
    assert scrape["peak_bytes"] - start > 60 * MB
    assert 12 * MB < match["peak_bytes"] - start < 40 * MB, "the second step shows the first one's peak"
    assert report["peak_rss_bytes"] == scrape["peak_bytes"], "the run's peak is that of its highest step"
    assert scrape["after_bytes"] - scrape["before_bytes"] < 16 * MB
    assert match["after_bytes"] - match["before_bytes"] > 12 * MB
    held = {one["name"]: one["peak_bytes"] for one in report["details"]["steps"]}
    assert held["scrape-chart"] >= 64 * MB
    assert 16 * MB <= held["match-tracks"] < 40 * MB
    assert report["process_peak_bytes"] >= report["peak_rss_bytes"]
    assert report["details"]["left"][0]["held_bytes"] >= 16 * MB, "what was not freed is not named"


def test_native_frames_are_recorded_when_they_are_asked_for(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        import memray
        with capture(HERE / "memory-house.bin", native=True) as captured:
            kept = hold_memory(4)
        told(captured, native=memray.FileReader(captured.file).metadata.has_native_traces)
        """,
    )
    assert told["native"]
    assert told["report"]["details"]["peak_bytes"] >= 4 * MB


def test_one_reader_reads_all_captures_of_a_process(tmp_path: Path) -> None:
    readers = run(
        tmp_path,
        """
        from beatporter.memory.flight_record import process_mark
        from beatporter.memory.reader_process import READER
        for _ in range(3):
            with capture(HERE / "memory-house.bin") as captured:
                kept = hold_memory(4)
                del kept
            make_report(captured, FACTS, timeout_s=TIMEOUT_S)
            print(json.dumps({"process": process_mark(READER.pid)}))
        """,
    )
    assert len({one["process"] for one in readers}) == 1
    end = time.monotonic() + TIMEOUT_S
    while is_alive(readers[0]["process"]):
        assert time.monotonic() < end, "the reader outlives the process that it reads for"
        time.sleep(0.1)


def test_the_child_that_reads_the_capture_does_not_get_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_REFRESH_TOKEN", "hush")
    assert "hush" not in reader_environment().values()


def test_a_long_timeline_is_thinned_to_its_highest_moments() -> None:
    moments = [Moment(number / 20, MB * (500 if number == 777 else 100), 0) for number in range(1000)]
    short = thinned(moments)
    assert len(short) <= 120
    assert max(moment.rss_bytes for moment in short) == 500 * MB
    assert thinned([]) == ()
