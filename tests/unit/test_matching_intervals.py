"""Intervals of shares."""

from __future__ import annotations

import pytest

from beatporter.matching.intervals import Share, Stratum, stratified, wilson


@pytest.mark.parametrize(
    ("yes", "asked", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (50, 50, 0.9287, 1.0), (49, 50, 0.8950, 0.9965), (5, 10, 0.2366, 0.7634)],
)
def test_wilsons_interval(yes: int, asked: int, low: float, high: float) -> None:
    found = wilson(yes, asked)
    assert found is not None
    assert (found.value, round(found.low, 4), round(found.high, 4)) == (yes / asked, low, high)


def test_nobody_asked_is_no_share() -> None:
    assert wilson(0, 0) is None
    assert stratified([Stratum(100, 0, 0)]) is None
    assert stratified([]) is None


def test_a_stratum_counts_by_its_size() -> None:
    found = stratified([Stratum(900, 10, 10), Stratum(100, 10, 5), Stratum(50, 0, 0)])
    assert found is not None
    assert found.value == pytest.approx(0.95)
    alone = stratified([Stratum(900, 10, 9)])
    assert alone == wilson(9, 10)
    assert found.low < 0.95 < found.high


def test_unequal_strata_make_the_interval_wider() -> None:
    unequal, equal = stratified([Stratum(990, 10, 10), Stratum(10, 10, 10)]), stratified([Stratum(500, 10, 10), Stratum(500, 10, 10)])
    assert unequal is not None
    assert equal is not None
    assert unequal.low < equal.low


def test_a_share_is_said_in_per_cent() -> None:
    assert str(Share(0.9954, 0.98, 1.0)) == "99.5 % (95 %: 98.0 % to 100 %)"
