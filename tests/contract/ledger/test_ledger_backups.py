"""Backups of playlists cost only what changed, and each state comes back exactly and in order, whatever happened in between."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from beatporter.ledger.backups import Item
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import BACKUP_CHANGES, BACKUPS
from beatporter.records.ledger import BackupRow

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)

Place = tuple[str | None, str | None, str, tuple[str, ...], datetime | None]
"""A position's fields without its number."""

places = st.one_of(
    st.builds(
        lambda number, isrc, added: (f"{number:022}", isrc, f"Name {number}", ("A", f"B{number}"), added),
        st.integers(0, 9),
        st.sampled_from(["I", None]),
        st.sampled_from([None, T0, T0 + timedelta(days=400)]),
    ),
    st.sampled_from([(None, None, "local file", (), None), (None, None, "", (), T0), ("odd id", None, "", ("",), None)]),
)


@st.composite
def sequences_of_states(draw: st.DrawFn) -> list[list[Place]]:
    """States that follow one another like a playlist's: entries are added, removed, moved or renamed; and large jumps."""
    states = [draw(st.lists(places, max_size=12))]
    for _ in range(draw(st.integers(0, 7))):
        state = list(states[-1])
        for change in draw(st.lists(st.sampled_from(["in", "on top", "out", "move", "retell", "twice", "empty", "other"]), max_size=4)):
            at = draw(st.integers(0, max(0, len(state) - 1)))
            if change == "in":
                state.insert(at, draw(places))
            elif change == "on top":
                state[:0] = draw(st.lists(places, max_size=5))
            elif change == "empty":
                state = []
            elif change == "other":
                state = draw(st.lists(places, max_size=12))
            elif state and change == "out":
                del state[at : at + draw(st.integers(1, 3))]
            elif state and change == "move":
                state.insert(draw(st.integers(0, len(state) - 1)), state.pop(at))
            elif state and change == "retell":
                track_id, isrc, name, artists, added = state[at]
                state[at] = (track_id, isrc, f"{name} (Remastered)", artists, added)
            elif state and change == "twice":
                state.append(state[at])
        states.append(state)
    return states


def rows(state: Sequence[Place]) -> list[BackupRow]:
    return [BackupRow(position, *place) for position, place in enumerate(state)]


numbers = count()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(states=sequences_of_states(), ways=st.lists(st.booleans(), min_size=8, max_size=8))
@example(states=[[("a", None, "n", (), T0)] * 3, [("a", None, "n", (), T0)] * 2, [], [("a", None, "n", (), T0)] * 3], ways=[True] * 8)
def test_each_state_comes_back_exactly_and_in_order(ledger: Ledger, states: list[list[Place]], ways: list[bool]) -> None:
    """The ledger is the same for all examples; each uses another playlist in it."""
    playlist_id = f"{next(numbers):022}"
    for number, state in enumerate(states):
        on_top = len(state) - len(states[number - 1]) if number else 0
        at = T0 + timedelta(days=number)
        if ways[number] and on_top >= 0 and number and state[on_top:] == states[number - 1]:
            info = ledger.backups.put_on_top(playlist_id, f"s{number}", at, rows(state[:on_top]))
        else:
            info = ledger.backups.append(playlist_id, f"s{number}", at, iter(rows(state)))
        assert (info.snapshot_id, info.taken_at, info.rows) == (f"s{number}", at, len(state))
    for number, state in enumerate(states):
        assert list(ledger.backups.items(playlist_id, f"s{number}")) == rows(state)
        assert ledger.backups.track_ids(playlist_id, f"s{number}") == [place[0] for place in state]
    assert [info.rows for info in ledger.backups.all(playlist_id)] == [len(state) for state in states]
    with ledger.database.read() as connection:
        too_long = connection.execute(select(BACKUPS).where(BACKUPS.c.changes > BACKUPS.c.rows)).all()
    assert not too_long, "reading a state takes more than twice its length"


