"""Captures when something goes wrong: errors, full disks, folders and files that cannot be used, secrets."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.memory.captured_scripts import MB, run


def test_an_error_within_goes_on_and_leaves_a_report(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        try:
            with capture(HERE / "memory-house.bin") as captured:
                kept = hold_memory(16)
                raise ValueError("of the run itself")
        except ValueError as error:
            told(captured, error=str(error))
        with capture(HERE / "memory-house.bin") as captured:
            assert captured.file, "the failed run left its tracker behind"
        """,
    )
    assert told["error"] == "of the run itself"
    assert told["report"]["details"]["peak_bytes"] >= 16 * MB


def test_a_folder_that_cannot_be_written_costs_the_trace_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "file" / "memory-house.bin") as captured:
            kept = hold_memory(16)
        told(captured)
        """,
    )
    assert told["report"]["details"] is None
    assert "cannot be" in told["report"]["note"]
    assert told["report"]["peak_rss_bytes"]


def test_a_disk_that_fills_up_during_the_run_is_said_and_costs_only_the_trace(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True).returncode
    ):
        pytest.skip("no small disk can be made here")
    try:
        (told,) = run(
            tmp_path,
            """
            with capture(HERE / "disk" / "memory-house.bin") as captured:
                import email.mime.text, http.client, xml.dom.minidom, sqlite3, bs4, requests, rapidfuzz
                for number in range(100):
                    kept = [bytes(1000 + number * size) for size in range(1, 1000)]
                end = hold_memory(8)
            told(captured)
            """,
        )
        assert "the disk is full" in told["report"]["note"]
        assert told["report"]["peak_rss_bytes"] > told["report"]["rss_before_bytes"] + 8 * MB
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_tracing_stops_at_the_largest_file_and_the_run_goes_on(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "memory-house.bin", largest_file=1000) as captured:
            for number in itertools.cycle(range(30)):
                kept = [bytes(1000 + number * size) for size in range(1, 300)]
                time.sleep(0.05)
                if "memory-capture" not in [thread.name for thread in threading.enumerate()]:
                    break
            late = hold_memory(32)
        told(captured)
        """,
    )
    assert "Tracing stopped" in told["report"]["note"]
    assert told["report"]["details"]["peak_bytes"] < 20 * MB, "what came after the stop was traced"
    assert told["report"]["peak_rss_bytes"] - told["report"]["rss_before_bytes"] > 30 * MB, "the kernel's figure covers the whole run"


def test_a_capture_that_cannot_be_read_is_a_report_without_details(tmp_path: Path) -> None:
    damaged, gone, slow = run(
        tmp_path,
        """
        with capture(HERE / "memory-house.bin") as captured:
            pass
        from beatporter.memory.reader_process import READER
        whole = captured.file.read_bytes()
        captured.file.write_bytes(b"nonsense")
        told(captured)
        captured.file.unlink()
        told(captured)
        captured.file.write_bytes(whole)
        READER.close()
        slow = make_report(captured, FACTS, timeout_s=0.001)
        print(json.dumps({"report": asdict(slow), "markdown": report_markdown(slow, Surroundings(None, 350.0))}, default=str))
        """,
    )
    for told, reason in ((damaged, "could not be read"), (gone, "could not be read"), (slow, "took longer")):
        assert told["report"]["details"] is None
        assert reason in told["report"]["note"]
        assert "Peak **" in told["markdown"]
        assert str(tmp_path) not in told["markdown"]


def test_no_secret_of_the_environment_or_command_line_reaches_a_report(tmp_path: Path) -> None:
    (told,) = run(
        tmp_path,
        """
        with capture(HERE / "memory-house.bin") as captured:
            kept = hold_memory(1)
        told(captured)
        """,
        "--token=hush-hush",
        BEATPORTER_SPOTIFY_CLIENT_SECRET="hush-hush",
    )
    assert "hush" not in json.dumps(told)
