"""How the invented charts move: like the counted ones, and the same in any order of calls."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict

import pytest

from beatporter.genres import FURTHER, KNOWN, Genre
from sandbox.catalogue import FIRST_DAY, known_genre_ids
from sandbox.catalogue.days import NEIGHBOUR, NEIGHBOURS, SIZE, Days

GENRES = known_genre_ids()
LAST = 30


@pytest.fixture(scope="module")
def days() -> Days:
    return Days(seed=1)


def _new(days: Days, genre_id: int, day: int) -> int:
    return len(set(days.chart(genre_id, day)) - set(days.chart(genre_id, day - 1)))


def test_every_chart_has_a_hundred_different_tracks(days: Days) -> None:
    for genre_id in GENRES:
        for day in (0, 1, 17, LAST):
            assert len(set(days.chart(genre_id, day))) == SIZE, (genre_id, day)


def test_a_chart_does_not_depend_on_what_was_asked_before(days: Days) -> None:
    late_first = Days(seed=1)
    assert late_first.chart(90, 12) == days.chart(90, 12)
    assert late_first.chart(90, 3) == days.chart(90, 3)
    assert Days(seed=2).chart(90, 3) != days.chart(90, 3)


def test_day_0_is_a_monday() -> None:
    assert FIRST_DAY.weekday() == 0


@pytest.mark.parametrize(
    ("weekday", "counted"), [(1, 7.6), (2, 8.3), (3, 9.4), (4, 20.5)], ids=["Tuesday", "Wednesday", "Thursday", "Friday"]
)
def test_new_entries_per_genre_are_as_counted(days: Days, weekday: int, counted: float) -> None:
    found = statistics.mean(_new(days, genre_id, day) for genre_id in GENRES for day in range(weekday, LAST, 7))
    assert found == pytest.approx(counted, rel=0.08)


def test_new_tracks_over_all_genres_are_as_counted(days: Days) -> None:
    for day in range(1, LAST):
        before = {key for genre_id in GENRES for key in days.chart(genre_id, day - 1)}
        new = {key for genre_id in GENRES for key in days.chart(genre_id, day)} - before
        assert 230 <= len(new) <= 780, f"{len(new)} new tracks on day {day}; 260 to 715 were counted"


def test_three_percent_are_in_two_charts(days: Days) -> None:
    shares = []
    for day in range(0, LAST, 5):
        charts = Counter(key for genre_id in GENRES for key in days.chart(genre_id, day))
        assert max(charts.values()) == 2, "no track is in three charts"
        shares.append(sum(count == 2 for count in charts.values()) / len(charts))
    assert statistics.mean(shares) == pytest.approx(0.03, abs=0.006)


def test_most_leave_for_good_and_some_return(days: Days) -> None:
    new = returned = 0
    for genre_id in GENRES:
        seen = set(days.chart(genre_id, 0))
        for day in range(1, LAST):
            entered = set(days.chart(genre_id, day)) - set(days.chart(genre_id, day - 1))
            new += len(entered)
            returned += len(entered & seen)
            seen |= entered
    assert 0.03 <= returned / new <= 0.1, f"{returned / new:.1%} of the new entries had been there"


def test_tracks_move_a_little_and_enter_mostly_below(days: Days) -> None:
    moves, entries = [], []
    for genre_id in GENRES[::4]:
        for day in range(1, LAST):
            before = {key: place for place, key in enumerate(days.chart(genre_id, day - 1))}
            for place, key in enumerate(days.chart(genre_id, day)):
                (moves if key in before else entries).append(abs(place - before[key]) if key in before else place)
    assert 2 <= statistics.median(moves) <= 12
    assert 50 <= statistics.median(entries) <= 85
    assert min(entries) < 15, "some enter at the top"


def test_some_stay_for_weeks(days: Days) -> None:
    stays: dict[object, int] = defaultdict(int)
    for day in range(LAST):
        for key in days.chart(5, day):
            stays[key] += 1
    assert sum(stay >= 21 for stay in stays.values()) >= 3
    assert statistics.median(stays.values()) < 14


def test_a_recording_enters_on_its_own_day(days: Days) -> None:
    for day in (5, 11):
        entered = [key for key in set(days.chart(5, day)) - set(days.charted_through(5, day - 1)) if key.genre_id == 5]
        new = [key for key in entered if days.entry_day(key) == day]
        assert len(new) >= len(entered) - 3, "all but those that return from before day 0"


def test_the_overall_chart_takes_the_best_of_each_genre(days: Days) -> None:
    overall = days.overall(4, GENRES)
    assert len(set(overall)) == SIZE
    tops = {key for genre_id in GENRES for key in days.chart(genre_id, 4)[:10]}
    assert set(overall) <= tops


def test_every_genre_has_one_neighbour() -> None:
    every = {genre.genre_id for genre in (*KNOWN, *FURTHER)}
    assert NEIGHBOUR.keys() == every
    assert set(NEIGHBOUR.values()) <= every
    paired = [genre_id for pair in NEIGHBOURS for genre_id in pair]
    assert len(paired) == len(set(paired))
    assert not [genre_id for genre_id, neighbour in NEIGHBOUR.items() if genre_id == neighbour]


@pytest.mark.parametrize("genre", FURTHER, ids=lambda genre: genre.slug)
def test_a_further_genre_has_charts(days: Days, genre: Genre) -> None:
    charts = [days.chart(genre.genre_id, day) for day in range(8)]
    assert all(len(set(chart)) == SIZE for chart in charts)
    assert {key.genre_id for chart in charts for key in chart} == {genre.genre_id, NEIGHBOUR[genre.genre_id]}


def test_there_is_no_day_before_the_first(days: Days) -> None:
    with pytest.raises(ValueError, match="day 0"):
        days.chart(5, -1)
