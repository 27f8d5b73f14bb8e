"""Several processes that do the same to a ledger at once. They are forked from one that has loaded the libraries, and start together.

`at_once` starts them. `program` is what it runs, with the arguments WHAT ADDRESS COUNT; it prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config  # noqa: F401 - loaded before the forks
import psycopg  # noqa: F401

from beatporter.errors import BeatporterError
from beatporter.ledger import engine
from beatporter.ledger.calls import Held
from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import CallRow, HistoryRow
from tests.commands import run_command
from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[3]
T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)

APPENDS, ROWS = 20, 15
BUDGET = 500
NOBODY = 65534


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Attributes:
        status: its exit code; negative when a signal ended it.
        result: the function's result; its traceback when it failed; None when a signal ended it.
    """

    status: int
    result: Any


def open_and_name(address: str, number: int) -> str:
    """Open the ledger, with whatever that requires; returns its id."""
    return open_ledger(address).ledger_id


def append_history(address: str, number: int) -> None:
    """Append rows, some of which the next process appends too: with eight processes each row comes from two."""
    with open_ledger(address) as ledger:
        for turn in range(APPENDS):
            first = (number // 2 * APPENDS + turn) * ROWS
            rows = [HistoryRow(f"{k:022}", f"I{k}", f"r{k}", None, "chart", T0) for k in range(first, first + ROWS)]
            ledger.history.append(f"P{turn % 3}", rows)


def take_all_calls(address: str, number: int) -> int:
    """Reserve calls and use all of them until none are left; returns how many there were."""
    calls, held, taken = open_ledger(address).calls, Held(), 0
    run_key, at = f"run {number}", T0 + timedelta(minutes=number)
    while True:
        used = [CallRow(at, "search", held.count, run_key)] if held.count else []
        held = calls.exchange(held, used, run_key=run_key, at=at, wanted=3 + number, budget=BUDGET, since=T0)
        if held.count == 0:
            return taken
        taken += held.count


def take_some_calls(address: str, number: int) -> int:
    """Reserve calls ten times, use some of them for two things and give the rest back; returns how many were used."""
    calls, held, used = open_ledger(address).calls, Held(), 0
    run_key, at, rows = f"run {number}", T0 + timedelta(minutes=number), list[CallRow]()
    for _ in range(10):
        held = calls.exchange(held, rows, run_key=run_key, at=at, wanted=25, budget=BUDGET, since=T0)
        searches, reads = held.count // 2, held.count // 4
        rows = [CallRow(at, "search", searches, run_key), CallRow(at, "read", reads, run_key)]
        used += searches + reads
    calls.exchange(held, rows, run_key=run_key, at=at, wanted=0, budget=BUDGET, since=T0)
    return used


def take_calls_and_die(address: str, number: int) -> None:
    """Reserve calls, use some, reserve others and be killed before their use is recorded."""
    calls = open_ledger(address).calls
    first = calls.exchange(Held(), [], run_key="r", at=T0, wanted=10, budget=BUDGET, since=T0)
    calls.exchange(first, [CallRow(T0, "search", 4, "r")], run_key="r", at=T0, wanted=20, budget=BUDGET, since=T0)
    os.kill(os.getpid(), signal.SIGKILL)


def append_while_there_is_room(address: str, number: int) -> dict[str, Any]:
    """Append batches until a file may grow no further; returns those reported as saved, and the error."""
    rows = [HistoryRow(f"{k:022}", f"I{k}", f"artist|title {k}|", None, "chart", T0) for k in range(300)]
    ledger, kept = open_ledger(address), list[str]()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    for turn in range(200):
        try:
            ledger.history.append(f"P{turn:03}", rows)
        except BeatporterError as error:
            return {"playlists": kept, "rows": len(rows), "error": type(error).__name__, "what": error.what}
        kept.append(f"P{turn:03}")
    raise AssertionError("the limit was not reached")


def open_with_little_room(address: str, number: int) -> dict[str, str]:
    """Open a ledger where no file may become that large; returns the error."""
    room = Path(address).stat().st_size // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    return _error_of(lambda: open_ledger(address))


def open_and_write_as_nobody(address: str, number: int) -> dict[str, str]:
    """Open a ledger and write to it as an unprivileged user; returns the error."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return _error_of(lambda: open_ledger(address).history.append("P", [HistoryRow("t", None, "r", None, "chart", T0)]))


def _error_of(act: Callable[[], object]) -> dict[str, str]:
    try:
        act()
    except BeatporterError as error:
        return {"kind": type(error).__name__, "what": error.what, "remedy": error.remedy}
    return {"kind": "none"}


WHAT: dict[str, Callable[[str, int], Any]] = {
    function.__name__: function
    for function in (
        open_and_name,
        append_history,
        take_all_calls,
        take_some_calls,
        take_calls_and_die,
        append_while_there_is_room,
        open_with_little_room,
        open_and_write_as_nobody,
    )
}


def at_once(function: Callable[[str, int], Any], address: str, count: int = 8) -> list[Outcome]:
    """Run one of this module's functions in several processes; each gets its number."""
    done = run_command((function.__name__, address, str(count)), os.environ, ROOT, program=f"{__name__}:program")
    assert done.returncode == 0, done.stdout + done.stderr
    return [Outcome(*outcome) for outcome in json.loads(done.stdout)]


def results_of(outcomes: list[Outcome]) -> list[Any]:
    """Their results; if one failed, the test fails."""
    for outcome in outcomes:
        assert outcome.status == 0, f"a process ended with {outcome.status}:\n{outcome.result}"
    return [outcome.result for outcome in outcomes]


def main(what: str, address: str, count: int) -> None:
    engine.LOCK_TIMEOUT_S = TIMEOUT_S  # a slow disk must not fail the test
    gate, opens = os.pipe()
    children = []
    for number in range(count):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(opens)
            os.read(gate, 1)  # ends when the parent closes it
            os._exit(_report(WHAT[what], address, number, writer))
        os.close(writer)
        children.append((child, reader))
    os.close(gate)
    os.close(opens)
    outcomes = []
    for child, reader in children:
        with os.fdopen(reader) as pipe:
            words = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        outcomes.append((status, json.loads(words) if words else None))
    print(json.dumps(outcomes))


def _report(function: Callable[[str, int], Any], address: str, number: int, writer: int) -> int:
    try:
        words, status = json.dumps(function(address, number)), 0
    except BaseException:  # noqa: BLE001 - reported to the parent
        words, status = json.dumps(traceback.format_exc()[-4000:]), 1
    with os.fdopen(writer, "w") as pipe:
        pipe.write(words)
    return status


def program() -> None:
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
