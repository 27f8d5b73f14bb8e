"""Rearranging a playlist: what the plan results in, what it costs, and what survives a break."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.spotify.arrangement import (
    Arrangement,
    Insert,
    Move,
    Remove,
    Replace,
    carried_out,
    merge_edits,
    plan_arrangement,
    reachable,
)

entries = st.lists(st.sampled_from([*"abcdefghij", None]), max_size=14)


def result_of(present: list[str | None], plan: Arrangement) -> list[str | None]:
    for operation in plan.operations:
        present = carried_out(present, operation)
    return present


def ids(*numbers: int) -> list[str | None]:
    return [f"t{number}" for number in numbers]


@given(present=entries, wanted=entries, keep_dates=st.booleans())
def test_every_plan_results_in_what_is_reachable(present: list[str | None], wanted: list[str | None], keep_dates: bool) -> None:
    plan = plan_arrangement(present, wanted, keep_dates=keep_dates)
    after = result_of(present, plan)
    assert after == list(plan.result) == reachable(present, wanted)
    assert [one for one in after if one is not None] == [one for one in wanted if one is not None]
    assert after.count(None) == present.count(None), "what an app cannot send is never removed"


@given(present=entries, wanted=entries)
def test_no_plan_costs_more_than_rewriting_or_than_keeping_the_dates(present: list[str | None], wanted: list[str | None]) -> None:
    plan, careful = plan_arrangement(present, wanted), plan_arrangement(present, wanted, keep_dates=True)
    assert len(plan.operations) <= len(careful.operations)
    if None not in present:
        assert len(plan.operations) <= max(1, -(-len(wanted) // 100))
    kept = Counter(present) & Counter(wanted)
    assert not any(kept[one] == Counter(present)[one] for one in careful.sent if Counter(present)[one] == Counter(wanted)[one])


@given(present=entries, wanted=entries, keep_dates=st.booleans(), stop=st.integers(0, 20))
def test_a_break_anywhere_is_made_good(present: list[str | None], wanted: list[str | None], keep_dates: bool, stop: int) -> None:
    plan = plan_arrangement(present, wanted, keep_dates=keep_dates)
    now = present
    for operation in plan.operations[:stop]:
        now = carried_out(now, operation)
    again = merge_edits(plan.result, present, now, plan.sent, current_order=False)
    assert result_of(now, plan_arrangement(now, again)) == list(plan.result)


def test_nothing_to_do_costs_nothing() -> None:
    assert plan_arrangement(ids(1, 2), ids(1, 2)).operations == ()


def test_a_track_that_moved_is_moved_back_and_keeps_its_date() -> None:
    plan = plan_arrangement(ids(*range(1, 50), 0), ids(*range(50)))
    assert plan.operations == (Move(49, 0, 1),)
    assert (plan.sent, plan.sent_again) == (frozenset(), 0)


def test_neighbours_move_together() -> None:
    present = ids(*range(10, 40), *range(10))
    assert plan_arrangement(present, ids(*range(40))).operations == (Move(30, 0, 10),)


def test_a_shuffled_playlist_is_rewritten_unless_dates_matter() -> None:
    present = ids(*range(600))
    random.Random(3).shuffle(present)
    plan = plan_arrangement(present, ids(*range(600)))
    assert isinstance(plan.operations[0], Replace)
    assert (len(plan.operations), plan.sent_again) == (6, 600)
    careful = plan_arrangement(present, ids(*range(600)), keep_dates=True)
    assert careful.sent_again == 0
    assert {type(operation) for operation in careful.operations} == {Move}


def test_a_playlist_with_a_local_file_is_never_rewritten() -> None:
    present: list[str | None] = [*ids(*range(300)), None]
    random.Random(3).shuffle(present)
    plan = plan_arrangement(present, ids(*range(300)))
    assert not any(isinstance(operation, Replace) for operation in plan.operations)
    assert result_of(present, plan).count(None) == 1


def test_one_occurrence_of_two_is_removed_by_removing_both_and_putting_one_back() -> None:
    plan = plan_arrangement(ids(1, 2, 3, 2), ids(1, 2, 3), keep_dates=True)
    assert plan.operations == (Remove(("t2",)), Insert(1, ("t2",)))


def test_insertions_that_are_near_become_one() -> None:
    """Ten tracks occur twice, each ten entries from the next; in 6,000 tracks elsewhere nothing changes."""
    double = list(range(100, 200, 10))
    present = ids(*range(6_000), *double)
    plan = plan_arrangement(present, ids(*range(6_000)))
    assert len(plan.operations) == 2
    assert plan.sent_again == 91
    careful = plan_arrangement(present, ids(*range(6_000)), keep_dates=True)
    assert len(careful.operations) == 11
    assert careful.sent_again == 10


def test_long_runs_go_in_batches_the_lowest_first() -> None:
    plan = plan_arrangement(ids(0), ids(*range(1, 251), 0))
    assert [len(operation.track_ids) for operation in plan.operations if isinstance(operation, Insert)] == [50, 100, 100]
    assert result_of(ids(0), plan) == ids(*range(1, 251), 0)


@pytest.mark.parametrize("current_order", [True, False])
def test_what_the_person_did_meanwhile_stays(current_order: bool) -> None:
    before, wanted = ids(1, 2, 3, 2, 4, 5), ids(1, 2, 3, 4, 5)
    current = ids(1, 9, 3, 5)  # 2 was removed by us, 4 by the person, who added 9
    assert merge_edits(wanted, before, current, {"t2"}, current_order=current_order) == (
        ids(1, 2, 9, 3, 5) if current_order else ids(1, 9, 2, 3, 5)
    )


def test_an_order_that_the_person_changed_meanwhile_is_kept_by_work_that_changes_no_order() -> None:
    before, wanted = ids(1, 2, 3, 2), ids(1, 2, 3)
    assert merge_edits(wanted, before, ids(3, 1), {"t2"}, current_order=True) == ids(3, 1, 2)
    assert merge_edits(wanted, before, ids(3, 1), {"t2"}, current_order=False) == ids(1, 2, 3)


def test_what_a_late_answer_doubled_is_wanted_once() -> None:
    assert merge_edits(ids(1, 2, 3), ids(1, 3), ids(1, 2, 2, 3), {"t2"}, current_order=True) == ids(1, 2, 3)


def test_what_was_to_be_removed_and_is_still_there_is_removed() -> None:
    assert merge_edits(ids(1), ids(1, 2), ids(1, 2), set(), current_order=True) == ids(1)
