"""The parent's purse: never more than there is, fair while it is too little, nothing kept from who needs it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beatporter.sync.allowance import Purse

NEEDS = st.dictionaries(st.sampled_from([f"genre-{number}" for number in range(36)]), st.integers(0, 140), min_size=1)


@given(calls=st.integers(0, 2000), needs=NEEDS, data=st.data())
def test_genres_never_use_more_than_there_is(calls: int, needs: dict[str, int], data: st.DataObject) -> None:
    purse, used = Purse(calls, needs), 0
    running: dict[str, int] = {}
    for slug in needs:
        running[slug] = purse.grant(slug)
        assert running[slug] >= 0
        if data.draw(st.booleans()):
            done = data.draw(st.sampled_from(sorted(running)))
            spent = data.draw(st.integers(0, running.pop(done)))
            used += spent
            purse.settle(done, spent)
        assert used + sum(running.values()) <= calls


@given(calls=st.integers(0, 2000), needs=NEEDS)
def test_when_all_use_their_grant_shares_are_fair(calls: int, needs: dict[str, int]) -> None:
    purse = Purse(calls, needs)
    grants = {}
    for slug, need in needs.items():
        grants[slug] = purse.grant(slug)
        purse.settle(slug, min(grants[slug], need))
    short = [grants[slug] for slug, need in needs.items() if grants[slug] < need]
    assert not short or max(short) - min(short) <= 1


def test_what_one_leaves_over_the_next_may_use() -> None:
    purse = Purse(100, {"a": 90, "b": 90})
    assert purse.grant("a") == 50
    purse.settle("a", 10)
    assert purse.grant("b") == 90


def test_a_genre_with_many_new_entries_gets_what_the_others_will_not_need() -> None:
    purse = Purse(800, dict.fromkeys("abcdefgh", 20))
    assert purse.grant("a") == 800 - 7 * 20
