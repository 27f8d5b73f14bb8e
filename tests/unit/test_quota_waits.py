"""Waiting for calls that soon leave the window: once per run, not for ever, and all threads together."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from datetime import datetime, timedelta

from beatporter.quota.budget import MAX_WAIT, CallBudget
from beatporter.quota.window import MARGIN, calls_back_at, calls_left
from tests.unit.call_budgets import (
    DAY,
    START,
    Clock,
    Table,
    refusal,
    take_until_refused,
)


def test_a_run_at_the_same_time_every_day_has_a_days_calls_every_day(clock: Clock, table: Table) -> None:
    made: list[datetime] = []
    told: list[str] = []
    for day in range(7):
        clock.at = morning = START + day * DAY
        assert calls_left(table, 800, morning + MAX_WAIT) == 800
        for genre in range(40):
            with CallBudget(table, 800, f"{genre}", now=clock, sleep=clock.sleep, on_wait=lambda _, why: told.append(why)) as budget:
                for _ in range(20):
                    budget.take("search")
                    made.append(clock.at)
                    clock.at += timedelta(seconds=0.3)
        assert clock.at < morning + MAX_WAIT, f"day {day} waited until {clock.at - morning}"
    assert all("budget of 800" in why for why in told)
    assert told, "no wait was reported"
    assert max(number - bisect_right(made, at - DAY) for number, at in enumerate(made, 1)) <= 800


def test_calls_that_come_back_too_late_are_not_waited_for(clock: Clock, table: Table) -> None:
    with CallBudget(table, 10, "a", now=clock) as budget:
        take_until_refused(budget, "search")
    clock.at = START + DAY - MAX_WAIT - timedelta(minutes=1)
    late = CallBudget(table, 10, "b", now=clock, sleep=clock.sleep)
    assert refusal(late, "write") == START + DAY + MARGIN + timedelta(seconds=1)
    assert clock.waits == []
    clock.at += timedelta(minutes=2)
    with CallBudget(table, 10, "c", now=clock, sleep=clock.sleep) as budget:
        for _ in range(10):
            budget.take("write")
    assert clock.waits == [(MAX_WAIT - timedelta(minutes=1) + MARGIN).total_seconds() + 1]


def test_a_run_waits_once_and_not_for_each_call(clock: Clock, table: Table) -> None:
    for minute in range(0, 120, 10):
        clock.at = START + timedelta(minutes=minute)
        with CallBudget(table, 12, "trickle", now=clock) as budget:
            budget.take("search")
    clock.at = START + DAY
    taken, _ = take_until_refused(CallBudget(table, 12, "next day", now=clock, sleep=clock.sleep), "search")
    assert taken == 2
    assert clock.at <= START + DAY + MAX_WAIT


def test_threads_wait_together_and_say_so_once(clock: Clock, table: Table) -> None:
    with CallBudget(table, 8, "a", now=clock) as budget:
        take_until_refused(budget, "search")
    clock.at = START + DAY
    told: list[float] = []

    def sleep(seconds: float) -> None:
        time.sleep(0.3)  # let the others start waiting too
        clock.sleep(seconds)

    budget = CallBudget(table, 8, "b", now=clock, sleep=sleep, on_wait=lambda seconds, _: told.append(seconds))
    threads = [threading.Thread(target=budget.take, args=("search",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == len(clock.waits) == 1
    assert calls_left(table, 8, clock.at) == 0


def test_a_quota_ends_a_wait_for_the_budget(clock: Clock, table: Table) -> None:
    with CallBudget(table, 5, "a", now=clock) as budget:
        take_until_refused(budget, "search")
    clock.at = START + DAY

    def sleep(seconds: float) -> None:
        CallBudget(table, 5, "b", now=clock).refused("", START + 2 * DAY)
        clock.sleep(seconds)

    assert refusal(CallBudget(table, 5, "c", now=clock, sleep=sleep), "search") == START + 2 * DAY


def test_the_time_when_calls_come_back_is_known(clock: Clock, table: Table) -> None:
    assert calls_back_at(table, 10, clock.at) is None
    for minute in (0, 60):
        clock.at = START + timedelta(minutes=minute)
        with CallBudget(table, 10, "a", now=clock) as budget:
            for _ in range(5):
                budget.take("search")
    late = timedelta(seconds=1) + MARGIN
    assert calls_back_at(table, 10, clock.at) == START + DAY + late
    assert calls_back_at(table, 10, clock.at, wanted=6) == START + DAY + timedelta(minutes=60) + late
    assert calls_back_at(table, 10, clock.at, wanted=1000) == START + DAY + timedelta(minutes=60) + late, "more than a day has"
    assert calls_back_at(table, 10, START + DAY + late) is None
    CallBudget(table, 10, "b", now=clock).refused("", START + 2 * DAY)
    assert calls_back_at(table, 10, clock.at) == START + 2 * DAY, "Spotify's time is the later one"
    assert calls_back_at(table, 10, START + 2 * DAY) is None
