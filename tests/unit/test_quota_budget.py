"""The shared budget of calls, on a table in memory and a clock moved by the test."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatporter.errors import LedgerUnwritable, QuotaExceeded
from beatporter.quota.budget import HELD_FOR, CallBudget
from beatporter.quota.window import MARGIN, calls_left
from tests.unit.call_budgets import (
    DAY,
    START,
    Clock,
    Table,
    emptied_table,
    refusal,
    take_until_refused,
)


def test_a_run_stops_at_the_budget_and_says_when_calls_are_back(clock: Clock, table: Table) -> None:
    with CallBudget(table, 100, "a", now=clock) as budget:
        taken, error = take_until_refused(budget, "search")
    assert taken == 100
    assert START + DAY <= error.until <= START + DAY + 2 * HELD_FOR
    assert "100" in error.what
    clock.at = error.until
    with CallBudget(table, 100, "b", now=clock) as budget:
        budget.take("search")


def test_unused_calls_are_given_back_and_the_kinds_are_kept(clock: Clock, table: Table) -> None:
    with CallBudget(table, 100, "a", now=clock, reserve=4) as budget:
        for kind in ("list", "search", "search", "write"):
            budget.take(kind)
        assert budget.left() < 96, "a block in hand counts as used for others"
    assert table.kinds() == {"list": 1, "search": 2, "write": 1}
    assert budget.left() == 96


def test_calls_are_written_before_they_are_made_so_a_killed_run_counts_too_much(clock: Clock, table: Table) -> None:
    budget = CallBudget(table, 100, "killed", now=clock, searches_at_once=10)
    for _ in range(7):
        budget.take("search")
    assert table.made_since(START - DAY) >= 7


def test_equal_blocks_of_one_run_in_one_second_count_each(clock: Clock, table: Table) -> None:
    for _ in range(3):
        CallBudget(table, 1000, "same", now=clock, searches_at_once=10).take("search")
    with CallBudget(table, 1000, "same", now=clock, searches_at_once=1) as budget:
        for _ in range(30):
            budget.take("search")
    assert table.made_since(START - DAY) == 3 * 10 + 30


def test_searches_stop_before_the_reserve_and_writes_may_use_it(clock: Clock, table: Table) -> None:
    with CallBudget(table, 30, "a", now=clock, reserve=5) as budget:
        searches, error = take_until_refused(budget, "search")
        assert searches == 25
        assert "5 kept" in error.what
        writes, _ = take_until_refused(budget, "write")
        assert writes == 5


def test_a_reserve_in_hand_is_safe_from_other_runs(clock: Clock, table: Table) -> None:
    first = CallBudget(table, 40, "a", now=clock, reserve=5, searches_at_once=5)
    first.take("search")
    other = CallBudget(table, 40, "b", now=clock)
    take_until_refused(other, "search")
    clock.at += timedelta(minutes=30)
    for _ in range(5):
        first.take("write")


def test_max_searches_limits_only_searches(clock: Clock, table: Table) -> None:
    with CallBudget(table, 100, "a", now=clock, max_searches=3) as budget:
        searches, error = take_until_refused(budget, "search")
        assert searches == 3
        assert "share of 3" in error.what
        budget.take("read")
        budget.take("write")


def test_a_share_of_zero_makes_no_search(clock: Clock, table: Table) -> None:
    with CallBudget(table, 100, "a", now=clock, max_searches=0) as budget, pytest.raises(QuotaExceeded):
        budget.take("search")
    assert table.made_since(START - DAY) == 0


def test_spotifys_own_quota_stops_this_run_and_all_others_until_it_is_over(clock: Clock, table: Table) -> None:
    until = START + timedelta(seconds=50_000)
    first = CallBudget(table, 100, "a", now=clock)
    first.take("search")
    first.refused("", until)
    for budget in (first, CallBudget(table, 100, "b", now=clock)):
        with pytest.raises(QuotaExceeded) as caught:
            budget.take("write")
        assert caught.value.until == until
        assert table.quota_until() == until
    assert table.kinds().get("write") is None
    clock.at = until
    CallBudget(table, 100, "c", now=clock).take("search")


def test_a_ledger_that_cannot_be_written_stops_calls_and_does_not_hide_the_first_error(clock: Clock, table: Table) -> None:
    table.full = True
    with pytest.raises(LedgerUnwritable):
        CallBudget(table, 100, "a", now=clock).take("search")
    table.full = False

    def die_on_a_full_disk(error: Exception | None) -> None:
        table.full = False
        with CallBudget(table, 100, "a", now=clock) as budget:
            budget.take("search")
            table.full = True
            if error:
                raise error

    with pytest.raises(KeyError):
        die_on_a_full_disk(KeyError("the run's own error"))
    with pytest.raises(LedgerUnwritable):
        die_on_a_full_disk(None)


def test_closing_twice_gives_back_once(clock: Clock, table: Table) -> None:
    budget = CallBudget(table, 100, "a", now=clock)
    budget.take("search")
    budget.close()
    budget.close()
    assert table.made_since(START - DAY) == 1
    budget.take("search")
    budget.close()
    assert table.made_since(START - DAY) == 2


def test_calls_made_late_in_a_block_still_count_a_day_later(clock: Clock, table: Table) -> None:
    first = CallBudget(table, 7, "a", now=clock, searches_at_once=4)
    first.take("search")
    clock.at += timedelta(minutes=4)
    for _ in range(6):
        first.take("search")
    first.close()
    assert calls_left(table, 7, START + DAY + timedelta(minutes=1)) == 0, "the first call has left the window, the other six have not"
    assert calls_left(table, 7, START + DAY + timedelta(minutes=5)) == 7


def test_calls_held_for_long_are_reserved_anew_before_they_are_made(clock: Clock, table: Table) -> None:
    with CallBudget(table, 7, "slow", now=clock, searches_at_once=7) as budget:
        budget.take("search")
        clock.at += timedelta(hours=1)
        for _ in range(6):
            budget.take("search")
            assert calls_left(table, 7, clock.at + DAY) == 1, "made now, so a day from now only the first has left the window"


def test_a_slow_call_is_not_followed_too_soon_a_day_later(clock: Clock, table: Table) -> None:
    with CallBudget(table, 1, "a", now=clock) as budget:
        budget.take("search")
    assert calls_left(table, 1, START + DAY + timedelta(seconds=20)) == 0, "Spotify may have counted it 20 s after it was taken"
    assert calls_left(table, 1, START + DAY + timedelta(minutes=1)) == 1


def test_a_block_that_a_killed_run_held_counts_until_its_last_call_could_have_been_made(clock: Clock, table: Table) -> None:
    CallBudget(table, 7, "killed", now=clock, searches_at_once=7).take("search")
    assert calls_left(table, 7, START + DAY + HELD_FOR) == 0
    assert calls_left(table, 7, START + DAY + HELD_FOR + 2 * MARGIN) == 7


def test_an_entry_with_several_searches_is_begun_only_if_all_are_possible(clock: Clock, table: Table) -> None:
    with CallBudget(table, 20, "a", now=clock, max_searches=5, reserve=3) as budget:
        assert budget.searches_left() == 5
        for _ in range(4):
            budget.take("search")
        assert budget.searches_left() == 1
        with pytest.raises(QuotaExceeded, match="share of 5"):
            budget.searches_left(2)
    with CallBudget(table, 20, "b", now=clock, reserve=3) as budget:
        assert budget.searches_left() == 13, "16 are left, 3 of them are for writes"
        budget.take("search")
        assert budget.searches_left() == 12
        for _ in range(11):
            budget.take("search")
        with pytest.raises(QuotaExceeded, match="is spent but for 3 kept") as caught:
            budget.searches_left(2)
    clock.at = caught.value.until
    assert CallBudget(table, 20, "c", now=clock, reserve=3).searches_left(2) >= 2


def test_searches_that_a_run_would_wait_for_are_among_those_left(clock: Clock, table: Table) -> None:
    with CallBudget(table, 30, "a", now=clock) as budget:
        take_until_refused(budget, "search")
    clock.at = START + DAY - timedelta(minutes=10)
    assert CallBudget(table, 30, "b", now=clock).searches_left() == 30
    clock.at = START + DAY - timedelta(minutes=20)
    with pytest.raises(QuotaExceeded):
        CallBudget(table, 30, "c", now=clock).searches_left()


def test_an_incomplete_reserve_is_filled_before_the_next_search(clock: Clock, table: Table) -> None:
    for name, minutes in (("early", 0), ("late", 5)):
        clock.at = START + timedelta(minutes=minutes)
        with CallBudget(table, 9, name, now=clock) as budget:
            for _ in range(2 if name == "early" else 7):
                budget.take("search")
    clock.at = START + DAY + timedelta(minutes=1)
    with CallBudget(table, 9, "b", now=clock, reserve=3, sleep=clock.sleep) as budget:
        searches, _ = take_until_refused(budget, "search")
        assert searches == 6
        writes, _ = take_until_refused(budget, "write")
        assert writes == 3


def test_a_quota_that_another_run_found_spent_ends_a_block_in_hand_at_once(clock: Clock, table: Table) -> None:
    working = CallBudget(table, 100, "a", now=clock)
    working.take("search")
    CallBudget(table, 100, "b", now=clock).refused("", START + timedelta(hours=14))
    clock.at += timedelta(seconds=1)
    assert refusal(working, "write") == START + timedelta(hours=14)


def test_unsettled_calls_count_too_much_never_too_little(clock: Clock, table: Table) -> None:
    budget = CallBudget(table, 100, "a", now=clock)
    budget.take("search")
    table.full = True
    with pytest.raises(LedgerUnwritable):
        budget.close()
    table.full = False
    budget.close()
    budget.take("search")
    budget.close()
    assert table.made_since(START - DAY) >= 2


def test_threads_of_one_run_and_runs_at_once_never_pass_the_budget(clock: Clock, table: Table) -> None:
    made: list[str] = []

    def run(name: str) -> None:
        budget = CallBudget(table, 200, name, now=clock, reserve=3, searches_at_once=7)

        def search() -> None:
            try:
                while True:
                    budget.take("search")
                    made.append(name)
            except QuotaExceeded:
                return

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        budget.close()

    runs = [threading.Thread(target=run, args=(f"run-{number}",)) for number in range(5)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert 0 < len(made) <= 200
    assert table.made_since(START - DAY) == len(made)


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["search", "search", "read", "write", "close", "kill"]), st.integers(0, 4 * 3600)),
    max_size=120,
)


@settings(deadline=None)  # a busy machine must not fail the test
@given(steps=STEPS, daily=st.integers(1, 25), reserve=st.integers(0, 4))
def test_no_24_hours_ever_hold_more_calls_than_the_budget(steps: list[tuple[int, str, int]], daily: int, reserve: int) -> None:
    clock, table = Clock(), emptied_table()

    def new() -> CallBudget:
        return CallBudget(table, daily, "run", now=clock, reserve=reserve, searches_at_once=4, sleep=clock.sleep)

    budgets = [new() for _ in range(4)]
    made: list[datetime] = []
    for number, step, pause_s in steps:
        clock.at += timedelta(seconds=pause_s)
        if step == "kill":
            budgets[number] = new()
        elif step == "close":
            budgets[number].close()
        else:
            until = refusal(budgets[number], step)
            if until is None:
                made.append(clock.at)
            else:
                assert until >= clock.at - timedelta(seconds=1), "the next run is sent into the past"
    for start in made:
        assert sum(start <= at < start + DAY for at in made) <= daily, f"more than {daily} calls in the 24 hours from {start}"
