"""One writer a playlist on several machines: a lock in PostgreSQL that goes with the process that holds it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from beatporter.ledger.ledger import open_ledger
from tests.postgres import Postgres
from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, time
from beatporter.ledger.ledger import open_ledger
with open_ledger(sys.argv[1]).database.only_writer(5):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def kind() -> str:
    return "postgres"


def entering(address: str, number: int) -> threading.Event:
    """Set once a thread with connections of its own has become the only writer; it lets go at once."""
    entered = threading.Event()

    def enter() -> None:
        with open_ledger(address).database.only_writer(number):
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    return entered


def test_a_second_writer_waits_and_one_of_another_playlist_does_not(address: str) -> None:
    with open_ledger(address).database.only_writer(5):
        waiting = entering(address, 5)
        assert entering(address, 6).wait(TIMEOUT_S)
        assert entering(address, -5).wait(TIMEOUT_S)
        time.sleep(1)
        assert not waiting.is_set()
    assert waiting.wait(TIMEOUT_S)


def test_a_killed_writers_place_is_free(address: str) -> None:
    open_ledger(address)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, address], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = entering(address, 5)
        time.sleep(1)
        assert not waiting.is_set()
    finally:
        holder.kill()
        holder.wait()
    assert waiting.wait(TIMEOUT_S)


def test_a_connection_that_breaks_meanwhile_does_not_end_what_goes_on(address: str, postgres: Postgres) -> None:
    with open_ledger(address).database.only_writer(5):
        holds = "query LIKE '%pg_try_advisory_xact_lock%' AND pid <> pg_backend_pid()"
        postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {holds}")
    assert entering(address, 5).wait(TIMEOUT_S)


def test_a_failure_within_lets_the_next_writer_in(address: str) -> None:
    with pytest.raises(KeyError), open_ledger(address).database.only_writer(5):
        raise KeyError("x")
    assert entering(address, 5).wait(TIMEOUT_S)
