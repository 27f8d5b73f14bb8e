"""A run's memory as the unit tests of reports, history and comparisons use it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from beatporter.memory.records import Details, Holder, MemoryReport, Moment, RunFacts, Step, StepHolders
from beatporter.records.ledger import MemoryRow

MB = 2**20
AT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
READ_ROW = Holder("read_row", "beatporter/beatport/rows.py:40", 12 * MB, 9, True)
LOAD = Holder("load", "json/__init__.py:1", 2 * MB, 3, False)
DETAILS = Details(
    peak_bytes=40 * MB,
    reserved_bytes=0,
    import_bytes=30 * MB,
    allocations=123_456,
    places=(replace(READ_ROW, held_bytes=10 * MB, allocations=7), LOAD),
    own=(READ_ROW,),
    left_bytes=4 * MB,
    left=(replace(READ_ROW, held_bytes=3 * MB), LOAD),
    steps=(
        StepHolders("scrape-chart", 20 * MB, (replace(READ_ROW, held_bytes=5 * MB),)),
        StepHolders("match-tracks", 40 * MB, (READ_ROW,)),
    ),
    timeline=(Moment(0.0, 100 * MB, 0), Moment(0.5, 180 * MB, 40 * MB), Moment(1.0, 120 * MB, 5 * MB)),
    last_rss_bytes=120 * MB,
)
FACTS = RunFacts("house", "the-run", "", False, "abcdef123456", "Linux x86_64, Python 3.11")
REPORT = MemoryReport(
    facts=FACTS,
    state="completed",
    started_at=AT,
    duration_s=1.25,
    rss_before_bytes=100 * MB,
    rss_after_bytes=120 * MB,
    peak_rss_bytes=180 * MB,
    peak_is_exact=True,
    process_peak_bytes=190 * MB,
    steps=(
        Step("scrape-chart", 0.0, 0.4, 100 * MB, 130 * MB, 110 * MB),
        Step("match-tracks", 0.4, 1.0, 110 * MB, 180 * MB, 120 * MB),
    ),
    details=DETAILS,
    note="",
    capture="memory-house.20261120T063000000000Z.bin",
)


def row(peak_mb: float | None = 180, **more: Any) -> MemoryRow:
    """A run as the ledger has it."""
    values: dict[str, Any] = {
        "genre_id": 5,
        "run_key": "earlier",
        "at": AT,
        "step": "run",
        "state": "completed",
        "shared_process": 0,
        "host": FACTS.host,
        "code_version": "abcdef123456",
        "before_bytes": 100 * MB,
        "peak_bytes": None if peak_mb is None else int(peak_mb * MB),
        "after_bytes": 120 * MB,
        "duration_s": 1.0,
        "history_rows": 248_000,
        "searches": 17,
        "holders": "{}",
        "capture": "",
    }
    return MemoryRow(**(values | more))
