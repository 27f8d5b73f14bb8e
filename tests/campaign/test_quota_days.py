"""A small first fill and the days after it, played like `make bench-quota`, against a Spotify that counts by itself."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.campaign.quota_fill import broken_aims, tell

SLUGS = ("house", "dubstep")
BUDGET = 60


def test_a_first_fill_spends_every_day_and_then_a_day_costs_what_is_new() -> None:
    told = tell("standing", SLUGS, budget=BUDGET, seed=3)
    assert broken_aims(told) == []
    assert told.filled_on is not None
    assert told.fill[0].new > 190, "the world has no charts to fill"
    assert sum(day.searched - day.again for day in told.fill) == told.fill[0].new
    for number, day in enumerate(told.fill[:-1], 1):
        assert BUDGET - 5 <= day.calls.total() <= BUDGET, f"day {number} left calls unspent"
    for before, after in pairwise(told.fill):
        assert min(before.depth.values()) < min(after.depth.values()), "a genre got nothing on the first day"
    for number, day in enumerate(told.ordinary, 1):
        assert day.new > 0
        assert day.searched - day.again == day.new, f"ordinary day {number} left new tracks"
        assert day.calls["read"] == 0, f"ordinary day {number} read playlists that nobody changed"
        assert day.calls["write"] <= len(SLUGS)
    assert any(day.waited_s for day in told.days), "the run did not wait for the previous day's calls"


def test_charts_that_move_during_the_fill_are_filled_too() -> None:
    told = tell("moving", SLUGS[:1], budget=BUDGET // 2, seed=3)
    assert broken_aims(told) == []
    assert told.filled_on is not None
    assert max(day.longest_open for day in told.days) < told.filled_on
    first = told.days[0].depth["house"]
    for number, day in enumerate(told.days[1:], 2):
        assert day.depth["house"] > first, f"on day {number} a new entry high in the chart had to wait for the backlog"


def test_a_budget_above_spotifys_quota_would_be_noticed() -> None:
    told = tell("standing", SLUGS[:1], budget=BUDGET, seed=3, quota=BUDGET - 10)
    assert any(re.search(r"[1-9]\d* calls refused", aim) for aim in broken_aims(told)), broken_aims(told)
