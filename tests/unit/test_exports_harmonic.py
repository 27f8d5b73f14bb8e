"""Harmonic order: the wheel, the cost of a transition, and the order of a set."""

from __future__ import annotations

import random
from itertools import pairwise, permutations

import pytest

from beatporter.exports.camelot import Camelot, camelot_of, steps_between
from beatporter.exports.harmonic import cost, harmonic_order
from beatporter.records.chart import ChartEntry

KEYS = [f"{hour}{letter}" for hour in range(1, 13) for letter in "AB"]


def entry(number: int, camelot: str | None = "8A", bpm: int | None = 126, key: str | None = None) -> ChartEntry:
    return ChartEntry(number, 100 + number, f"Title {number}", ("Artist",), bpm=bpm, key=key, camelot=camelot)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("A Minor", "8A"),
        ("C Major", "8B"),
        ("Ab Minor", "1A"),
        ("G# Minor", "1A"),
        ("G♯ Minor", "1A"),
        ("A♭ Minor", "1A"),
        ("B Major", "1B"),
        ("D♭ Minor", "12A"),
        ("C# Minor", "12A"),
        ("E Major", "12B"),
        ("Gb Major", "2B"),
        ("F# Major", "2B"),
        ("Eb Minor", "2A"),
        ("F#m", "11A"),
        ("Bbm", "3A"),
        ("D", "10B"),
    ],
)
def test_a_key_has_its_place_on_the_wheel(key: str, place: str) -> None:
    assert str(camelot_of(key)) == place


def test_beatports_own_place_counts_before_the_key() -> None:
    assert str(camelot_of("A Minor", "5b")) == "5B"
    assert str(camelot_of("A Minor", "13A")) == "8A"


@pytest.mark.parametrize("key", [None, "", "H Minor", "A Dorian", "Open Key 1m"])
def test_an_unknown_key_has_no_place(key: str | None) -> None:
    assert camelot_of(key) is None


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("8A", "8A", 0),
        ("8A", "9A", 1),
        ("8A", "8B", 1),
        ("8A", "9B", 2),
        ("12A", "1A", 1),
        ("1B", "12B", 1),
        ("1A", "7A", 6),
        ("1A", "7B", 7),
    ],
)
def test_steps_on_the_wheel(one: str, other: str, steps: int) -> None:
    places = [Camelot(int(text[:-1]), text[-1]) for text in (one, other)]
    assert steps_between(*places) == steps_between(*reversed(places)) == steps


def test_a_transition_costs_its_steps_and_its_tempo() -> None:
    a8, a9, b9 = Camelot(8, "A"), Camelot(9, "A"), Camelot(9, "B")
    assert cost((a8, 126.0), (a8, 126.0)) == 0
    assert cost((a8, 126.0), (a9, 126.0)) == 1
    assert cost((a8, 126.0), (b9, 126.0)) == 4, "two steps at once cost more than one after the other"
    assert cost((a8, 100.0), (a8, 96.0)) == pytest.approx(4), "four percent of tempo are two points"
    assert cost((a8, 87.0), (a8, 174.0)) == cost((a8, 174.0), (a8, 87.0)) == 0, "half the tempo is the same tempo"


def test_the_set_begins_with_the_charts_first_track_and_every_track_follows_the_nearest() -> None:
    chart = [entry(1, "8A"), entry(2, "3B"), entry(3, "9A"), entry(4, "4B"), entry(5, "10A")]
    assert [one.camelot for one in harmonic_order(chart)] == ["8A", "9A", "10A", "3B", "4B"]


def test_of_equal_transitions_the_higher_in_the_chart_comes_first() -> None:
    chart = [entry(1, "8A"), entry(2, "9A"), entry(3, "9A"), entry(4, "9A")]
    assert [one.position for one in harmonic_order(chart)] == [1, 2, 3, 4]


def test_tracks_without_key_or_tempo_come_last_in_chart_order() -> None:
    chart = [entry(1, None), entry(2, "8A"), entry(3, "8A", bpm=None), entry(4, "8A")]
    assert [one.position for one in harmonic_order(chart)] == [2, 4, 1, 3]


def test_a_key_without_a_camelot_place_is_used() -> None:
    chart = [entry(1, "8A"), entry(2, "3A"), entry(3, None, key="E Minor")]
    assert [one.position for one in harmonic_order(chart)] == [1, 3, 2]


def total(entries: list[ChartEntry]) -> float:
    places = [(camelot_of(None, one.camelot), float(one.bpm or 0)) for one in entries]
    return sum(cost((a, x), (b, y)) for (a, x), (b, y) in pairwise(places) if a and b)


@pytest.mark.parametrize("seed", range(12))
def test_small_sets_are_close_to_the_best_order_there_is(seed: int) -> None:
    dice = random.Random(seed)
    chart = [entry(number, dice.choice(KEYS), dice.randint(120, 132)) for number in range(1, 8)]
    best = min(total([chart[0], *rest]) for rest in permutations(chart[1:]))
    assert best <= total(harmonic_order(chart)) <= 1.25 * best + 1


def test_a_hundred_tracks_mix_far_better_than_in_chart_order_and_none_is_lost() -> None:
    dice = random.Random(1)
    chart = [entry(number, dice.choice(KEYS), dice.randint(118, 134)) for number in range(1, 101)]
    ordered = harmonic_order(chart)
    assert sorted(one.position for one in ordered) == list(range(1, 101))
    assert total(ordered) < total(chart) / 10
    assert harmonic_order(chart) == ordered, "the same chart has the same order"


def test_no_tracks_and_one_track() -> None:
    assert harmonic_order([]) == []
    assert harmonic_order([entry(1)]) == [entry(1)]
