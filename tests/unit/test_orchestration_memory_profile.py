"""A genre's memory is recorded, published and saved after any end of its run; the next run reports killed ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beatporter.clock import utc_now
from beatporter.ledger.ledger import open_ledger
from beatporter.memory.budget import MemoryOverBudget
from beatporter.memory.capture import Capture
from beatporter.memory.flight_record import keep_record, process_mark, record_file
from beatporter.memory.reader_process import ReadingFailed
from beatporter.memory.records import MemoryReport, Step
from beatporter.records.ledger import MemoryRow
from beatporter.settings import load_settings
from beatporter.sync.outcome import Outcome
from orchestration import memory_profile as module
from orchestration.memory_profile import profiled, publish_memory, report_killed_runs, with_memory
from orchestration.task import measured
from tests.unit.memory_examples import AT, FACTS, REPORT
from tests.unit.prefect_fakes import at_work

Published = dict[str, tuple[str, str]]
MB = 2**20
HOUSE = 5


@pytest.fixture(autouse=True)
def here(tmp_path: Path) -> Iterator[Path]:
    with at_work(tmp_path):
        yield tmp_path


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    pages: Published = {}
    monkeypatch.setattr(module, "publish", lambda key, markdown, line: pages.update({key: (markdown, line)}))
    return pages


@pytest.fixture(autouse=True)
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    emitted: list[dict[str, Any]] = []
    monkeypatch.setattr("orchestration.events.emit_event", lambda event, **more: emitted.append({"event": event, **more}))
    return emitted


@pytest.fixture(autouse=True)
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Capture]:
    """The captures of the reports; a separate process would read them."""
    captures: list[Capture] = []

    def make_report(capture: Capture, facts: Any, state: Any, processes: Any) -> MemoryReport:
        assert capture.duration_s > 0, "the report has to be made of a capture that has stopped"
        captures.append(capture)
        return replace(REPORT, facts=facts, state=state, steps=tuple(capture.steps), details=None, capture="")

    monkeypatch.setattr(module, "make_report", make_report)
    monkeypatch.setattr(module.READER, "start", lambda: None)
    return captures


def rows(home: Path, genre_id: int = HOUSE) -> list[MemoryRow]:
    with open_ledger(home / "beatporter.db") as ledger:
        return ledger.memory.runs(genre_id)


def test_the_report_is_published_and_kept_also_when_the_genre_fails(published: Published, reported: list[Capture], here: Path) -> None:
    with pytest.raises(KeyError), profiled("house"):
        raise KeyError("x")
    with profiled("house") as memory:
        pass
    assert "Memory of house" in published["memory-house"][0]
    assert reported[1] is memory
    assert [row.state for row in rows(here)] == ["completed", "failed"]


def test_the_steps_of_tasks_are_recorded(here: Path) -> None:
    step = measured("match-tracks", lambda: measured("inner", lambda: 7)())
    assert step() == 7, "without a run nothing is recorded"
    with profiled("house") as memory:
        step()
        with pytest.raises(ValueError, match="x"):
            measured("update-playlist", lambda: int("x"))()
    assert [one.name for one in memory.steps] == ["match-tracks", "update-playlist"], "a step within a step belongs to it"
    assert all(one.end_s is not None and one.peak_bytes for one in memory.steps)
    with open_ledger(here / "beatporter.db") as ledger:
        latest = ledger.memory.runs(HOUSE)[0]
        kept = ledger.memory.of_run(HOUSE, latest.run_key, latest.at)
    assert [row.step for row in kept] == ["run", "match-tracks", "update-playlist"]


@pytest.mark.parametrize(("setting", "traced"), [("on", True), ("off", False)])
def test_the_setting_says_whether_memory_is_traced(setting: str, traced: bool, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setenv("BEATPORTER_PROFILE", setting)
    with profiled("house") as memory:
        assert list(here.glob("profiles/memory-house.*.run.json")), "a run that is killed now would leave nothing"
    assert bool(list(here.glob("profiles/memory-house.*.bin"))) == traced
    assert (memory.file is not None) == traced
    assert not list(here.glob("profiles/*.run.json*")), "the next run would take it for one that was killed"


def test_a_run_above_its_budget_is_an_event_and_with_strict_a_failure(
    events: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with profiled("house"):
        pass
    assert events == []
    monkeypatch.setenv("BEATPORTER_MEMORY_BUDGETS_MB", '{"house": 150}')
    with profiled("house"):
        pass
    (event,) = events
    assert event["event"] == "beatporter.memory.over-budget"
    assert event["payload"] | {"peak_mb": 180.0, "budget_mb": 150.0, "genre": "house"} == event["payload"]
    assert "its budget is 150 MB" in caplog.text
    with profiled("techno-peak-time-driving"):
        pass
    assert len(events) == 1, "the budget of one genre is not another's"
    monkeypatch.setenv("BEATPORTER_MEMORY_STRICT", "true")
    with pytest.raises(MemoryOverBudget, match="memory-house"), profiled("house"):
        pass
    with pytest.raises(KeyError), profiled("house"):
        raise KeyError("the run's own error goes first")


def killed(home: Path, genre: str = "house") -> None:
    """The files of a run that was killed in match-tracks."""
    path = record_file(home / "profiles" / f"memory-{genre}.bin", AT)
    steps = [Step("scrape-chart", 0.0, 1.0, 100 * MB, 130 * MB, 120 * MB), Step("match-tracks", 1.0, before_bytes=120 * MB)]
    keep_record(path, replace(FACTS, genre=genre), Capture(AT, rss_before_bytes=100 * MB, steps=steps))
    path.write_text(path.read_text().replace(process_mark(os.getpid()), "gone/1/1"))


def test_the_next_run_reports_the_one_that_was_killed(published: Published, here: Path) -> None:
    killed(here, "house")
    with profiled("techno-peak-time-driving"):
        page, line = published["memory-house"]
    assert line == "killed at unknown, in match-tracks"
    assert "The run's process was killed" in page
    (row,) = rows(here)
    assert (row.state, row.peak_bytes, row.at) == ("killed", 130 * MB, AT)
    published.clear()
    report_killed_runs(load_settings())
    assert published == {}, "it is reported once"


def test_the_parent_reports_the_genres_that_were_killed(published: Published, here: Path) -> None:
    killed(here)
    publish_memory({"house": Outcome("failed")}, one_process=False)
    assert set(published) == {"memory", "memory-house"}


def test_a_genre_that_failed_has_its_figures_from_the_ledger(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyError), profiled("house"):
        raise KeyError("x")
    monkeypatch.setenv("BEATPORTER_MEMORY_BUDGET_MB", "150")
    publish_memory({"house": Outcome("failed"), "dubstep": Outcome("failed")}, one_process=False)
    page = published["memory"][0]
    assert "| house | 100.0 MB | 180.0 MB | 120.0 MB | +20.0 MB |" in page
    assert "| dubstep | unknown | unknown | unknown | unknown |" in page
    assert "Over budget.** house: The run took 180 MB, its budget is 150 MB." in page


def test_a_ledger_that_cannot_be_used_costs_the_report_only_its_history(
    published: Published, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    (here / "file").write_text("")
    monkeypatch.setenv("BEATPORTER_DATABASE", str(here / "file" / "x.db"))
    with profiled("house"):
        pass
    assert "Peak **180 MB**" in published["memory-house"][0]


def test_an_outcome_gets_the_kernels_figures() -> None:
    memory = Capture(utc_now())
    memory.stop()
    memory.rss_before_bytes, memory.peak_rss_bytes, memory.rss_after_bytes, memory.duration_s = 100 * MB, 300 * MB, 150 * MB, 2.3456
    known = with_memory(Outcome("completed", added=3), memory)
    assert known == Outcome("completed", added=3, memory_before_mb=100, peak_memory_mb=300, memory_after_mb=150, duration_s=2.35)


def test_the_genres_of_a_parent_are_published_side_by_side(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "process_peak_bytes", lambda: 301 * MB)
    low, high = (Outcome("completed", peak_memory_mb=peak, memory_before_mb=80.0, memory_after_mb=90.0) for peak in (150.0, 200.0))
    publish_memory({"house": high, "techno-peak-time-driving": low, "dubstep": Outcome("failed")}, one_process=True)
    page, line = published["memory"]
    assert line == "highest peak 301 MB"
    assert page.index("| house |") < page.index("| techno-peak-time-driving |") < page.index("| dubstep |")
    assert "shared one process" in page
    publish_memory({"house": replace(high, peak_memory_mb=400.0)}, one_process=False)
    assert "process of its own" in published["memory"][0]
    assert "Over budget.** house: The run took 400 MB" in published["memory"][0]
    publish_memory({"house": Outcome("failed")}, one_process=False)
    assert published["memory"][1] == "no figures"


def test_what_genres_of_this_run_left_behind_is_read_from_the_ledger(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "make_report", lambda capture, facts, state, processes: replace(REPORT, facts=facts, started_at=capture.started_at)
    )
    slugs = ["house", "dubstep", "afro-house", "amapiano"]
    for slug in slugs:
        with profiled(slug):
            pass
    one = Outcome("completed", peak_memory_mb=200.0, memory_before_mb=80.0, memory_after_mb=90.0)
    publish_memory(dict.fromkeys(slugs, one), one_process=True)
    assert "| read\\_row | beatporter/beatport/rows.py:40 | 3.00 | 3 |" in published["memory"][0]


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("gs://bucket/some prefix/", "https://storage.cloud.google.com/bucket/some%20prefix/memory-house.1.bin"),
        ("copies", "copies/memory-house.1.bin"),
    ],
)
def test_a_copied_capture_is_linked(
    address: str, link: str, published: Published, reported: list[Capture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATPORTER_MEMORY_CAPTURES", address)
    report = module.make_report
    monkeypatch.setattr(module, "make_report", lambda *given: replace(report(*given), capture="memory-house.1.bin"))
    copied: list[tuple[str, str]] = []
    monkeypatch.setattr(module.READER, "copy", lambda file, to: copied.append((file.name, to)))
    with profiled("house"):
        pass
    assert copied == [("memory-house.1.bin", address)]
    assert f"{link})" in published["memory-house"][0]

    def refuse(file: Path, to: str) -> None:
        raise ReadingFailed("no space")

    monkeypatch.setattr(module.READER, "copy", refuse)
    with profiled("house"):
        pass
    assert f"{link})" not in published["memory-house"][0]
