"""How often a run waits for a PostgreSQL: with the server some way off, these are its seconds. Counts, no times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.errors import BeatporterError
from beatporter.ledger.calls import Held
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.startup_check import check_before_run
from beatporter.records.ledger import CallRow, HistoryRow, SnapshotRow
from beatporter.settings import load_settings
from beatporter.sync.account_playlists import list_playlists
from beatporter.sync.workspace import Workspace
from bench.ledger_mornings import Watch, five_steps
from tests.contract.conftest import SLUG, sandbox_in_use
from tests.postgres import Door, NoPostgres, running_postgres

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
CONNECTING = 2
"""The request for encryption, and the start-up message; a password would be a third."""
MORNING = 38
"""A second morning's five steps at most."""


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[Door, Callable[[], str]]]:
    """A door to a PostgreSQL, and a function that makes a database behind it."""
    try:
        with running_postgres() as server:
            made = Door(server)
            made.open()
            yield made, lambda: made.address(server.new_database())
            made.shut()
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture
def ledger(door: tuple[Door, Callable[[], str]]) -> Iterator[Ledger]:
    """An empty ledger that is open, with a playlist whose number is known."""
    made = open_ledger(door[1]())
    made.snapshots.save(SnapshotRow("P", "recorded", "s", T0))
    yield made
    made.close()


def asked(door: tuple[Door, Callable[[], str]], do: Callable[[], object]) -> int:
    """The round trips of an action."""
    before = door[0].asked
    do()
    return door[0].asked - before


def test_a_connection_asks_nothing_and_opening_a_ledger_one_question(door: tuple[Door, Callable[[], str]]) -> None:
    address = door[1]()
    open_ledger(address).close()
    assert asked(door, lambda: open_ledger(address).close()) == 0, "this process has checked it"
    again = open_ledger(address)
    again.database.is_prepared = False
    assert asked(door, lambda: open_ledger(address)) == CONNECTING + 1
    again.close()


def test_a_transaction_that_only_writes_is_one_round_trip(door: tuple[Door, Callable[[], str]], ledger: Ledger) -> None:
    rows = [HistoryRow(f"track {number}", None, "r", number, "chart", T0) for number in range(50)]

    def write() -> None:
        with ledger.transaction():
            ledger.history.append("P", rows)
            ledger.snapshots.save(SnapshotRow("P", "recorded", "t", T0))

    assert asked(door, write) == 1
    assert len(set(ledger.history.track_ids("P"))) == 50
    row = ledger.snapshots.latest("P")
    assert row is not None
    assert row.snapshot_id == "t"


def test_reserving_calls_is_one_round_trip_and_settling_them_another(door: tuple[Door, Callable[[], str]], ledger: Ledger) -> None:
    held = [Held()]
    used = [CallRow(T0, "search", 2, "r"), CallRow(T0, "write", 1, "r")]

    def exchange(wanted: int) -> None:
        rows = used if held[0].number is not None else []
        held[0] = ledger.calls.exchange(held[0], rows, run_key="r", at=T0, wanted=wanted, budget=9, since=T0)

    assert asked(door, lambda: exchange(5)) == 1
    assert held[0].count == 5
    assert asked(door, lambda: exchange(8)) == 1, "settled and reserved again"
    assert held[0].count == 6, "3 of 9 are used"
    assert asked(door, lambda: exchange(0)) == 1
    assert ledger.calls.by_kind(T0) == {"search": 4, "write": 2}


def test_a_reservation_within_a_transaction_does_not_commit_it(ledger: Ledger) -> None:
    def give_up() -> None:
        with ledger.transaction():
            ledger.calls.exchange(Held(), [], run_key="r", at=T0, wanted=5, budget=9, since=T0)
            raise BeatporterError("in the middle", "")

    with pytest.raises(BeatporterError, match="in the middle"):
        give_up()
    assert ledger.calls.made_since(T0) == 0


def test_a_write_that_waits_and_fails_undoes_its_transaction(ledger: Ledger) -> None:
    calls, two = ledger.calls, [CallRow(T0, "search", 1, "r"), CallRow(T0, None, 1, "r")]  # type: ignore[arg-type] # a kind is required

    def write() -> None:
        with ledger.transaction():
            calls.append([CallRow(T0, "write", 1, "r")])
            calls.append(two)
            ledger.history.append("P", [HistoryRow("a", None, "r", 1, "chart", T0)])

    with pytest.raises(BeatporterError, match="null"):
        write()
    assert calls.made_since(T0) == 0
    assert not set(ledger.history.track_ids("P"))
    calls.append([CallRow(T0, "write", 1, "r")])
    assert calls.made_since(T0) == 1, "the connection is usable"


def test_a_transaction_that_is_given_up_sends_nothing_that_waits(door: tuple[Door, Callable[[], str]], ledger: Ledger) -> None:
    def give_up() -> None:
        with ledger.transaction():
            ledger.history.append("P", [HistoryRow("a", None, "r", 1, "chart", T0)])
            raise KeyboardInterrupt

    def try_it() -> None:
        with pytest.raises(KeyboardInterrupt):
            give_up()

    assert asked(door, try_it) == 0
    assert asked(door, lambda: ledger.calls.append([CallRow(T0, "write", 1, "r")])) == 1
    assert not set(ledger.history.track_ids("P"))


def test_the_check_before_a_run_asks_little(door: tuple[Door, Callable[[], str]], ledger: Ledger) -> None:
    assert asked(door, lambda: check_before_run(ledger.database)) == 3


def test_a_second_morning(door: tuple[Door, Callable[[], str]], tmp_path: Path) -> None:
    database = door[1]()
    took = 0
    with sandbox_in_use(tmp_path) as world:
        settings = load_settings(database=database)
        for morning in range(2):
            ledger = open_ledger(database)
            at = T0 + timedelta(days=morning)

            def workspace(reserve: int, at: datetime = at, key: str = f"morning {morning}") -> Workspace:
                return Workspace(settings, open_ledger(database), run_key=key, slug=SLUG, reserve=reserve, now=lambda: at)

            with workspace(0) as one:
                list_playlists(one)
            took = asked(door, lambda: five_steps(Watch(), workspace, SLUG))
            ledger.close()
            world.next_day()
    assert took <= MORNING
