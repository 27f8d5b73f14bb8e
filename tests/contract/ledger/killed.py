"""Not a test: a writer and a compactor, killed by SIGKILL before each of their steps in turn. Run by test_ledger_crash.py.

Steps are what the operating system is asked for: making a folder or a file, writing, flushing to the disk, renaming,
removing. Each try runs in a process of its own, forked from this one so that the libraries are loaded once.

Usage: killed.py SCENARIO FOLDER. Prints one line of JSON: steps seen, and what was wrong after which of them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute  # noqa: F401 - loaded before the forks

from beatporter.ledger.checking import check
from beatporter.ledger.compaction import compact
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import BackupRow, HistoryRow

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
TRACKS = [f"track{n:04}" for n in range(300)]
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}


def rows(first: int, count: int, day: int = 0) -> list[HistoryRow]:
    return [HistoryRow(track, None, f"r {track}", None, "chart", T0 + timedelta(days=day)) for track in TRACKS[first : first + count]]


def backup_rows() -> list[BackupRow]:
    return [BackupRow(n, f"t{n}", None, "name", ("a",), T0) for n in range(9_000)]


def prepare(ledger: Ledger) -> None:
    for n in range(5):
        ledger.history.append("P", rows(n * 40, 60, day=n))


def append(ledger: Ledger) -> None:
    ledger.history.append("Q", rows(0, 100))
    ledger.backups.append("Q", "s", T0, iter(backup_rows()))


def append_is_whole(ledger: Ledger) -> None:
    found = list(ledger.history.track_ids("Q"))
    assert found in ([], TRACKS[:100]), f"a part of the rows is there: {len(found)}"
    backup = ledger.backups.latest("Q")
    if backup is not None:
        assert found, "the second write is there, the first is not"
        assert list(ledger.backups.items("Q", "s")) == backup_rows(), "the backup is not whole"


def append_again(ledger: Ledger) -> None:
    append(ledger)
    assert list(ledger.history.track_ids("Q")) == TRACKS[:100]
    counted = {table.table: table.rows for table in check(ledger).tables}
    assert counted["history"] == 5 * 60 + 100, "a row is there twice"
    assert len(ledger.backups.all("Q")) == 1


def merge_and_clear(ledger: Ledger) -> None:
    compact(ledger, now=datetime.now(UTC))
    compact(ledger, now=datetime.now(UTC) + timedelta(hours=2))


def nothing_is_lost(ledger: Ledger) -> None:
    assert list(ledger.history.track_ids("P")) == TRACKS[:220], "rows are lost or there twice"
    dates = {track: row.added_at for track, row in ledger.history.rows("P", TRACKS).items()}
    assert dates == {TRACKS[n]: T0 + timedelta(days=max(0, (n - 20) // 40)) for n in range(220)}, "an earliest date is lost"
    report = check(ledger)
    assert report.sound, report.damaged


def compact_again(ledger: Ledger) -> None:
    for hours in (0, 2, 4):
        compact(ledger, now=datetime.now(UTC) + timedelta(hours=hours))
        nothing_is_lost(ledger)
    assert len(ledger.home.files("history/playlist_id=P")) == 1, "something was never cleaned up"


Step = Callable[[Ledger], None]
SCENARIOS: dict[str, tuple[Step, Step, Step]] = {
    "writer": (append, append_is_whole, append_again),
    "compactor": (merge_and_clear, nothing_is_lost, compact_again),
}


def in_process(act: Callable[[], None]) -> tuple[int, str]:
    """Run in a forked process: its exit status, negative when a signal ended it, and what it printed of an error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            act()
        except BaseException:  # noqa: BLE001 - reported to the parent
            os.write(writer, traceback.format_exc().encode()[-4000:])
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        words = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words


def die_before_step(number: int, root: str, act: Step) -> None:
    left = number
    sync = os.fsync

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and isinstance(arguments[0], (str, os.PathLike)) and str(arguments[0]).startswith(root):
            step()

    def fsync(descriptor: int) -> None:
        step()
        sync(descriptor)

    sys.addaudithook(hook)
    os.fsync = fsync
    act(open_ledger(root))


def main(scenario: str, folder: Path) -> None:
    act, holds, ends = SCENARIOS[scenario]
    root, template = folder / "ledger", folder / "template"
    wrong: dict[int, str] = {}
    status, words = in_process(lambda: prepare(open_ledger(template)))
    assert status == 0, words
    number = 0
    while True:
        number += 1
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(template, root)
        status, words = in_process(lambda number=number: die_before_step(number, str(root), act))  # type: ignore[misc]
        killed = status == -signal.SIGKILL
        if not killed and status != 0:
            wrong[number] = f"died by itself: {words}"
        for verify in (holds, ends):
            result, words = in_process(lambda verify=verify: verify(open_ledger(root)))  # type: ignore[misc]
            if result != 0:
                wrong.setdefault(number, f"{verify.__name__}: {words}")
        if not killed:
            break
    print(json.dumps({"steps": number - 1, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
