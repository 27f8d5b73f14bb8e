"""Runs compared with earlier ones: rows of the ledger, verdicts, slopes, budgets and differences."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from beatporter.memory.budget import over_budget
from beatporter.memory.compare import compare_captures, compare_runs
from beatporter.memory.past_runs import holders_of, rows_of, standing
from beatporter.memory.records import Holder
from beatporter.memory.trend import compared, growth, robust_slope, usual
from tests.unit.memory_examples import AT, DETAILS, FACTS, LOAD, MB, READ_ROW, REPORT, row


def test_a_run_is_a_row_and_one_for_each_step() -> None:
    whole, scrape, match = rows_of(REPORT, 5, history_rows=7, searches=3)
    assert (whole.step, whole.peak_bytes, whole.duration_s, whole.history_rows, whole.searches) == ("run", 180 * MB, 1.25, 7, 3)
    assert (scrape.step, scrape.before_bytes, scrape.after_bytes, scrape.duration_s) == ("scrape-chart", 100 * MB, 110 * MB, 0.4)
    assert [one.held_bytes for one in holders_of(match)] == [12 * MB]
    assert [one.function for one in holders_of(whole, "left")] == ["read_row", "load"]
    assert whole.at == AT


def test_holders_that_this_version_does_not_understand_are_none() -> None:
    for text in ("", "[]", "nonsense", '{"held": [["one"]]}', '{"held": 5}'):
        assert holders_of(row(holders=text)) == []


def test_only_like_is_compared_with_like() -> None:
    others = [
        row(900, host="another"),
        row(900, shared_process=1),
        row(900, state="killed"),
        row(900, state="failed"),
        row(None),
    ]
    earlier = [row(180, at=AT - timedelta(days=number)) for number in range(1, 6)]
    found = standing(REPORT, [*others, *earlier])
    assert len(found.earlier) == 5
    assert [one.at for one in found.earlier] == sorted(one.at for one in earlier), "oldest first"
    assert found.verdict == "as usual"


@pytest.mark.parametrize(
    ("peak_mb", "verdict"), [(181, "as usual"), (189, "as usual"), (190, "worse"), (170, "better"), (171.5, "as usual")]
)
def test_a_peak_is_judged_by_median_and_spread(peak_mb: float, verdict: str) -> None:
    known = usual([180.0, 180.2, 179.8, 180.1, 400.0])
    assert known is not None
    assert known.median_mb == 180.1, "one odd run moves nothing"
    assert compared(peak_mb, known) == verdict


def test_a_wide_spread_allows_more() -> None:
    known = usual([160.0, 180.0, 200.0])
    assert known is not None
    assert compared(230, known) == "as usual"
    assert compared(300, known) == "worse"
    assert usual([180.0, 180.0]) is None
    assert compared(300, None) == "too few runs"


def test_the_slope_is_not_upset_by_odd_values_nor_by_noise() -> None:
    noise = random.Random(1)
    values = [200 + 0.05 * number + noise.uniform(-3, 3) for number in range(108)]
    values[50] = 900.0
    slope = robust_slope(values)
    assert slope is not None
    assert abs(slope.estimate - 0.05) < 0.03
    assert slope.low < 0.05 < slope.high
    assert growth(slope) == "flat"


@pytest.mark.parametrize(("each_mb", "verdict"), [(2.0, "growing"), (0.2, "growing"), (0.0, "flat"), (-1.0, "flat")])
def test_steady_growth_is_called_by_its_name(each_mb: float, verdict: str) -> None:
    assert growth(robust_slope([200 + each_mb * number for number in range(12)])) == verdict


def test_what_could_be_either_is_unclear() -> None:
    assert growth(robust_slope([200, 230, 190, 260, 205, 240])) == "unclear"
    assert growth(robust_slope([1.0, 2.0, 3.0, 4.0])) == "unclear", "four values say nothing"
    assert robust_slope([1.0] * 6, [5.0] * 6) is None, "all at one place"


def test_the_slope_over_days_counts_days_not_runs() -> None:
    earlier = [row(100 + 5 * number, at=AT - timedelta(hours=12 * (8 - number))) for number in range(8)]
    found = standing(replace(REPORT, peak_rss_bytes=140 * MB), list(reversed(earlier)))
    assert found.slope is not None
    assert abs(found.slope.estimate - 10) < 0.01
    assert found.growth == "growing"
    same_day = [row(100 + number, at=AT - timedelta(minutes=number)) for number in range(1, 9)]
    assert standing(REPORT, same_day).slope is None


def test_a_budget_is_exceeded_by_more_not_by_as_much() -> None:
    assert over_budget(REPORT, 180.0) is None
    over = over_budget(REPORT, 179.9)
    assert over is not None
    assert (over.step, over.holder) == ("match-tracks", "read_row")
    assert "180 MB in match-tracks" in over.words()
    assert "memory-house" in str(over.error("house"))
    assert over_budget(replace(REPORT, peak_rss_bytes=None), 1.0) is None


def test_a_difference_names_the_step_and_the_function() -> None:
    more = Holder("read_group", "beatporter/ledger/x.py:9", 12 * MB, 1, True)
    bigger = replace(
        REPORT,
        peak_rss_bytes=194 * MB,
        steps=(REPORT.steps[0], replace(REPORT.steps[1], peak_bytes=194 * MB)),
        details=replace(DETAILS, steps=(DETAILS.steps[0], replace(DETAILS.steps[1], own=(more, READ_ROW)))),
    )
    found = {one.step: one for one in compare_runs(rows(REPORT), rows(bigger))}
    assert found["match-tracks"].words() == "14.0 MB more in match-tracks, 12.0 of them in read_group"
    assert found["scrape-chart"].more_bytes == 0
    back = {one.step: one for one in compare_runs(rows(bigger), rows(REPORT))}
    assert back["match-tracks"].words() == "14.0 MB less in match-tracks, 12.0 of them in read_group"


def test_what_a_process_held_before_is_no_difference_of_the_run() -> None:
    later = replace(
        REPORT,
        rss_before_bytes=150 * MB,
        peak_rss_bytes=230 * MB,
        steps=tuple(
            replace(step, before_bytes=(step.before_bytes or 0) + 50 * MB, peak_bytes=(step.peak_bytes or 0) + 50 * MB)
            for step in REPORT.steps
        ),
    )
    assert {one.more_bytes for one in compare_runs(rows(REPORT), rows(later))} == {0}


def test_a_function_is_the_same_when_its_line_moved() -> None:
    moved = replace(READ_ROW, place="beatporter/beatport/rows.py:99", held_bytes=13 * MB)
    found = compare_captures(DETAILS, replace(DETAILS, own=(moved, replace(LOAD, own=True))))
    assert [(one.function, one.before_bytes, one.after_bytes) for one in found.functions] == [
        ("load", 0, 2 * MB),
        ("read_row", 12 * MB, 13 * MB),
    ]


def rows(report: object) -> list[object]:
    return rows_of(report, 5, history_rows=None, searches=None)  # type: ignore[arg-type,return-value]


def test_the_facts_of_a_run_are_kept() -> None:
    whole = rows_of(replace(REPORT, facts=replace(FACTS, shared_process=True)), 5, history_rows=None, searches=None)[0]
    assert (whole.shared_process, whole.host, whole.code_version) == (1, FACTS.host, FACTS.code_version)
