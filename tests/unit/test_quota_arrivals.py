"""Second searches by what is known about late arrivals: the estimate, the time of the next try, and that nothing is given up."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from beatporter.matching.weights import RETRY_DAYS, RETRY_EARLY_HOURS
from beatporter.quota.arrivals import (
    GRACE_DAYS,
    HORIZON_DAYS,
    LEAST_ARRIVALS,
    WORTH_A_TRY,
    Arrivals,
    Delay,
    fixed_tries,
    is_owed,
)
from beatporter.sync.backlog import BACKLOG_KEPT_FOR


def daily(label: str, arrives_at: int | None, until: int = 30) -> Delay:
    """A track that was searched every day."""
    last = until if arrives_at is None else arrives_at - 1
    return Delay(label, 0, last, arrives_at)


EARLY = RETRY_EARLY_HOURS / 24
FORTNIGHT = [daily("Fortnight", 14) for _ in range(20)]
NEVER = [daily("Never", None) for _ in range(20)]
BOTH = Arrivals([*FORTNIGHT, *NEVER])


def next_try(arrivals: Arrivals, label: str, age: int) -> float:
    """The age at the next try, of a track first missed at age 0."""
    return age + arrivals.days_to_next_try(label, age, age, range(age + 1), RETRY_DAYS)


def test_nothing_is_concluded_from_a_few_arrivals() -> None:
    assert not Arrivals().is_known
    assert not Arrivals([daily("A", 3)] * (LEAST_ARRIVALS - 1) + [daily("A", None)] * 100).is_known
    assert Arrivals([daily("A", 3)] * LEAST_ARRIVALS).is_known


def test_without_any_row_a_chance_is_zero_and_not_an_error() -> None:
    assert Arrivals().chance("A", 0, 100) == 0.0


def test_a_label_that_delivers_after_a_fortnight_is_tried_then_and_not_before() -> None:
    assert BOTH.chance("Fortnight", 0, 13) < WORTH_A_TRY < BOTH.chance("Fortnight", 13, 14)
    assert next_try(BOTH, "Fortnight", 8) == 14


def test_a_label_that_never_delivers_is_tried_as_late_as_allowed() -> None:
    assert BOTH.chance("Never", 0, 60) < WORTH_A_TRY
    assert next_try(BOTH, "Never", 0) == RETRY_DAYS[0] + GRACE_DAYS


def test_one_late_try_takes_the_place_of_two_of_the_fixed_rule() -> None:
    assert fixed_tries(range(9), RETRY_DAYS) == ([2, 7], 21)
    assert next_try(BOTH, "Never", 8) == 21 + GRACE_DAYS, "the try at day 8 stands for those of days 2 and 7"


def test_an_unknown_label_follows_the_others() -> None:
    chance = BOTH.chance("New here", 13, 14)
    assert BOTH.chance("Never", 13, 14) < chance < BOTH.chance("Fortnight", 13, 14)


def test_a_label_with_one_track_stays_near_the_others_and_one_with_many_does_not() -> None:
    def chance(tracks: int) -> float:
        others = [daily("Others", 20) for _ in range(60)]
        return Arrivals([*others, *(daily("Quick", 2) for _ in range(tracks))]).chance("Quick", 0, 2)

    assert chance(0) < chance(1) < chance(5) < chance(50)
    assert chance(1) < 0.5 < chance(50)


def test_a_slow_label_is_slower_at_ages_at_which_it_was_never_seen() -> None:
    others = [daily("Others", age) for age in range(1, 31) for _ in range(4)]
    slow = [Delay("Slow", 0, 12, None) for _ in range(30)]
    arrivals = Arrivals([*others, *slow])
    assert arrivals.chance("Slow", 14, 20) < 0.5 * arrivals.chance("Others", 14, 20)


def test_a_track_found_between_two_searches_may_have_come_on_any_day_between() -> None:
    arrivals = Arrivals([Delay("A", 0, 10, 20)] * 200)
    rates = [arrivals.chance("A", age - 1, age) for age in range(11, 21)]
    assert arrivals.chance("A", 0, 10) < 0.05
    assert rates == sorted(rates), "of those still missing more arrive each day"
    assert rates[0] == pytest.approx(0.1, abs=0.02)


def test_a_track_found_on_the_day_of_its_last_miss_counts_as_the_day_after() -> None:
    arrivals = Arrivals([Delay("A", 0, 5, 5)] * 200)
    assert arrivals.chance("A", 5, 6) > 0.9
    assert arrivals.chance("A", 0, 5) < 0.05


def test_ages_beyond_the_horizon_count_as_the_horizon() -> None:
    arrivals = Arrivals([Delay("A", 400, 900, None), *BOTH_LATE])
    assert 0.0 <= arrivals.chance("A", 900, 1000) <= 1.0


BOTH_LATE = [Delay("Late", 0, HORIZON_DAYS + 5, HORIZON_DAYS + 9)] * 20


@pytest.mark.parametrize(
    ("seen", "tries", "due"),
    [
        ([], [], 2),
        ([0, 1], [], 2),
        ([0, 0.97, 1.96], [2], 7),
        (range(30), [2, 7, 21], 51),
        ([0, 1, 8, 9, 10, 11, 12, 13], [8, 13], 27),
        (range(0, 400, 5), [5, 10, 25, 55, 115, 175, 235, 295, 355], 415),
    ],
)
def test_the_fixed_rules_tries_while_a_chart_has_the_entry(seen: list[float], tries: list[int], due: int) -> None:
    assert fixed_tries(seen, RETRY_DAYS) == (tries, due)


@pytest.mark.parametrize(
    ("missing_for", "seen", "owed"),
    [(0, [0, 1], False), (0, [0, 1.96], True), (2, [0, 1, 2], False), (3, [0, 2, 6], False), (3, [0, 2, 7], True), (8, range(20), False)],
)
def test_a_try_is_owed_if_the_fixed_rule_would_have_made_it_since(missing_for: float, seen: list[float], owed: bool) -> None:
    assert is_owed(missing_for, seen, RETRY_DAYS) is owed


def test_the_longest_delay_is_shorter_than_the_time_for_which_an_entry_is_kept() -> None:
    assert BACKLOG_KEPT_FOR.days > GRACE_DAYS


@dataclass
class Entry:
    """A missing entry: in the chart from its first miss for some days, perhaps again later for some days; on Spotify from a day on."""

    stays: float
    arrives: float
    returns: tuple[float, float] = (0.0, -1.0)

    def is_in_chart(self, now: float) -> bool:
        return now <= self.stays or self.returns[0] <= now <= self.returns[1]


@pytest.mark.parametrize("label", ["Fortnight", "Never", "Quick", "Steady", "New here"])
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_given_up_that_the_fixed_rule_would_have_found(label: str, seed: int) -> None:
    """Day by day, with runs that are up to an hour early or late, for entries of every length of stay and time of arrival."""
    quick = [daily("Quick", 2) for _ in range(30)]
    steady = [daily("Steady", age) for age in range(1, 30)]
    arrivals = Arrivals([*FORTNIGHT, *NEVER, *quick, *steady])
    dice = random.Random(seed)
    runs = [0.0, *(day + dice.uniform(-0.04, 0.04) for day in range(1, 60))]
    for stay in (half / 2 + dice.uniform(0, 0.5) for half in range(56)):
        for share in range(12):
            back = stay + dice.uniform(1, 12)
            returns = (back, back + dice.uniform(0.5, 9)) if share % 2 else (0.0, -1.0)
            entry = Entry(stay, max(stay, returns[1]) * share / 12, returns)
            if found_by_fixed_rule(entry, runs):
                assert found_by_estimate(entry, runs, arrivals, label, seed), entry


def found_by_fixed_rule(entry: Entry, runs: list[float]) -> bool:
    retry_at, misses = float(RETRY_DAYS[0]), 1
    for now in runs[1:]:
        if entry.is_in_chart(now) and now + EARLY >= retry_at:
            if now >= entry.arrives:
                return True
            misses += 1
            retry_at = now + RETRY_DAYS[min(misses, len(RETRY_DAYS)) - 1]
    return False


def found_by_estimate(entry: Entry, runs: list[float], arrivals: Arrivals, label: str, age: int) -> bool:
    """As `sync.second_tries` does it."""
    searched, seen = 0.0, [0.0]
    retry_at = arrivals.days_to_next_try(label, age, 0, seen, RETRY_DAYS)
    for now in runs[1:]:
        present = entry.is_in_chart(now)
        seen += [now] if present else []
        kept = now - seen[-1] <= BACKLOG_KEPT_FOR.days
        if now + EARLY < retry_at or not (present or (kept and is_owed(searched, seen, RETRY_DAYS))):
            continue
        if now >= entry.arrives:
            return True
        searched = now
        retry_at = now + (arrivals.days_to_next_try(label, age + int(now), now, seen, RETRY_DAYS) if present else 0)
    return False
