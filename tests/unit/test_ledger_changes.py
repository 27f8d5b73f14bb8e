"""Changes from one state of a playlist to another: applying them gives exactly that state, and there are few of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beatporter.ledger.backups import Item, apply_changes, changes_between

items = st.tuples(st.integers(1, 12), st.sampled_from([None, 0, 1_795_000_000]))
"""Few tracks and times, so that entries repeat, move and come back."""
states = st.lists(items, max_size=30)


def numbered(*tracks: int) -> list[Item]:
    return [(track, None) for track in tracks]


@given(states, states)
@example([], [])
@example(numbered(1, 1), numbered(1))
@example(numbered(1, 2), numbered(2, 1))
@example(numbered(1, 2, 1), numbered(2, 1, 1, 2))
def test_applying_them_turns_one_state_into_the_other(before: list[Item], after: list[Item]) -> None:
    changed = list(before)
    changes = changes_between(before, after)
    apply_changes(changed, changes)
    assert changed == after
    assert len(changes) <= len(before) + len(after)
    assert (changes == []) is (before == after)


LONG = numbered(*range(10_000))


HABITS: dict[str, tuple[list[Item], int]] = {
    "on top": ([*numbered(*range(20_000, 20_027)), *LONG], 27),
    "at the end": ([*LONG, (20_000, None)], 1),
    "first out": (LONG[1:], 1),
    "last out": (LONG[:-1], 1),
    "a run out": ([*LONG[:5_000], *LONG[5_020:]], 1),
    "within": ([*LONG[:7_000], (20_000, None), *LONG[7_000:]], 1),
    "last to top": ([LONG[9_999], *LONG[:9_999]], 2),
    "first to end": ([*LONG[1:], LONG[0]], 2),
    "ten to top": ([*LONG[5_000:5_010], *LONG[:5_000], *LONG[5_010:]], 11),
    "twice": ([LONG[0], *LONG], 1),
    "twice, far": ([*LONG, LONG[0]], 2),
    "all out": ([], 1),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_persons_change_costs_only_its_size(habit: str) -> None:
    after, most = HABITS[habit]
    assert len(changes_between(LONG, after)) <= most


def test_a_few_scattered_changes_cost_few_rows() -> None:
    dice, after = random.Random(5), list(LONG)
    for turn in range(40):
        if turn % 2:
            del after[dice.randrange(len(after))]
        else:
            after.insert(dice.randrange(len(after)), (20_000 + turn, 7))
    assert len(changes_between(LONG, after)) <= 40
