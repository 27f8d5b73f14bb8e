"""Plans are differences: applied to the present content they give the wanted one, and nothing else moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.records.ledger import Known
from beatporter.spotify.plan import (
    Candidate,
    Changes,
    Plan,
    after,
    changes_of,
    missing_inserts,
    plan_collect,
    plan_daily,
    plan_mirror,
    plan_move,
    select_new,
)

IDS = st.integers(0, 40).map(lambda number: f"t{number}")
CHART = st.lists(IDS, unique=True, max_size=30)
PRESENT = st.lists(IDS | st.none(), max_size=30)


@given(wanted=CHART, present=PRESENT)
def test_a_mirror_becomes_the_chart_whatever_was_there(wanted: list[str], present: list[str | None]) -> None:
    plan = plan_mirror(wanted, present)
    assert after(plan, present) == wanted
    assert plan_mirror(wanted, after(plan, present)) == Plan(), "a second run would write again"
    assert set(plan.add) == set(wanted) - set(present)


@given(wanted=st.lists(IDS, max_size=30), present=PRESENT, held=st.sets(IDS))
def test_collecting_puts_new_ones_on_top_in_chart_order_and_keeps_the_rest(
    wanted: list[str], present: list[str | None], held: set[str]
) -> None:
    plan = plan_collect(wanted, present, held)
    stands = after(plan, present)
    assert stands[len(plan.add) :] == present, "what was there moved"
    assert not set(plan.add) & held, "a track that the person removed came back"
    assert [track for track in dict.fromkeys(wanted) if track in plan.add] == list(plan.add), "chart order lost"
    assert set(wanted) <= set(stands) | held
    assert plan_collect(wanted, stands, held) == Plan(), "a second run would add again"


@given(wanted=CHART, present=PRESENT, held=st.sets(IDS), collected=CHART, size=st.integers(0, 20))
def test_the_daily_list_fills_up_to_its_size_with_what_it_never_held(
    wanted: list[str], present: list[str | None], held: set[str], collected: list[str], size: int
) -> None:
    plan = plan_daily(wanted, present, held, collected, size=size)
    stands = after(plan, present)
    assert len(stands) <= max(size, len(present))
    assert not set(plan.add) & (held | set(present))
    if len(stands) < size:
        assert set(wanted) | set(collected) <= held | set(stands), "it could have been filled up further"
    made_up = [track for track in plan.add if track not in wanted]
    assert plan.add[len(plan.add) - len(made_up) :] == tuple(made_up), "collected ones are before new ones"
    assert made_up == [track for track in collected if track in made_up]


def test_of_several_ids_for_one_recording_the_first_is_used() -> None:
    candidates = [
        Candidate("a", "ISRC1", "x|one|original"),
        Candidate("a", "ISRC1", "x|one|original"),
        Candidate("b", "ISRC1", "x|one (feat)|original"),
        Candidate("c", "ISRC2", "x|one|original"),
        Candidate("d", None, ""),
        Candidate("e", None, ""),
        Candidate("f", "ISRC9", "y|two|remix"),
        Candidate("g", "ISRC8", "z|three|original"),
        Candidate("h", "ISRC7", "w|four|original"),
    ]
    known = Known(frozenset({"h"}), frozenset({"ISRC9"}), frozenset({"z|three|original"}))
    nothing = Known(frozenset(), frozenset(), frozenset())
    assert select_new(candidates, nothing, known) == ("a", "d", "e")


@given(present=PRESENT, adding=st.integers(0, 20), limit=st.integers(1, 40), min_moved=st.integers(1, 10))
def test_moved_tracks_are_the_oldest_and_make_room(present: list[str | None], adding: int, limit: int, min_moved: int) -> None:
    moving = plan_move(present, adding, limit=limit, min_moved=min_moved)
    if len(present) + adding <= limit:
        assert moving == ()
        return
    rest = after(Plan(remove=moving), present)
    assert len(rest) == len(present) - len(moving), "a duplicate lost both its places"
    movable = [track for track in present if track is not None and present.count(track) == 1]
    assert list(moving) == movable[len(movable) - len(moving) :], "not the oldest ones"
    assert len(rest) + adding <= limit or list(moving) == movable


@given(add=CHART, others=st.lists(st.integers(100, 140).map(lambda n: f"o{n}") | st.none(), max_size=20), data=st.data())
def test_inserts_complete_any_half_applied_plan_in_order(add: list[str], others: list[str | None], data: st.DataObject) -> None:
    standing = [track for track in add if data.draw(st.booleans(), label=track)]
    stand: list[str | None] = [*standing, *others]
    for position, run in missing_inserts(add, stand):
        stand[position:position] = run
    assert stand == [*add, *others]


@pytest.mark.parametrize(
    ("stand", "expected"),
    [
        ([], [(0, ("a", "b", "c"))]),
        (["x", "a", "b", "c"], []),
        (["x", "b", "y"], [(2, ("c",)), (1, ("a",))]),
        (["c", "b", "a"], []),
    ],
)
def test_missing_tracks_go_beside_their_neighbours(stand: list[str | None], expected: list[tuple[int, tuple[str, ...]]]) -> None:
    assert missing_inserts(["a", "b", "c"], stand) == expected


@given(wanted=st.lists(IDS, max_size=30), present=PRESENT, held=st.sets(IDS))
def test_additions_can_go_to_the_end_and_what_was_there_stays_above(wanted: list[str], present: list[str | None], held: set[str]) -> None:
    plan = plan_collect(wanted, present, held, position=len(present))
    stands = after(plan, present)
    assert stands[: len(present)] == present
    assert stands[len(present) :] == list(plan.add)


def test_a_daily_list_can_grow_at_its_end() -> None:
    plan = plan_daily(["a", "b", "c"], ["x", None], set(), [], size=4, at_end=True)
    assert after(plan, ["x", None]) == ["x", None, "a", "b"]


@given(wanted=CHART, present=PRESENT)
def test_what_a_mirror_would_change_is_counted(wanted: list[str], present: list[str | None]) -> None:
    change = changes_of(plan_mirror(wanted, present), present)
    assert set(change.added) == set(wanted) - set(present)
    if plan_mirror(wanted, present).is_empty:
        assert change == Changes()
        return
    assert set(change.removed) == {track for track in present if track is not None} - set(wanted)
    stays = [track for track in dict.fromkeys(present) if track in wanted]
    assert (change.moved == 0) == (stays == [track for track in wanted if track in stays])


def test_only_what_has_to_move_counts_as_moved() -> None:
    assert changes_of(plan_mirror(["a", "b", "c", "d"], ["d", "a", "b", "c"]), ["d", "a", "b", "c"]).moved == 1
    assert changes_of(plan_mirror(["b", "c", "new"], ["a", "b", "c"]), ["a", "b", "c"]) == Changes(("new",), ("a",), 0)
    assert changes_of(Plan(add=("x",), remove=("y",)), ["y"]) == Changes(("x",), ("y",), 0)


def test_a_playlist_that_grows_at_its_end_moves_on_its_first_tracks() -> None:
    present = [f"t{number}" for number in range(10)]
    assert plan_move(present, 2, limit=10, min_moved=3) == ("t7", "t8", "t9")
    assert plan_move(present, 2, limit=10, min_moved=3, oldest_on_top=True) == ("t0", "t1", "t2")


def test_missing_tracks_go_to_the_plans_position_when_none_of_them_is_there() -> None:
    assert missing_inserts(("a", "b"), ["x", "y"], 2) == [(2, ("a", "b"))]
    assert missing_inserts(("a", "b", "c"), ["x", "b"], 2) == [(2, ("c",)), (1, ("a",))]
