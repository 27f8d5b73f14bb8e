"""Calls are reserved exactly, whatever other processes do: never more than the budget has, and all of it if wanted."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from beatporter.errors import BeatporterError
from beatporter.ledger.calls import HELD, Held
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import CallRow
from tests.contract.ledger.child_processes import BUDGET, at_once, results_of, take_all_calls, take_calls_and_die, take_some_calls
from tests.contract.ledger.conftest import NewDatabase

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def take(ledger: Ledger, wanted: int, held: Held | None = None, *used: CallRow, budget: int = 100, at: datetime = T0) -> Held:
    return ledger.calls.exchange(held or Held(), used, run_key="r", at=at, wanted=wanted, budget=budget, since=T0)


class TestExchange:
    def test_calls_are_reserved_while_some_are_left(self, ledger: Ledger) -> None:
        assert [take(ledger, 30).count for _ in range(5)] == [30, 30, 30, 10, 0]
        assert ledger.calls.by_kind(T0) == {HELD: 100}

    def test_calls_in_hand_count_as_made(self, ledger: Ledger) -> None:
        take(ledger, 30)
        assert ledger.calls.made_since(T0) == 30

    def test_their_uses_replace_calls_in_hand(self, ledger: Ledger) -> None:
        held = take(ledger, 30)
        used = [CallRow(T0, "search", 12, "r"), CallRow(T0, "read", 3, "r")]
        assert take(ledger, 0, held, *used) == Held()
        assert ledger.calls.by_kind(T0) == {"read": 3, "search": 12}

    def test_a_single_use_replaces_calls_in_hand(self, ledger: Ledger) -> None:
        take(ledger, 0, take(ledger, 30), CallRow(T0 + timedelta(minutes=1), "search", 12, "s", T0))
        assert ledger.calls.by_kind(T0) == {"search": 12}
        assert ledger.calls.by_run(T0, ["r", "s"]) == {"s": 12}
        assert ledger.calls.by_time(T0) == {T0 + timedelta(minutes=1): 12}
        assert ledger.calls.quota_until() == T0

    def test_unused_calls_are_given_back(self, ledger: Ledger) -> None:
        take(ledger, 0, take(ledger, 30))
        assert ledger.calls.made_since(T0) == 0

    def test_calls_given_back_can_be_reserved_at_once(self, ledger: Ledger) -> None:
        held = take(ledger, 100)
        again = take(ledger, 100, held, CallRow(T0, "search", 1, "r"))
        assert again.count == 99
        assert ledger.calls.by_kind(T0) == {HELD: 99, "search": 1}

    def test_calls_before_the_window_do_not_count(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0 - timedelta(seconds=1), "search", 95, "r"), CallRow(T0, "search", 95, "r")])
        assert take(ledger, 100).count == 5

    def test_an_overspent_budget_gives_nothing(self, ledger: Ledger) -> None:
        ledger.calls.append([CallRow(T0, "search", 150, "r")])
        assert take(ledger, 1) == Held()
        assert take(ledger, 10, budget=0) == Held()
        assert ledger.calls.made_since(T0) == 150

    def test_uses_are_recorded_even_when_nothing_is_left(self, ledger: Ledger) -> None:
        held = take(ledger, 100)
        assert take(ledger, 5, held, CallRow(T0, "search", 100, "r")) == Held()
        assert ledger.calls.by_kind(T0) == {"search": 100}

    def test_uses_without_calls_in_hand_are_recorded(self, ledger: Ledger) -> None:
        take(ledger, 0, None, CallRow(T0, "search", 2, "r"), CallRow(T0, "list", 1, "r"))
        assert take(ledger, 98, None, CallRow(T0, "read", 2, "r")).count == 95


def test_settling_and_reserving_are_one_transaction(kind: str, new_database: NewDatabase) -> None:
    """Reserving fails, for example on a full disk; the calls in hand are then still in hand."""
    address = new_database()
    with open_ledger(address) as ledger:
        held = take(ledger, 30)
        with ledger.transaction() as connection:
            for statement in REFUSE_TO_TAKE[kind]:
                connection.execute(text(statement))
        for used in ([CallRow(T0, "search", 3, "r")], [CallRow(T0, "search", 3, "r"), CallRow(T0, "read", 1, "r")]):
            with pytest.raises(BeatporterError):
                take(ledger, 10, held, *used)
            assert ledger.calls.by_kind(T0) == {HELD: 30}
    ledger.close()


REFUSE_TO_TAKE = {
    "sqlite": ["CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN NEW.kind = 'held' BEGIN SELECT RAISE(ABORT, 'no'); END"],
    "postgres": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON calls FOR EACH ROW WHEN (NEW.kind = 'held') EXECUTE FUNCTION refuse()",
    ],
}


class TestAtOnce:
    def test_eight_processes_reserve_exactly_the_budget(self, ledger: Ledger, address: str) -> None:
        taken = results_of(at_once(take_all_calls, address))
        assert sum(taken) == BUDGET
        assert ledger.calls.by_kind(T0) == {"search": BUDGET}
        assert ledger.calls.by_run(T0, [f"run {number}" for number in range(8)]) == {
            f"run {number}": count for number, count in enumerate(taken) if count
        }

    def test_eight_processes_that_give_calls_back_never_exceed_the_budget(self, ledger: Ledger, address: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(at_once, take_some_calls, address)
            most = 0
            while not working.done():
                most = max(most, ledger.calls.made_since(T0))
        used = results_of(working.result())
        assert most <= BUDGET
        assert sum(used) == ledger.calls.made_since(T0)
        assert ledger.calls.by_kind(T0).keys() == {"search", "read"}

    def test_threads_of_one_process_reserve_exactly_the_budget(self, ledger: Ledger, address: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda number: take_all_calls(address, number), range(8)))
        assert sum(taken) == BUDGET
        assert ledger.calls.by_kind(T0) == {"search": BUDGET}

    def test_the_calls_of_a_killed_process_stay_counted(self, ledger: Ledger, address: str) -> None:
        (outcome,) = at_once(take_calls_and_die, address, count=1)
        assert outcome.status == -signal.SIGKILL
        assert ledger.calls.by_kind(T0) == {HELD: 20, "search": 4}
        assert take(ledger, BUDGET, budget=BUDGET).count == BUDGET - 24
