"""Not a test: a run that is killed by SIGKILL before each of its statements in turn, and the database's content after that.

Each try is a separate process, forked from this one, which has done everything once and so has loaded and compiled everything. This one
never keeps a connection. `test_ledger_kills.py` runs it: kill_each_statement.py ADDRESS TEMPLATE POINTS. TEMPLATE is an empty ledger's
file, or `-` to empty the PostgreSQL at the address; POINTS is the number of points to try, or `all`. Prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from beatporter.ledger import engine
from beatporter.ledger.engine import is_postgres
from beatporter.ledger.ledger import open_ledger
from beatporter.ledger.tables import metadata
from tests.contract.ledger.all_rows import Contents, contents
from tests.contract.ledger.sample_ledger import Step, answers, steps_until

STEPS: list[Step] = steps_until("9999")
TABLES = [table.name for table in metadata.sorted_tables if table.name != "ledger"]

engine.PRAGMAS = (*engine.PRAGMAS, "synchronous=OFF")
"""A killed process leaves its written data to the system, so waiting for the disk would only take time."""

point: Callable[[], None] = lambda: None  # noqa: E731
"""Called before each statement and each commit, and after each step before it is reported."""


@event.listens_for(Engine, "before_cursor_execute")
def _before_statement(*_: Any) -> None:
    point()


@event.listens_for(Engine, "commit")
def _before_commit(_: Any) -> None:
    point()


@dataclass
class Course:
    """How the ledger's contents change from commit to commit without a kill.

    Attributes:
        states: the content after each commit.
        ends: the commit at which each step ends; the first is before all steps.
        points: number of points at which a kill is possible.
        answers: the ledger's answers at the end.
        gone_on: states from which another process has already continued.
    """

    states: list[Contents]
    ends: list[int]
    points: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    gone_on: set[int] = field(default_factory=set)


def main(address: str, template: str, points: str) -> None:
    def reset() -> None:
        empty(address) if template == "-" else copy_template(Path(template), Path(address))

    reset()
    course = undisturbed(address)
    tried = range(1, course.points + 1)
    if points != "all":
        tried = sorted(random.Random(points).sample(tried, int(points)))
    wrong: dict[int, str] = {}
    for number in tried:
        reset()
        try:
            examine(address, number, course)
        except AssertionError as error:
            wrong[number] = str(error)
    commits = {step.name: end - start for step, start, end in zip(STEPS, course.ends[:-1], course.ends[1:], strict=True)}
    print(json.dumps({"points": course.points, "tried": len(tried), "commits": commits, "wrong": wrong}))


def undisturbed(address: str) -> Course:
    """Do all steps, and check after every statement what another connection sees."""
    global point
    course = Course(states=[committed(address)], ends=[0])

    def look() -> None:
        course.points += 1
        now = committed(address)
        if now != course.states[-1]:
            course.states.append(now)

    ledger = open_ledger(address)
    point = look
    for step in STEPS:
        step.act(ledger)
        look()
        course.ends.append(len(course.states) - 1)
    point = lambda: None  # noqa: E731
    course.answers = answers(ledger)
    ledger.close()
    return course


def examine(address: str, number: int, course: Course) -> None:
    """Kill a process at a point, and check what it leaves.

    Raises:
        AssertionError: something is lost, duplicated or incomplete, or another process cannot continue.
    """
    status, reported = in_process(lambda report: killed_at(number, address, report))
    assert status == -signal.SIGKILL, f"it was not killed: {reported}"
    done = len(reported)
    within = STEPS[done].name if done < len(STEPS) else "the end"
    allowed = course.states[course.ends[done] : course.ends[min(done + 1, len(STEPS))] + 1]
    left = committed(address)
    assert left in allowed, f"in {within}: {difference(left, allowed[0])} to what was reported; {difference(left, allowed[-1])} to all"
    if not is_postgres(address):
        with closing(sqlite3.connect(address)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], f"in {within}"
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == [], f"in {within}"
    at = course.states.index(left)
    if at in course.gone_on:
        return
    course.gone_on.add(at)
    status, words = in_process(lambda report: report(pickle.dumps(gone_on(address, at, course))))
    assert status == 0, f"in {within}, continuing: {words.decode(errors='replace')}"
    found, counts = pickle.loads(words)
    assert found == course.answers, f"in {within}: after continuing, it gives other answers"
    expected = {name: len(rows) for name, rows in course.states[-1].items()}
    assert counts == expected, f"in {within}: after continuing, it has {counts}, not {expected}"


def killed_at(number: int, address: str, report: Callable[[bytes], None]) -> None:
    """Do all steps and report each; the process ends at the point with that number."""
    global point
    left = number

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    ledger = open_ledger(address)
    point = die
    for step in STEPS:
        step.act(ledger)
        die()
        report(b".")


def gone_on(address: str, at: int, course: Course) -> tuple[dict[str, Any], dict[str, int]]:
    """What another process makes of it: steps that may happen only once run only if missing, all others run again."""
    ledger = open_ledger(address)
    for step, end in zip(STEPS, course.ends[1:], strict=True):
        if step.again or at < end:
            step.act(ledger)
    return answers(ledger), {name: len(rows) for name, rows in contents(ledger).items()}


def committed(address: str) -> Contents:
    """The tables' content, read by a connection independent of the ledger's."""
    with plain_connection(address) as connection:
        asked = {name: f"SELECT * FROM {name}" for name in TABLES}
        return {name: sorted(connection.execute(question).fetchall(), key=repr) for name, question in asked.items()}


@contextmanager
def plain_connection(address: str) -> Iterator[Any]:
    if is_postgres(address):
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection
    else:
        with closing(sqlite3.connect(address)) as connection:
            yield connection


def difference(one: Contents, other: Contents) -> str:
    """By how many rows two states differ, table by table."""
    counts = {name: len(one[name]) - len(other[name]) for name in one if one[name] != other[name]}
    return ", ".join(f"{name} {count:+}" for name, count in counts.items()) or "nothing"


def in_process(act: Callable[[Callable[[bytes], None]], None]) -> tuple[int, bytes]:
    """Run in a forked process; returns its exit status (negative after a signal) and its report or, on failure, its traceback."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 0
        with os.fdopen(writer, "wb") as pipe:

            def report(words: bytes) -> None:
                pipe.write(words)
                pipe.flush()

            try:
                act(report)
            except BaseException:  # noqa: BLE001 - reported to the parent
                report(traceback.format_exc().encode()[-4000:])
                status = 1
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        words = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words


def copy_template(template: Path, path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copy(template, path)


def empty(address: str) -> None:
    with plain_connection(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        connection.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")


if __name__ == "__main__":
    main(*sys.argv[1:])
