"""The ledger's figures, on SQLite and on PostgreSQL, beside those of the old way: `python -m bench.ledger`, or `make bench-ledger`.

The old way is that of the script that Beatporter replaces: one gzip Parquet file for everything, read completely into pandas,
concatenated with the new rows and written back; a look-up reads one playlist's rows from it.

All data is made first. Then each round measures every way at every size once, each in a separate process, so that the machine's
other load affects all alike. A figure is the median of the rounds, or their longest. Results go to bench/ledger.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from bench.ledger_methods import SERVER, Figures
from bench.ledger_report import Key, report
from tests.postgres import NoPostgres, running_postgres

SIZES = (248_000, 1_000_000, 10_000_000)
DECISIONS = (10_000, 100_000, 1_000_000)
PLAYLISTS_OF_A_YEAR, DAYS_OF_A_YEAR = 36, 365
OLD_ROUNDS = 2
"""The old way takes seconds to minutes, which noise does not change."""
RESULTS = Path(__file__).with_suffix(".md")


def step(*arguments: object) -> Figures:
    """The figures of a separate process."""
    command = [sys.executable, "-m", "bench.ledger", "--step", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_step(way: str, act: str, folder: Path, numbers: list[int]) -> Figures:
    """The work of a separate process."""
    if act == "year":
        from bench.ledger_year import YEARS

        return YEARS[way](folder, *numbers)
    from bench.ledger_methods import WAYS

    make, measure = WAYS[way]
    return (make(folder, *numbers) or {}) if act == "make" else measure(folder, *numbers)


def make_all(folder: Path, keys: list[Key]) -> None:
    """Make what is missing. What to look up is written last, so that an interrupted run starts again."""
    for way, rows in keys:
        place = folder / f"{way}-{rows}"
        if (place / "asked.json").exists():
            continue
        place.mkdir(exist_ok=True)
        for file in place.iterdir():
            file.unlink()
        start = time.perf_counter()
        step(way, "make", place, rows)
        print(f"made {place.name} in {time.perf_counter() - start:.0f} s", flush=True)


def measure_all(folder: Path, keys: list[Key], rounds: int) -> dict[Key, list[Figures]]:
    results: dict[Key, list[Figures]] = {key: [] for key in keys}
    for turn in range(rounds):
        for way, rows in keys:
            if way == "old" and turn >= OLD_ROUNDS:
                continue
            os.sync()  # what was made before must not be flushed by the first append's fsync
            results[way, rows].append({**step(way, "measure", folder / f"{way}-{rows}", turn), "load": os.getloadavg()[0]})
        print(f"round {turn + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
    return results


def live_years(folder: Path, databases: list[str], playlists: int, days: int) -> dict[tuple[str, str], Figures]:
    """A year of each kind on each database; results of an earlier run are reused."""
    found: dict[tuple[str, str], Figures] = {}
    for what in ("backups", "charts"):
        for database in databases:
            place = folder / f"{database}-year-of-{what}-{playlists}-{days}"
            kept = place / "figures.json"
            if not kept.exists():
                place.mkdir(exist_ok=True)
                start = time.perf_counter()
                figures = step(what, "year", place, playlists, days)
                kept.write_text(json.dumps(figures))
                print(f"lived {place.name} in {time.perf_counter() - start:.0f} s", flush=True)
            found[what, database] = json.loads(kept.read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="rows of the histories")
    parser.add_argument("--decisions", type=int, nargs="+", default=list(DECISIONS), help="rows of the decisions")
    parser.add_argument("--old-up-to", type=int, default=1_000_000, help="the old way takes minutes and gigabytes beyond")
    parser.add_argument("--playlists", type=int, default=PLAYLISTS_OF_A_YEAR, help="whose backups and charts are kept for a year")
    parser.add_argument("--days", type=int, default=DAYS_OF_A_YEAR, help="of that year; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to keep what is made, for another run; a temporary one without it")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        way, act, folder, *numbers = arguments.step
        print(json.dumps(run_step(way, act, Path(folder), [int(number) for number in numbers])))
        return
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beatporter-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        databases = ["sqlite"]
        folder.chmod(0o711)  # PostgreSQL's own user must get through
        with suppress(NoPostgres):
            os.environ[SERVER] = str(stack.enter_context(running_postgres(folder.absolute() / "server")).folder)
            databases.append("postgres")
        keys = [(way, rows) for way in (*databases, "old") for rows in arguments.sizes if way != "old" or rows <= arguments.old_up_to]
        keys += [("decisions", rows) for rows in arguments.decisions]
        make_all(folder, keys)
        found = measure_all(folder, keys, arguments.rounds)
        years = live_years(folder, databases, arguments.playlists, arguments.days) if arguments.days else {}
    text = report(found, years, arguments.days)
    RESULTS.write_text(text)
    print(f"\n{text}\nWritten to {RESULTS.name}.")


if __name__ == "__main__":
    main()
