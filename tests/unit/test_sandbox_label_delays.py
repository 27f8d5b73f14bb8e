"""Labels that deliver late in the sandbox: each in its way, and none of them unless it is asked for."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from sandbox.catalogue import Catalogue
from sandbox.catalogue.label_delays import FOLLOWS, FRIDAY, NEVER_DAYS, WAYS, Way, arrives_on, way_of
from sandbox.catalogue.names import Label

WEDNESDAY = date(2026, 11, 4)


def label_with(way: Way) -> Label:
    labels = (Label(label_id, f"Label {label_id}", "LAB", label_id, 5, 0) for label_id in range(10_000))
    return next(label for label in labels if way_of(label, 1) == way)


def days(way: Way, count: int = 2_000) -> list[int]:
    label = label_with(way)
    return [(arrives_on(label, WEDNESDAY, random.Random(number), 1) - WEDNESDAY).days for number in range(count)]


@pytest.mark.parametrize(
    ("way", "late"), [("fortnight", {14}), ("month", {28}), ("second Friday", {9}), ("two speeds", {2, 20}), ("never", {NEVER_DAYS})]
)
def test_most_tracks_of_a_late_label_arrive_in_its_way_and_the_others_at_once(way: Way, late: set[int]) -> None:
    found = days(way)
    assert set(found) == {0} | late
    assert found.count(0) / len(found) == pytest.approx(1 - FOLLOWS, abs=0.03)


def test_a_second_friday_is_a_friday_more_than_a_week_later() -> None:
    label = label_with("second Friday")
    for number in range(30):
        came_out = WEDNESDAY + timedelta(days=number)
        arrives = arrives_on(label, came_out, random.Random(3), 1)
        if arrives != came_out:
            assert arrives.weekday() == FRIDAY
            assert 7 <= (arrives - came_out).days < 14


def test_scattered_tracks_arrive_after_eight_days_on_average() -> None:
    late = [one for one in days("scattered") if one]
    assert sum(late) / len(late) == pytest.approx(8, abs=0.6)
    assert min(late) == 1


def test_the_ways_are_shared_out_as_stated() -> None:
    labels = [Label(label_id, "", "", label_id, 5, 0) for label_id in range(4_000)]
    for way, share in WAYS.items():
        assert sum(way_of(label, 1) == way for label in labels) / len(labels) == pytest.approx(share, abs=0.02)


def test_only_a_catalogue_that_is_asked_has_late_labels() -> None:
    plain, late = Catalogue(seed=1), Catalogue(seed=1, late_labels=True)
    keys = plain.days.charted_through(5, 3)
    missing = {catalogue: [key for key in keys if not catalogue.is_on_spotify(key, 3)] for catalogue in (plain, late)}
    assert set(missing[plain]) < set(missing[late])
    assert len(missing[late]) > 10 * max(1, len(missing[plain])) / 2
    assert plain.chart(5, 3) == late.chart(5, 3)
