"""A genre's memory is traced and published however its run ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatporter.clock import utc_now
from beatporter.memory.capture import Capture
from beatporter.memory.records import MemoryReport
from beatporter.sync.outcome import Outcome
from orchestration import memory_profile as module
from orchestration.memory_profile import profiled, publish_memory, with_memory
from tests.unit.prefect_fakes import at_work

Published = dict[str, tuple[str, str]]
MB = 2**20


@pytest.fixture(autouse=True)
def here(tmp_path: Path) -> Iterator[Path]:
    with at_work(tmp_path):
        yield tmp_path


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    pages: Published = {}
    monkeypatch.setattr(module, "publish", lambda key, markdown, line: pages.update({key: (markdown, line)}))
    return pages


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Capture]:
    """The captures that reports were made of; reading one takes a process of its own."""
    captures: list[Capture] = []

    def make_report(capture: Capture) -> MemoryReport:
        assert capture.duration_s > 0, "the report has to be made of a capture that has stopped"
        captures.append(capture)
        return MemoryReport(capture.started_at, capture.duration_s, 1, 1, 1, True, None, "no details", "")

    monkeypatch.setattr(module, "make_report", make_report)
    return captures


def test_the_report_is_published_also_when_the_genre_fails(published: Published, reported: list[Capture]) -> None:
    with pytest.raises(KeyError), profiled("house"):
        raise KeyError("x")
    with profiled("techno") as memory:
        pass
    assert set(published) == {"memory-house", "memory-techno"}
    assert "Memory of house" in published["memory-house"][0]
    assert reported[1] is memory


@pytest.mark.parametrize(("setting", "traced"), [("on", True), ("off", False)])
def test_the_setting_says_whether_memory_is_traced(
    setting: str, traced: bool, published: Published, reported: list[Capture], monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    monkeypatch.setenv("BEATPORTER_PROFILE", setting)
    with profiled("house") as memory:
        pass
    assert bool(list(here.glob("profiles/memory-house.*.bin"))) == traced
    assert (memory.file is not None) == traced


def test_an_outcome_gets_the_kernels_figures() -> None:
    memory = Capture(utc_now(), rss_before_bytes=100 * MB, peak_rss_bytes=300 * MB, rss_after_bytes=150 * MB)
    memory.duration_s = 2.3456
    known = with_memory(Outcome("completed", added=3), memory)
    assert known == Outcome("completed", added=3, memory_before_mb=100, peak_memory_mb=300, memory_after_mb=150, duration_s=2.35)
    assert with_memory(Outcome("completed"), Capture(utc_now())).peak_memory_mb is None


def test_the_genres_of_a_parent_are_published_side_by_side(published: Published) -> None:
    low, high = (Outcome("completed", peak_memory_mb=peak, memory_before_mb=80.0, memory_after_mb=90.0) for peak in (150.0, 200.0))
    publish_memory({"house": high, "techno": low, "trance": Outcome("failed")}, one_process=True)
    page, line = published["memory"]
    assert line == "highest peak 200 MB"
    assert page.index("| house |") < page.index("| techno |") < page.index("| trance |")
    assert "shared one process" in page
    publish_memory({"house": high}, one_process=False)
    assert "process of its own" in published["memory"][0]
    publish_memory({"house": Outcome("failed")}, one_process=False)
    assert published["memory"][1] == "no figures"
