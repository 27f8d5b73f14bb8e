"""Converts a run's memory to rows of the ledger, and compares a run with its genre's earlier rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beatporter.memory.megabytes import MB
from beatporter.memory.records import Holder, MemoryReport, Step
from beatporter.memory.trend import Compared, Growing, Slope, Usual, compared, growth, robust_slope, usual
from beatporter.records.ledger import MemoryRow

RUN = "run"
_HOLDERS = 6
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Standing:
    """A run among its genre's comparable earlier ones: on the same host, and likewise in a separate or a shared process."""

    earlier: tuple[MemoryRow, ...]
    """Oldest first, without this run."""
    usual: Usual | None
    verdict: Compared
    slope: Slope | None
    """Slope of the peaks in MB per day, including this run."""

    @property
    def growth(self) -> Growing:
        """Whether the genre's peaks grow over the days."""
        return growth(self.slope)


def rows_of(report: MemoryReport, genre_id: int, *, history_rows: int | None, searches: int | None) -> list[MemoryRow]:
    """The row of the whole run, then one for each step."""
    details = report.details
    by_step = {one.name: one.own for one in details.steps} if details else {}

    def row(step: str, figures: Step, holders: str) -> MemoryRow:
        return MemoryRow(
            genre_id=genre_id,
            run_key=report.facts.run_key,
            at=report.started_at.replace(microsecond=0),
            step=step,
            state=report.state,
            shared_process=int(report.facts.shared_process),
            host=report.facts.host,
            code_version=report.facts.code_version,
            before_bytes=figures.before_bytes,
            peak_bytes=figures.peak_bytes,
            after_bytes=figures.after_bytes,
            duration_s=round((figures.end_s or figures.start_s) - figures.start_s, 3),
            history_rows=history_rows,
            searches=searches,
            holders=holders,
            capture=report.capture,
        )

    whole = Step(RUN, 0.0, report.duration_s, report.rss_before_bytes, report.peak_rss_bytes, report.rss_after_bytes)
    held, left = (details.own, details.left) if details else ((), ())
    return [row(RUN, whole, _packed(held, left)), *(row(step.name, step, _packed(by_step.get(step.name, ()))) for step in report.steps)]


def holders_of(row: MemoryRow, kind: str = "held") -> list[Holder]:
    """The greatest holders in a row: `held` at the peak, or `left` at the end."""
    try:
        found = json.loads(row.holders or "{}").get(kind, [])
        return [Holder(str(function), str(place), int(size), 0, bool(own)) for function, place, size, own in found]
    except (ValueError, TypeError, AttributeError):  # from a later version
        return []


def standing(report: MemoryReport, runs: Iterable[MemoryRow]) -> Standing:
    """Compare a run with its genre's runs in the ledger, newest first, before it is added there."""
    facts = report.facts
    alike = [
        row
        for row in runs
        if row.host == facts.host and bool(row.shared_process) == facts.shared_process and row.state == "completed" and row.peak_bytes
    ]
    earlier = tuple(reversed(alike))
    known = usual([(row.peak_bytes or 0) / MB for row in earlier])
    verdict = compared(report.peak_rss_bytes / MB, known) if report.peak_rss_bytes and report.state == "completed" else "too few runs"
    return Standing(earlier, known, verdict, slope_of_days(report, earlier))


def slope_of_days(report: MemoryReport, earlier: Sequence[MemoryRow]) -> Slope | None:
    """The slope of the peaks in MB per day; None if they are too few or all on one day."""
    points = [(row.at.timestamp() / _DAY_S, (row.peak_bytes or 0) / MB) for row in earlier]
    if report.peak_rss_bytes and report.state == "completed":
        points.append((report.started_at.timestamp() / _DAY_S, report.peak_rss_bytes / MB))
    if not points or points[-1][0] - points[0][0] < 1:
        return None
    return robust_slope([peak for _, peak in points], [at for at, _ in points])


def _packed(held: Sequence[Holder], left: Sequence[Holder] = ()) -> str:
    kinds = {"held": held, "left": left}
    packed = {
        kind: [[one.function, one.place, one.held_bytes, int(one.own)] for one in holders[:_HOLDERS]] for kind, holders in kinds.items()
    }
    return json.dumps({kind: holders for kind, holders in packed.items() if holders}, ensure_ascii=False)
