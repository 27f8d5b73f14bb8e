"""A genre's second morning with PostgreSQL some way off: `python -m bench.postgres_latency` (part of `make bench-ledger`).

The five steps without Prefect, in a process of their own, on SQLite and on a PostgreSQL behind a proxy that delays every packet: round
trips of 0, 2 and 20 ms. The same charts each time, and the databases take turns, so that a busy machine slows all of them. Results go to
bench/postgres_latency.md.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.ledger_mornings import MORNINGS, Phase, mornings, total
from tests.postgres import Door, NoPostgres, running_postgres

RESULTS = Path(__file__).with_suffix(".md")
ROUND_TRIPS_MS = (0, 2, 20)
AT_MOST_S, AT_MS = 1.0, 20
SQLITE = "SQLite"


@dataclass(slots=True)
class Middle:
    """The median morning on one database; `trips` also counts those of the account's listing."""

    statements: float
    trips: float
    statement_ms: float
    worked_s: float
    lasted_s: float


def main() -> int:
    """Measure, print and write the page; 1 if the aim is not met, 2 without PostgreSQL."""
    load = os.getloadavg()[0]
    try:
        found = _measure()
    except NoPostgres as error:
        print(error)
        return 2
    text, met = _page(found, load)
    RESULTS.write_text(text)
    print(text)
    return 0 if met else 1


def _measure() -> dict[str, Middle]:
    """The median morning on each database; the first morning, which fills the playlist, is left out."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beatporter-latency-")))
        folder.chmod(0o711)  # PostgreSQL's own user must get through
        server = stack.enter_context(running_postgres(folder / "server"))
        doors: dict[str, Door | None] = {SQLITE: None}
        for round_trip_ms in ROUND_TRIPS_MS:
            doors[_name(round_trip_ms)] = door = Door(server, round_trip_s=round_trip_ms / 1000)
            door.open()
            stack.callback(door.shut)
        playing = {}
        for number, (name, one) in enumerate(doors.items()):
            home = folder / f"home-{number}"
            home.mkdir()
            address = one.address(server.empty_database(f"mornings-{number}")) if one else str(home / "beatporter.db")
            playing[name] = mornings((home, address))
        found: dict[str, list[tuple[Phase, int]]] = {name: [] for name in doors}
        for morning in range(MORNINGS):
            for name, one in doors.items():
                before = one.asked if one else 0
                phases = next(playing[name])
                if morning:
                    found[name].append((total(phases), one.asked - before if one else 0))
            print(f"morning {morning + 1} of {MORNINGS}, load {os.getloadavg()[0]:.1f}", flush=True)
    return {name: _middle(measured) for name, measured in found.items()}


def _name(round_trip_ms: int) -> str:
    return f"PostgreSQL, {round_trip_ms} ms"


def _middle(measured: list[tuple[Phase, int]]) -> Middle:
    columns = zip(*((one.statements, trips, one.statement_ms, one.worked_s, one.lasted_s) for one, trips in measured), strict=True)
    return Middle(*map(statistics.median, columns))


def _page(found: dict[str, Middle], load: float) -> tuple[str, bool]:
    near, at_once, far = found[SQLITE], found[_name(0)], found[_name(AT_MS)]
    slower, met = far.lasted_s - near.lasted_s, far.lasted_s - near.lasted_s <= AT_MOST_S
    return "\n".join(
        [
            "# PostgreSQL some way off",
            "",
            f"`python -m bench.postgres_latency`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores,",
            f"load {load:.1f} to {os.getloadavg()[0]:.1f}:",
            f"a genre's second morning, its five steps without Prefect; medians of {MORNINGS - 1} mornings, the databases in turn. Round",
            "trips include those of the account's listing, which is made once for all genres; seconds do not. *CPU*: of the run's",
            "process.",
            "",
            "| database, round trip | statements | round trips | in the database, ms | CPU, s | seconds |",
            "|---|--:|--:|--:|--:|--:|",
            *(
                f"| {name} | {one.statements:.0f} | {one.trips or '–'} | {one.statement_ms:.0f} | {one.worked_s:.2f} | {one.lasted_s:.2f} |"
                for name, one in found.items()
            ),
            "",
            f"- At most {AT_MOST_S:.0f} s slower than SQLite at {AT_MS} ms: {slower:+.2f} s: {'met' if met else '**not met**'}.",
            f"- Of that, the way to the server and back is {far.lasted_s - at_once.lasted_s:+.2f} s (beside PostgreSQL at 0 ms);",
            "  the rest is its driver, which is loaded in each process, and three busy processes instead of one.",
            "",
        ]
    ), met


if __name__ == "__main__":
    sys.exit(main())
