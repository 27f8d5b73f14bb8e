"""What follows from Spotify's refusals: which kinds of call to avoid, and the quota of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.errors import QuotaExceeded
from beatporter.ledger.calls import Calls
from beatporter.ledger.ledger import open_ledger
from beatporter.quota.budget import CallBudget
from beatporter.quota.refusals import LEARNED_FROM, LEAST_LEARNED, Refusal, closed_until, learned_budget, refusals
from beatporter.records.ledger import CallRow

START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        yield ledger.calls


def budget(calls: Calls, at: datetime = START) -> CallBudget:
    return CallBudget(calls, 800, "run", now=lambda: at)


def test_a_refused_kind_is_left_and_others_are_asked(calls: Calls) -> None:
    first = budget(calls)
    first.refused("search", START + 14 * HOUR)
    for one in (first, budget(calls, START + HOUR)):
        with pytest.raises(QuotaExceeded) as caught:
            one.take("search")
        assert caught.value.until == START + 14 * HOUR
        with pytest.raises(QuotaExceeded):
            one.searches_left()
        one.take("write")
        one.take("list")
    budget(calls, START + 14 * HOUR).take("search")


def test_two_refused_kinds_are_all(calls: Calls) -> None:
    budget(calls).refused("search", START + 14 * HOUR)
    budget(calls).refused("write", START + 13 * HOUR)
    for kind in ("search", "write", "list", "read", "other"):
        with pytest.raises(QuotaExceeded) as caught:
            budget(calls, START + HOUR).take(kind)
        assert caught.value.until == START + 14 * HOUR
    with pytest.raises(QuotaExceeded) as caught:
        budget(calls, START + 13 * HOUR).take("search")
    budget(calls, START + 13 * HOUR).take("write")


def test_a_refusal_kept_by_an_older_version_is_of_every_kind(calls: Calls) -> None:
    calls.append([CallRow(START, "quota", 0, "run", START + HOUR)])
    assert closed_until(calls.refused(START), "write") == START + HOUR
    with pytest.raises(QuotaExceeded):
        budget(calls).take("write")


def test_the_error_says_how_many_calls_came_before(calls: Calls) -> None:
    working = budget(calls)
    for _ in range(7):
        working.take("search")
    error = working.refused("search", START + HOUR)
    assert "Spotify refused after 7 of our calls" in str(error)
    assert "others may share this quota" in str(error)
    with pytest.raises(QuotaExceeded, match="after 7 of our calls"):
        working.take("search")


def test_spells_count_the_calls_of_24_hours_before_them(calls: Calls) -> None:
    calls.append([CallRow(START - 25 * HOUR, "search", 500, "old"), CallRow(START - HOUR, "search", 640, "run")])
    calls.refuse(START, "search", START + 10 * HOUR, "run")
    calls.append([CallRow(START + HOUR, "write", 3, "run")])
    calls.refuse(START + HOUR, "write", START + 10 * HOUR, "run")
    calls.refuse(START + 48 * HOUR, "search", START + 60 * HOUR, "run")
    assert refusals(calls, START + 49 * HOUR) == [
        Refusal(START, "search", 640, START + 10 * HOUR),
        Refusal(START + 48 * HOUR, "search", 0, START + 60 * HOUR),
    ]
    assert refusals(calls, START + 48 * HOUR + LEARNED_FROM) == [Refusal(START + 48 * HOUR, "search", 0, START + 60 * HOUR)]


@pytest.mark.parametrize(
    ("made", "planned"),
    [
        ((), 800),
        ((640,), 800),  # perhaps caused by another app
        ((640, 700), 700),
        ((3, 640), 640),
        ((3, 5), LEAST_LEARNED),
        ((900, 1144), 800),
    ],
)
def test_a_day_is_planned_with_what_spotify_is_known_to_give(made: tuple[int, ...], planned: int) -> None:
    assert learned_budget([Refusal(START, "", one, START) for one in made], 800) == planned


def test_a_budget_below_all_of_that_stays(calls: Calls) -> None:
    assert learned_budget([Refusal(START, "", one, START) for one in (3, 5)], 50) == 50
