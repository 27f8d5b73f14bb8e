"""Weeks with late tracks, by the fixed rule and by what is learnt: fewer searches, and nothing is given up."""

from __future__ import annotations

from tests.campaign.late_days import LEARNT_BY, days_won, given_up, play

SLUGS = ("house",)
DAYS = LEARNT_BY + 21


def test_fewer_searches_find_more_late_tracks_and_none_is_given_up() -> None:
    fixed, learnt = (play(rule, SLUGS, seed=2, budget=400, days=DAYS) for rule in ("fixed", "learnt"))
    assert given_up(fixed, learnt, DAYS) == []
    assert learnt.again.total() < fixed.again.total()
    assert len(learnt.found) >= len(fixed.found)
    assert days_won(fixed, fixed) == 0
