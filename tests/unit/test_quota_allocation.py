"""The parent's allocator: never more than there is, fair when there is too little, and nothing withheld from a genre in need."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beatporter.quota.allocation import QuotaAllocator, shares

NEEDS = st.dictionaries(st.sampled_from([f"genre-{number}" for number in range(36)]), st.integers(0, 140), min_size=1)
UNDECIDED = st.dictionaries(st.sampled_from([f"genre-{number}" for number in range(36)]), st.integers(0, 100))


@given(calls=st.integers(0, 2000), needs=NEEDS, data=st.data())
def test_genres_never_use_more_than_there_is(calls: int, needs: dict[str, int], data: st.DataObject) -> None:
    allocator, used = QuotaAllocator(calls, needs), 0
    running: dict[str, int] = {}
    for slug in needs:
        running[slug] = allocator.grant(slug)
        assert running[slug] >= 0
        if data.draw(st.booleans()):
            done = data.draw(st.sampled_from(sorted(running)))
            spent = data.draw(st.integers(0, running.pop(done)))
            used += spent
            allocator.settle(done, spent)
        assert used + sum(running.values()) <= calls


@given(calls=st.integers(0, 2000), needs=NEEDS, beside=st.integers(0, 3), at_once=st.integers(1, 4), data=st.data())
def test_what_runs_hold_at_once_is_there_and_failed_runs_count(
    calls: int, needs: dict[str, int], beside: int, at_once: int, data: st.DataObject
) -> None:
    """Like the parent: at most that many at once, each using any part of its grant."""
    allocator, spent = QuotaAllocator(calls, needs, dict.fromkeys(needs, beside)), 0
    running: dict[str, int] = {}
    for slug in needs:
        running[slug] = allocator.grant(slug)
        if running[slug]:
            assert spent + sum(running.values()) + beside * len(running) <= calls, "the calls kept besides searches are missing"
        if len(running) == at_once:
            done = data.draw(st.sampled_from(sorted(running)))
            used = data.draw(st.integers(0, running.pop(done) + beside))
            allocator.settle(done, used)
            spent += used


@given(calls=st.integers(0, 2000), needs=NEEDS)
def test_when_all_use_their_grant_shares_are_fair(calls: int, needs: dict[str, int]) -> None:
    allocator = QuotaAllocator(calls, needs)
    grants = {}
    for slug, need in needs.items():
        grants[slug] = allocator.grant(slug)
        allocator.settle(slug, min(grants[slug], need))
    short = [grants[slug] for slug, need in needs.items() if grants[slug] < need]
    assert not short or max(short) - min(short) <= 1


def test_unused_calls_go_to_the_next_genre() -> None:
    allocator = QuotaAllocator(100, {"a": 90, "b": 90})
    assert allocator.grant("a") == 50
    allocator.settle("a", 10)
    assert allocator.grant("b") == 90


def test_calls_kept_for_a_playlist_that_needed_none_go_to_the_others() -> None:
    allocator = QuotaAllocator(109, {"a": 90, "b": 90, "c": 90}, beside=dict.fromkeys("abc", 3))
    assert allocator.grant("a") == 34
    allocator.settle("a", 34)
    assert allocator.grant("b") == 35
    allocator.settle("b", 36)
    assert allocator.grant("c") == 109 - 34 - 36 - 3


def test_a_genre_that_used_more_than_it_held_leaves_less_for_the_others() -> None:
    allocator = QuotaAllocator(100, {"a": 40, "b": 90}, beside=dict.fromkeys("ab", 3))
    allocator.grant("a")
    allocator.settle("a", 80)
    assert allocator.grant("b") == 17


def test_a_genre_with_many_new_entries_gets_what_the_others_will_not_need() -> None:
    allocator = QuotaAllocator(800, dict.fromkeys("abcdefgh", 20))
    assert allocator.grant("a") == 800 - 7 * 20


def test_calls_of_an_earlier_attempt_are_not_counted_twice() -> None:
    retried = QuotaAllocator(100, {"house": 0, "dubstep": 90}, made={"house": 70})
    retried.grant("house")
    retried.settle("house", 70)  # it had completed; the ledger counts its calls
    assert retried.grant("dubstep") >= 90


@given(left=st.integers(-5, 4000), needs=UNDECIDED)
def test_shares_are_fair_and_waste_nothing(left: int, needs: dict[str, int]) -> None:
    given_out = shares(left, needs)
    assert list(given_out) == list(needs)
    assert sum(given_out.values()) == min(max(0, left), sum(needs.values())), "calls were left over or invented"
    for slug, share in given_out.items():
        assert 0 <= share <= needs[slug]
        if share < needs[slug]:
            assert max(given_out.values()) <= share + 1, f"{slug} got {share} while another got {max(given_out.values())}"


def test_the_first_day_gives_every_genre_its_top_entries() -> None:
    needs = {f"genre-{number}": 100 for number in range(36)}
    given_out = shares(800, needs)
    assert sorted(given_out.values()) == [22] * 28 + [23] * 8
    assert all(first >= second for first, second in pairwise(given_out.values())), "the tie goes by order"
