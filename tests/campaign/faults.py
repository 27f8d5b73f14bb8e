"""The fault campaign: random faults over two days' runs, then runs without faults; then everything must be as if nothing had happened.

    python -m tests.campaign.faults --count 1000 --seed 1 --jobs 2       # what `make test-faults` does
    python -m tests.campaign.faults --count 1 --seed 4711 --keep DIR     # repeat one schedule, keeping its ledger and logs
    python -m tests.campaign.faults --count 40 --postgres                # with the ledger in a temporary PostgreSQL

Each schedule (`fault_schedules`) plays in its own small world (`fault_world`): two genres, charts of 10 rows, two days. A run is
a process that lists the account's playlists and executes the five steps for each genre, like the tasks (`fault_runs`). These
*invariants* must hold after the runs without faults (`fault_invariants`):

1. Each genre has one playlist. It holds the recordings that the world without faults finds for every chart that a run has read,
   without those that the person removed and with those that the person added; none twice. (A chart refused all day by Beatport is missing.)
2. Order: each run's additions are above those of every run before it, and among themselves in the order in which the run found
   them (the chart's; below it, what earlier charts left open). So a track that a fault delayed is in a later block
   than without faults, never elsewhere.
3. The history is exactly what the playlist ever held, according to Spotify's own record. (Tracks that the person added and removed
   between two runs may be missing.)
4. Every backup shows what the playlist held in its state, and the last one what it holds now.
   A ledger that was damaged between the days ends the run with an error that names the file, or the result is right; then the person
   restores it.
5. No more calls in any 24 hours than the budget allows, no secret in a log, a ledger file, a saved result or an error's text,
   and only our own errors. The runs without faults do not fail.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.campaign.fault_play import Played, Stage, fast_folder, keep_ledgers_in
from tests.campaign.fault_schedules import draw_schedule
from tests.postgres import NoPostgres, running_postgres


def main() -> int:
    """Play the schedules, print violations and how to repeat them; 1 when there were any."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.faults", description="Random faults; does everything come right?")
    parser.add_argument("--count", type=int, default=1000, help="schedules")
    parser.add_argument("--seed", type=int, default=1, help="number of the first")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--keep", type=Path, help="folder for ledgers and logs; default: removed")
    parser.add_argument("--postgres", action="store_true", help="keep the ledgers in a PostgreSQL instead of SQLite")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        if chosen.postgres:
            try:
                keep_ledgers_in(stack.enter_context(running_postgres()))
            except NoPostgres as reason:
                print(f"skipped: {reason}")
                return 0
        return _play_and_tell(chosen)


def _play_and_tell(chosen: argparse.Namespace) -> int:
    numbers = range(chosen.seed, chosen.seed + chosen.count)
    started_at = time.monotonic()
    totals: Counter[str] = Counter()
    bad: list[Played] = []
    for played in run_campaign(numbers, min(chosen.jobs, chosen.count), chosen.keep):
        totals.update(schedules=1, faults=played.faults, kills=played.kills)
        totals[f"{played.clean_days} clean days"] += 1
        if played.found:
            bad.append(played)
            again = f"python -m tests.campaign.faults --count 1 --seed {played.seed} --keep DIR"
            print(f"schedule {played.seed}: " + "\n  ".join(played.found) + f"\n  again: {again}", flush=True)
        elif totals["schedules"] % 100 == 0:
            print(f"{totals['schedules']} schedules in {time.monotonic() - started_at:.0f} s", flush=True)
    recovery = ", ".join(f"{name}: {count}" for name, count in sorted(totals.items()) if name.endswith("days"))
    print(
        f"{totals['schedules']} schedules in {time.monotonic() - started_at:.0f} s: {totals['faults']} requests spoilt, "
        f"{totals['kills']} processes killed, {len(bad)} schedules with violations; until nothing was deferred: {recovery}"
    )
    return 1 if bad else 0


def run_campaign(numbers: range, jobs: int, keep: Path | None = None) -> Iterator[Played]:
    """Play the schedules with these numbers in that many processes; yields each when it is done."""
    if jobs <= 1:
        yield from _play_all(keep, numbers)
        return
    context = multiprocessing.get_context("fork")
    # Chunks of ten schedules: large enough to keep worlds warm, small enough to share the work evenly.
    parts = [numbers[start : start + 10] for start in range(0, len(numbers), 10)]
    with context.Pool(jobs, initializer=_prepare) as pool:
        for part in pool.imap_unordered(partial(_play_part, keep), parts):
            yield from part


_stage: Stage | None = None


def _prepare() -> None:
    global _stage
    _stage = Stage()


def _play_part(keep: Path | None, numbers: range) -> list[Played]:
    assert _stage is not None, "the process was prepared"
    return [_play_one(_stage, number, keep) for number in numbers]


def _play_all(keep: Path | None, numbers: range) -> Iterator[Played]:
    with Stage() as stage:
        for number in numbers:
            yield _play_one(stage, number, keep)


def _play_one(stage: Stage, number: int, keep: Path | None) -> Played:
    if keep is not None:
        root = keep / f"schedule-{number}"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        return stage.play(draw_schedule(number), root)
    with tempfile.TemporaryDirectory(dir=fast_folder()) as root:
        return stage.play(draw_schedule(number), Path(root))


if __name__ == "__main__":
    sys.exit(main())
