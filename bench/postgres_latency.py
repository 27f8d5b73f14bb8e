"""A genre's second morning with PostgreSQL some way off: `python -m bench.postgres_latency` (part of `make bench-ledger`).

The five steps without Prefect, in a process of their own, on SQLite and on a PostgreSQL behind a proxy that delays every packet: round
trips of 0, 2 and 20 ms. The same charts each time. Results go to bench/postgres_latency.md.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.ledger_mornings import Phase, mornings, total
from tests.postgres import Door, NoPostgres, Postgres, running_postgres

RESULTS = Path(__file__).with_suffix(".md")
ROUND_TRIPS_MS = (0, 2, 20)
AT_MOST_S, AT_MS = 1.0, 20


def main() -> int:
    """Measure, print and write the page; 1 if the aim is not met, 2 without PostgreSQL."""
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beatporter-latency-")))
            folder.chmod(0o711)  # PostgreSQL's own user must get through
            found = {"SQLite": (_middle(mornings((_home(folder, "sqlite"), str(folder / "sqlite" / "beatporter.db")))), 0)}
            server = stack.enter_context(running_postgres(folder / "server"))
            for round_trip_ms in ROUND_TRIPS_MS:
                phases, trips = _through_a_door(server, folder, round_trip_ms)
                found[f"PostgreSQL, {round_trip_ms} ms"] = _middle(phases), trips
                print(f"{round_trip_ms} ms measured, load {os.getloadavg()[0]:.1f}", flush=True)
    except NoPostgres as error:
        print(error)
        return 2
    text, met = _page(found)
    RESULTS.write_text(text)
    print(text)
    return 0 if met else 1


def _through_a_door(server: Postgres, folder: Path, round_trip_ms: int) -> tuple[list[list[Phase]], int]:
    """The mornings, and the round trips of each on average: opening the connection and the first morning's fill included."""
    door = Door(server, round_trip_s=round_trip_ms / 1000)
    door.open()
    try:
        name = f"mornings-{round_trip_ms}"
        found = mornings((_home(folder, name), door.address(server.empty_database(name))))
        return found, round(door.asked / (len(found) + 1))
    finally:
        door.shut()


def _home(folder: Path, name: str) -> Path:
    home = folder / name
    home.mkdir()
    return home


def _middle(found: list[list[Phase]]) -> Phase:
    """The median morning: the genre's steps together."""
    whole = [total(phases) for phases in found]
    middle = Phase("a second morning", round(statistics.median(one.statements for one in whole)))
    middle.statement_ms = statistics.median(one.statement_ms for one in whole)
    middle.lasted_s = statistics.median(one.lasted_s for one in whole)
    return middle


def _page(found: dict[str, tuple[Phase, int]]) -> tuple[str, bool]:
    (near, _), (far, _) = found["SQLite"], found[f"PostgreSQL, {AT_MS} ms"]
    slower, met = far.lasted_s - near.lasted_s, far.lasted_s - near.lasted_s <= AT_MOST_S
    return "\n".join(
        [
            "# PostgreSQL some way off",
            "",
            f"`python -m bench.postgres_latency`, {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores:",
            "a genre's second morning, its five steps without Prefect; medians of its mornings. Statements count BEGIN and COMMIT.",
            "",
            "| database, round trip | statements | round trips | in the database, ms | seconds |",
            "|---|--:|--:|--:|--:|",
            *(
                f"| {name} | {one.statements} | {trips or '–'} | {one.statement_ms:.0f} | {one.lasted_s:.2f} |"
                for name, (one, trips) in found.items()
            ),
            "",
            f"- At most {AT_MOST_S:.0f} s slower than SQLite at {AT_MS} ms: {slower:+.2f} s: {'met' if met else '**not met**'}.",
            "",
        ]
    ), met


if __name__ == "__main__":
    sys.exit(main())
