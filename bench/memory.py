"""Memory, side by side with the way that Beatporter replaces: `python -m bench.memory`, or `make bench-memory`.

The same history and the same charts, each way in processes of its own:

- an empty Prefect flow: the floor of any run;
- ours: a genre's run by the command line, and 36 genres one after the other in one process, for what each leaves behind;
- the old way: the whole history in pandas with string columns, kept in a cache; for each genre a filtered copy, the new rows concatenated,
  everything written back as gzip Parquet.

Peaks and what is in RAM after each genre are the kernel's. Results go to bench/memory.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.ledger_methods import make_ledger
from bench.ledger_rows import PLAYLISTS, ROWS_AT_ONCE, batches_of, playlist_id
from tests.memory.measured_runs import EMPTY_FLOW, World, run, run_python, sandbox, sync

RESULTS = Path(__file__).with_suffix(".md")
SIZES = (248_000, 1_000_000, 10_000_000)
OLD_GENRES = {248_000: 36, 1_000_000: 6, 10_000_000: 1}
"""The old way rewrites everything for each genre: with millions of rows a few genres say enough."""
OLD_BYTES_A_ROW = 1_500
"""What the old way may take at its peak, to see beforehand whether this machine has it."""
ABOVE_EMPTY_MB, SHARE_MORE, GROWTH_MB = 45.0, 0.05, 2.0
MB = 2**20

OLD_WAY = """
import json, resource, sys, time
from pathlib import Path
import pandas as pd
from beatporter.beatport.sources import open_source
from beatporter.genres import find_genre
from beatporter.settings import load_settings
file, slugs = Path(sys.argv[1]), sys.argv[2].split(",")

def resident_mb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024

class HistoryCache:
    frames = {}

def load(playlist=None):
    if "all" not in HistoryCache.frames:
        frame = pd.read_parquet(file)
        HistoryCache.frames["all"] = frame.astype({column: pd.StringDtype() for column in frame.columns if column != "datetime_added"})
    frame = HistoryCache.frames["all"]
    return frame if playlist is None else frame[frame["playlist_id"] == playlist].copy()