def test_putting_the_same_rows_on_top_twice_stores_them_once(ledger: Ledger) -> None:
    low, top = [BackupRow(0, "a", None, "n", (), T0)], [BackupRow(0, "b", None, "n", (), T0)]
    ledger.backups.append("P", "s", T0, low)
    infos = [ledger.backups.put_on_top("P", "t", T0 + timedelta(hours=hour), top) for hour in range(2)]
    assert infos[0] == infos[1] == ledger.backups.latest("P")
    assert ledger.backups.track_ids("P", "t") == ["b", "a"]


def test_rows_put_on_top_of_nothing_are_the_whole_playlist(ledger: Ledger) -> None:
    ledger.backups.put_on_top("P", "s", T0, [BackupRow(0, "a", None, "n", (), T0)])
    ledger.backups.put_on_top("P", "t", T0, [])
    assert [ledger.backups.track_ids("P", name) for name in ("s", "t")] == [["a"], ["a"]]


def test_ten_thousand_positions_keep_their_order(ledger: Ledger) -> None:
    made = [BackupRow(n, f"t{n % 7}", None, "n", ("a",), T0) for n in range(10_001)]
    ledger.backups.append("P", "s", T0, iter(made))
    assert list(ledger.backups.items("P", "s")) == made


def test_playlists_share_tracks_and_nothing_else(ledger: Ledger) -> None:
    for playlist_id in ("P", "Q"):
        for number in range(3):
            ledger.backups.append(playlist_id, f"s{number}", T0, rows([(f"{playlist_id}{number}", None, "n", (), None)] * (number + 1)))
    assert [ledger.backups.track_ids("P", f"s{number}") for number in range(3)] == [["P0"], ["P1"] * 2, ["P2"] * 3]


def test_concurrent_backups_of_one_playlist_are_each_stored_exactly(ledger: Ledger, address: str) -> None:
    """Each is stored as a change to the last one, which must not change meanwhile."""
    base = [(f"{number:022}", None, "n", ("a",), T0) for number in range(60)]
    ledger.backups.append("P", "base", T0, rows(base))
    given_states = {f"s{number}": [(f"new {number}", None, "n", (), T0), *base[:number], *base[number + 1 :]] for number in range(24)}

    def keep(name: str) -> None:
        open_ledger(address).backups.append("P", name, T0, rows(given_states[name]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, given_states))
    assert len(ledger.backups.all("P")) == 25
    for name, state in given_states.items():
        assert list(ledger.backups.items("P", name)) == rows(state)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_year_of_backups_costs_only_the_changes(ledger: Ledger) -> None:
    """A playlist grows to ten thousand tracks, 28 a day; every eighth day a person removes two and moves one."""
    dice, new, kept = random.Random(7), count(), {}
    state: list[Item] = []
    changed = 0
    for day in range(365):
        at, name = T0 + timedelta(days=day), f"day {day}"
        on_top = [BackupRow(position, f"{next(new):022}", None, "Name", ("A",), at) for position in range(28)]
        if day % 8 == 7:
            out = dice.randrange(len(state) - 3)
            del state[out : out + 2]
            state.insert(dice.randrange(len(state)), state.pop(out))
            state = [*ledger.backups.items_of(on_top), *state]
            ledger.backups.keep("P", name, at, state)
            changed += 28 + 3
        else:
            ledger.backups.put_on_top("P", name, at, on_top)
            state = [*ledger.backups.items_of(on_top), *state]
            changed += 28
        if day % 60 == 0 or day == 364:
            kept[name] = list(state)
    with ledger.database.read() as connection:
        written = connection.execute(select(func.count()).select_from(BACKUP_CHANGES)).scalar_one()
    assert len(state) > 10_000
    assert written <= changed * 2, f"{written} rows for {changed} changes"
    for name, expected in kept.items():
        assert ledger.backups.state("P", name) == expected
