"""What a genre's share of the day's calls is used for."""

from __future__ import annotations

import pytest

from beatporter.quota.estimate import MAX_SEARCHES_PER_ENTRY, SPARE_SEARCHES, searches_for, second_tries


def test_a_chart_never_read_counts_as_a_full_one() -> None:
    assert searches_for(None) > searches_for(60) > searches_for(0) > 0


@pytest.mark.parametrize("undecided", [0, 1, 12, 80])
def test_second_tries_take_what_a_share_has_beyond_the_days_need(undecided: int) -> None:
    need = searches_for(undecided) + SPARE_SEARCHES
    assert second_tries(need, undecided, 35) == 0, "on a scarce day the other genres' new entries come first"
    assert second_tries(need - 5, undecided, 35) == 0
    assert second_tries(need + 3 * MAX_SEARCHES_PER_ENTRY + 1, undecided, 35) == 3, "no entry is begun without both its searches"
    assert second_tries(need + 3 * MAX_SEARCHES_PER_ENTRY + 1, undecided, 60) == 3


@pytest.mark.parametrize(("others", "tries"), [(0, 5), (1, 2), (2, 0), (35, 0)])
def test_few_lists_need_little_kept_for_them(others: int, tries: int) -> None:
    """Otherwise a small budget would never try again what was missed once."""
    assert second_tries(searches_for(0) + 10, 0, others) == tries


def test_a_genre_that_runs_alone_tries_everything_that_is_due() -> None:
    assert second_tries(None, 40, 35) is None