settings, after, since = load_settings(), [], time.perf_counter()
source, known = open_source(settings), settings.all_genres()
for number, slug in enumerate(slugs):
    entries = source.read_chart(find_genre(slug, known)).entries
    mine = load(f"0bench{number % 20:016}")
    new = pd.DataFrame([
        {"playlist_id": f"0bench{number % 20:016}", "playlist_name": f"Beatport: {slug}", "track_id": f"{entry.beatport_id:022}",
         "datetime_added": pd.Timestamp.now(tz="UTC"), "artist_name": f"{entry.artists} - {entry.name}"} for entry in entries
    ])
    new = new[~new["track_id"].isin(mine["track_id"])]
    HistoryCache.frames["all"] = pd.concat([load(), new], ignore_index=True)
    HistoryCache.frames["all"].to_parquet(file, compression="gzip", index=False)
    after.append(resident_mb())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peak_mb": peak, "after_mb": after, "duration_s": time.perf_counter() - since}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One way at one size.

    Attributes:
        peak_mb: of one genre's run (ours) or of all (the old way).
        after_mb: in RAM after each genre of one process.
        genre_s: seconds for each genre.
        all_peak_mb: of all genres in one process.
    """

    way: str
    rows: int
    peak_mb: float
    after_mb: tuple[float, ...]
    genre_s: float
    all_peak_mb: float


def main(arguments: Sequence[str]) -> int:
    """Measure, print and keep the page; 1 when an aim is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--old", type=int, nargs="*", default=list(SIZES), help="sizes at which the old way runs too")
    parser.add_argument("--keep", type=Path, help="folder for what is made, used again the next time")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (chosen.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        floor_mb, results = measure_all(folder, chosen.sizes, chosen.old)
    text, met = report(floor_mb, results)
    print(text)
    RESULTS.write_text(text)
    return 0 if met else 1


def measure_all(folder: Path, sizes: Sequence[int], old: Collection[int]) -> tuple[float, list[Measured]]:
    """The floor in MB, and each way at each of its sizes."""
    from beatporter.genres import KNOWN

    slugs = tuple(genre.slug for genre in KNOWN)
    results: list[Measured] = []
    floor_mb = 0.0
    for rows in sizes:
        with sandbox(folder / f"home-{rows}-{os.getpid()}", 0, slugs) as world:
            floor_mb = floor_mb or empty_flow_mb(world)
            results.append(measure_ours(world, folder, rows, slugs))
            print(results[-1].way, f"{rows:,}", f"{results[-1].peak_mb:.0f} MB", flush=True)
            if rows not in old:
                continue
            if (needed := rows * OLD_BYTES_A_ROW) < available_bytes():
                results.append(measure_old(world, folder, rows, slugs[: OLD_GENRES.get(rows, 1)]))
                print(results[-1].way, f"{rows:,}", f"{results[-1].peak_mb:.0f} MB", flush=True)
            else:
                print(f"the old way at {rows:,} rows is left out: it may need {needed / 2**30:.0f} GB", flush=True)
    return floor_mb, results


def empty_flow_mb(world: World) -> float:
    """Peak of an empty Prefect flow: the least of three."""
    home = world.environment["BEATPORTER_HOME"]
    return min(float(run_python(EMPTY_FLOW, home, environment=world.environment)["peak_memory_mb"]) for _ in range(3))


def measure_ours(world: World, folder: Path, rows: int, slugs: Sequence[str]) -> Measured:
    """A genre's run with that history, then all genres in one process."""
    from beatporter.genres import KNOWN
    from beatporter.ledger.ledger import open_ledger

    home = Path(world.environment["BEATPORTER_HOME"])
    kept = folder / f"history-{rows}"
    if not (kept / "asked.json").exists():  # written last
        kept.mkdir(exist_ok=True)
        make_ledger(kept, rows)
    copy(kept / "beatporter.db", home / "beatporter.db")
    one = sync("house", world)
    everything = run([str(Path(sys.executable).with_name("beatporter")), "sync", "--all", "--json"], world.environment)
    outcomes = list(everything["genres"].values())
    assert not [outcome["error"] for outcome in outcomes if outcome["error"]]
    with open_ledger(home / "beatporter.db") as ledger:
        last = [ledger.memory.runs(genre.genre_id, 1)[0] for genre in KNOWN]
    after = tuple((row.after_bytes or 0) / MB for row in sorted(last, key=lambda row: row.at))
    seconds = sum(outcome["duration_s"] for outcome in outcomes) / len(outcomes)
    return Measured("ours", rows, one["peak_memory_mb"], after, seconds, max(outcome["peak_memory_mb"] for outcome in outcomes))


def measure_old(world: World, folder: Path, rows: int, slugs: Sequence[str]) -> Measured:
    """The old way over those genres."""
    kept, file = folder / f"history-{rows}.parquet.gz", folder / f"old-{rows}-{os.getpid()}.parquet.gz"
    if not kept.exists():
        make_old_history(kept, rows)
    copy(kept, file)
    try:
        found: dict[str, Any] = run([sys.executable, "-c", OLD_WAY, str(file), ",".join(slugs)], world.environment)
    finally:
        file.unlink()
    peak = found["peak_mb"]
    return Measured("the old way", rows, peak, tuple(found["after_mb"]), found["duration_s"] / len(slugs), peak)


def make_old_history(path: Path, rows: int) -> None:
    """The same history as the old script's file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ("playlist_id", "playlist_name", "track_id", "datetime_added", "artist_name")
    kinds = (pa.string(), pa.string(), pa.string(), pa.timestamp("us", "UTC"), pa.string())
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    with pq.ParquetWriter(path, schema, compression="gzip") as writer:
        for columns in old_rows(rows):
            writer.write_table(pa.table(dict(zip(names, columns, strict=True)), schema=schema))


def old_rows(rows: int) -> Iterator[tuple[list[Any], ...]]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for playlist in range(PLAYLISTS):
        for batch in batches_of(playlist, rows // PLAYLISTS):
            count = len(batch)
            assert count <= ROWS_AT_ONCE
            name = f"Beatport: Genre {playlist} - Top 100"
            yield [playlist_id(playlist)] * count, [name] * count, [row[0] for row in batch], [at] * count, [row[2] for row in batch]


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", str(source), str(target)], check=True)


def available_bytes() -> int:
    with suppress(OSError), Path("/proc/meminfo").open() as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    return 0


def report(floor_mb: float, results: Sequence[Measured]) -> tuple[str, bool]:
    """The page, and whether every aim is met."""
    lines = [
        "# Memory in figures",
        "",
        f"`make bench-memory`, {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end.",
        f"An empty Prefect flow of five tasks peaks at {floor_mb:.0f} MB, in a process without Prefect's server. MB are",
        "1,048,576 bytes in RAM, by the kernel. The temporary server is a process of its own and not in these figures. Growth: in RAM",
        "after the last genre, less that after the second.",
        "",
        "| way | rows | a genre's run | above empty flow | all in one process | genres | growth | seconds a genre |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in results:
        above = f"{one.peak_mb - floor_mb:.0f} MB" if one.way == "ours" else ""
        lines.append(
            f"| {one.way} | {one.rows:,} | {one.peak_mb:.0f} MB | {above} | {one.all_peak_mb:.0f} MB | {len(one.after_mb)} "
            f"| {growth_mb(one):+.1f} MB | {one.genre_s:.1f} |"
        )
    aims = list(aims_of(floor_mb, [one for one in results if one.way == "ours"]))
    lines += [f"\n{said}" for said in left_out(results)]
    lines += ["", *(f"- {said}: {'met' if met else '**not met**'}." for said, met in aims), ""]
    return "\n".join(lines), all(met for _, met in aims)


def left_out(results: Sequence[Measured]) -> Iterator[str]:
    """A sentence for each way with the sizes that were not measured."""
    for way in dict.fromkeys(one.way for one in results):
        missing = [f"{rows:,}" for rows in SIZES if rows not in {one.rows for one in results if one.way == way}]
        if missing:
            yield f"Not measured this time, {way}: {' and '.join(missing)} rows."


def growth_mb(one: Measured) -> float:
    return one.after_mb[-1] - one.after_mb[1] if len(one.after_mb) > 2 else 0.0


def aims_of(floor_mb: float, ours: Sequence[Measured]) -> Iterator[tuple[str, bool]]:
    first, last = ours[0], ours[-1]
    above = first.peak_mb - floor_mb
    yield f"At most {ABOVE_EMPTY_MB:.0f} MB above an empty flow at {first.rows:,} rows: {above:.0f} MB", above <= ABOVE_EMPTY_MB
    if last is not first:
        more = last.peak_mb / first.peak_mb - 1
        yield f"At most {SHARE_MORE:.0%} more at {last.rows:,} rows: {more:+.1%}", more <= SHARE_MORE
    most = max(growth_mb(one) for one in ours)
    yield f"Growth over {len(first.after_mb)} genres under {GROWTH_MB:.0f} MB: {most:.1f} MB at most", most < GROWTH_MB


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
