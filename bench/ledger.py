"""The ledger's figures beside those of the way it replaces: `python -m bench.ledger`, or `make bench-ledger`.

The old way is what the replaced script does: one gzip Parquet file for everything, read whole into pandas, concatenated with the
new rows and written back; a look-up reads one playlist's rows out of it. SQLite (the standard library's, one table with three
indices) stands beside them for docs/decisions/ledger-parquet-not-a-database.md.

Each figure is taken in a process of its own, so that memory is that way's alone; the median of several tries. The first look-up of
a process is told apart. Results go to bench/ledger.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLAYLISTS = 20
ALPHABET = string.ascii_letters + string.digits
SIZES = (248_000, 1_000_000, 10_000_000)
RESULTS = Path(__file__).with_suffix(".md")
Figures = dict[str, Any]


def playlist_rows(number: int, rows: int) -> Iterator[tuple[str, str, str]]:
    """Track id, ISRC and recording of a playlist's rows, the same at each run."""
    luck = random.Random(number)
    for _ in range(rows):
        track_id = "".join(luck.choices(ALPHABET, k=22))
        yield (
            track_id,
            f"GB{track_id[:3].upper()}{luck.randrange(10**7):07}",
            f"artist {track_id[:6].lower()}|title {track_id[6:16].lower()}|",
        )


def playlist_id(number: int) -> str:
    return f"playlist{number:014}"


def asked(rows: int) -> tuple[list[str], list[str], list[str]]:
    """100 of each kind to look for in the first playlist: half of them there, half not."""
    there = list(playlist_rows(0, rows // PLAYLISTS))
    luck = random.Random(1)
    chosen = [*luck.sample(there, 50), *playlist_rows(9_999, 50)]
    first, second, third = zip(*chosen, strict=True)
    return list(first), list(second), list(third)


def make_ledger(root: Path, rows: int) -> None:
    """A compacted ledger, written in its own layout."""
    from beatporter.ledger.columns import make_batch
    from beatporter.ledger.compaction import compact
    from beatporter.ledger.files import writer
    from beatporter.ledger.history import columns_of
    from beatporter.ledger.ledger import open_ledger
    from beatporter.ledger.rows import HistoryRow
    from beatporter.ledger.tables import HISTORY

    ledger = open_ledger(root)
    for number in range(PLAYLISTS):
        found = sorted(playlist_rows(number, rows // PLAYLISTS))
        folder = f"history/playlist_id={playlist_id(number)}"
        with ledger.home.stage(folder) as stage:
            with writer(HISTORY, stage.file) as out:
                for start in range(0, len(found), HISTORY.row_group_rows):
                    piece = [
                        HistoryRow(track, isrc, words, 1_000 + n, "chart", T0 + timedelta(seconds=n))
                        for n, (track, isrc, words) in enumerate(found[start : start + HISTORY.row_group_rows])
                    ]
                    out.write_batch(make_batch(HISTORY.schema, columns_of(piece)))
            stage.commit(f"{folder}/part-{number:032x}.parquet")
    compact(ledger, ["history"], now=datetime.now(UTC))


def make_old(path: Path, rows: int) -> None:
    """The old script's file."""
    import pandas as pd

    frames = []
    for number in range(PLAYLISTS):
        found = list(playlist_rows(number, rows // PLAYLISTS))
        frames.append(
            pd.DataFrame(
                {
                    "playlist_id": playlist_id(number),
                    "playlist_name": f"Beatport: Genre {number} - Top 100",
                    "track_id": [row[0] for row in found],
                    "datetime_added": pd.date_range(T0, periods=len(found), freq="s"),
                    "artist_name": [row[2] for row in found],
                }
            )
        )
    pd.concat(frames, ignore_index=True).to_parquet(path, compression="gzip", index=False)


def make_sqlite(path: Path, rows: int) -> None:
    import sqlite3

    with sqlite3.connect(path) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE history (playlist_id, track_id, isrc, recording, beatport_id, source, added_at)")
        for number in range(PLAYLISTS):
            base.executemany(
                "INSERT INTO history VALUES (?, ?, ?, ?, ?, 'chart', ?)",
                ((playlist_id(number), *row, n, n) for n, row in enumerate(playlist_rows(number, rows // PLAYLISTS))),
            )
        for column in ("track_id", "isrc", "recording"):
            base.execute(f"CREATE INDEX by_{column} ON history (playlist_id, {column})")
    base.close()


def new_rows(number: int) -> list[tuple[str, str, str]]:
    return list(playlist_rows(100_000 + number, 100))


def rss_mb(kind: str = "VmRSS") -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{kind}:"))
    return int(line.split()[1]) / 1024


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def figures_of(append: Callable[[int], object], look_up: Callable[[], tuple[int, int, int]], appends: int, lookups: int) -> Figures:
    """Figures of one way; memory is what it needs above a process that has its libraries loaded."""
    loaded = rss_mb()
    first = timed(lambda: check_answer(look_up()))
    times = [timed(lambda: check_answer(look_up())) for _ in range(lookups)]
    peak_lookup = rss_mb("VmHWM")
    appended = [timed(lambda number=number: append(number)) for number in range(min(2, appends - 1))]  # type: ignore[misc]
    before = rss_mb()
    appended += [timed(lambda number=number: append(number)) for number in range(len(appended), appends)]  # type: ignore[misc]
    return {
        "lookup_first_ms": first,
        "lookup_ms": statistics.median(times or [first]),
        "append_ms": statistics.median(appended),
        "peak_mb": rss_mb("VmHWM"),
        "peak_lookup_mb": peak_lookup,
        "loaded_mb": loaded,
        "growth_mb": rss_mb() - before,
        "appends": appends,
    }


def check_answer(found: tuple[int, int, int]) -> None:
    assert all(count in (50, -1) for count in found), f"wrong answer: {found}"


def measure_ledger(root: Path, rows: int) -> Figures:
    from beatporter.ledger.ledger import open_ledger
    from beatporter.ledger.rows import HistoryRow

    ledger = open_ledger(root)
    tracks, isrcs, recordings = asked(rows)

    def append(number: int) -> None:
        made = [HistoryRow(*row, 1, "chart", T0) for row in batches[number]]
        ledger.history.append(playlist_id(number % PLAYLISTS), made)

    def look_up() -> tuple[int, int, int]:
        known = ledger.history.known(playlist_id(0), tracks, isrcs, recordings)
        return len(known.track_ids), len(known.isrcs), len(known.recordings)

    batches = [new_rows(number) for number in range(38)]
    found = figures_of(append, look_up, appends=38, lookups=15)
    found["lookup_all_playlists_ms"] = timed(lambda: ledger.history.known(None, tracks, isrcs, recordings))
    found["disk_mb"] = sum(file.size for file in ledger.home.files("")) / 1e6
    return found


def measure_old(path: Path, rows: int) -> Figures:
    import pandas as pd

    tracks, _, recordings = asked(rows)

    def append(number: int) -> None:
        added = pd.DataFrame(
            {
                "playlist_id": playlist_id(number % PLAYLISTS),
                "playlist_name": f"Beatport: Genre {number % PLAYLISTS} - Top 100",
                "track_id": [row[0] for row in batches[number]],
                "datetime_added": pd.Timestamp(T0),
                "artist_name": [row[2] for row in batches[number]],
            }
        )
        pd.concat([pd.read_parquet(path), added], ignore_index=True).to_parquet(path, compression="gzip", index=False)

    def look_up() -> tuple[int, int, int]:
        found = pd.read_parquet(path, filters=[("playlist_id", "=", playlist_id(0))])
        return int(found["track_id"].isin(tracks).sum()), -1, int(found["artist_name"].isin(recordings).sum())

    batches = [new_rows(number) for number in range(3)]
    disk = path.stat().st_size / 1e6
    return {**figures_of(append, look_up, appends=3, lookups=3 if rows < 5_000_000 else 1), "disk_mb": disk}


def measure_sqlite(path: Path, rows: int) -> Figures:
    import sqlite3

    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous=FULL")
    wanted = dict(zip(("track_id", "isrc", "recording"), asked(rows), strict=True))

    def append(number: int) -> None:
        with base:
            base.executemany(
                "INSERT INTO history VALUES (?, ?, ?, ?, 1, 'chart', 0)",
                ((playlist_id(number % PLAYLISTS), *row) for row in batches[number]),
            )

    def look_up() -> tuple[int, int, int]:
        counts = []
        for column, texts in wanted.items():
            marks = ",".join("?" * len(texts))
            query = f"SELECT COUNT(DISTINCT {column}) FROM history WHERE playlist_id = ? AND {column} IN ({marks})"
            counts.append(base.execute(query, (playlist_id(0), *texts)).fetchone()[0])
        return counts[0], counts[1], counts[2]

    batches = [new_rows(number) for number in range(38)]
    found = figures_of(append, look_up, appends=38, lookups=15)
    base.close()
    return {**found, "disk_mb": path.stat().st_size / 1e6}


def measure_matches(root: Path, rows: int) -> Figures:
    """A chart's 100 decisions among many, its ids spread over the newest twentieth and over all."""
    from beatporter.ledger.compaction import compact
    from beatporter.ledger.ledger import open_ledger
    from beatporter.matching.match import Match

    ledger = open_ledger(root)
    for start in range(0, rows, 50_000):
        ledger.matches.append(
            [
                Match(n, f"GB{n:010}", f"track{n:017}", "isrc", 98.0, "same", "1", T0, None, ("same isrc",), f"Title {n}", (f"Artist {n}",))
                for n in range(start, min(rows, start + 50_000))
            ]
        )
    compact(ledger, ["matches"], now=datetime.now(UTC))
    luck = random.Random(1)
    near = luck.sample(range(rows - rows // 20, rows), 100)
    far = luck.sample(range(rows), 100)
    assert len(ledger.matches.latest(near)) == 100
    return {
        "near_ms": statistics.median(timed(lambda: ledger.matches.latest(near)) for _ in range(7)),
        "far_ms": statistics.median(timed(lambda: ledger.matches.latest(far)) for _ in range(7)),
        "peak_mb": rss_mb("VmHWM"),
    }


WAYS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path, int], Figures]]] = {
    "ledger": (make_ledger, measure_ledger),
    "old": (make_old, measure_old),
    "sqlite": (make_sqlite, measure_sqlite),
    "matches": (lambda root, rows: None, measure_matches),
}


def in_own_process(way: str, act: str, place: Path, rows: int) -> Figures:
    command = [sys.executable, "-m", "bench.ledger", "--step", way, act, str(place), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{way} at {rows} rows failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(sizes: list[int], old_up_to: int) -> dict[tuple[str, int], Figures]:
    results: dict[tuple[str, int], Figures] = {}
    with tempfile.TemporaryDirectory(prefix="beatporter-bench-") as folder:
        for way in ("ledger", "old", "sqlite", "matches"):
            for rows in [10_000, 100_000, 1_000_000] if way == "matches" else sizes:
                if way == "old" and rows > old_up_to:
                    continue
                place = Path(folder) / f"{way}-{rows}"
                start = time.perf_counter()
                in_own_process(way, "make", place, rows)
                results[way, rows] = in_own_process(way, "measure", place, rows)
                print(f"{way:8} {rows:>10,} rows: {results[way, rows]}  ({time.perf_counter() - start:.0f} s)", flush=True)
                shutil.rmtree(place) if place.is_dir() else place.unlink()
    return results


def report(results: dict[tuple[str, int], Figures]) -> str:
    lines = [
        "# The ledger in figures",
        "",
        f"`python -m bench.ledger`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores,",
        f"{PLAYLISTS} playlists.",
        "Medians, in milliseconds. A look-up asks one playlist for 100 track ids, 100 ISRCs and 100 recordings at once (the old way",
        "knows no ISRCs). Peak is the process's resident memory with its libraries; growth is over 36 appends after the second.",
        "",
        "| way | rows | append 100 | look-up | first look-up | all playlists | peak MB | of it libraries | growth MB | on disk MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (way, rows), f in results.items():
        if way != "matches":
            over = f"{f['lookup_all_playlists_ms']:.0f}" if "lookup_all_playlists_ms" in f else ""
            growth = f"{f['growth_mb']:.1f}" if f["appends"] > 36 else ""
            lines.append(
                f"| {way} | {rows:,} | {f['append_ms']:.1f} | {f['lookup_ms']:.1f} | {f['lookup_first_ms']:.1f} | {over} "
                f"| {f['peak_mb']:.0f} | {f['loaded_mb']:.0f} | {growth} | {f['disk_mb']:.0f} |"
            )
    lines += ["", *verdicts(results), "", "Decisions, 100 looked up at once, compacted:", ""]
    lines += ["| decisions | ids of the newest twentieth | ids spread over all | peak MB |", "|---|---|---|---|"]
    for (way, rows), f in results.items():
        if way == "matches":
            lines.append(f"| {rows:,} | {f['near_ms']:.1f} | {f['far_ms']:.1f} | {f['peak_mb']:.0f} |")
    return "\n".join(lines) + "\n"


def verdicts(results: dict[tuple[str, int], Figures]) -> list[str]:
    """Each aim with what was measured."""
    ours = {rows: figures for (way, rows), figures in results.items() if way == "ledger"}
    least, most = min(ours), max(ours)
    slowest = max(figures["append_ms"] for figures in ours.values())
    lines = [f"- Append under 5 ms at every size: {slowest:.1f} ms at most: {'met' if slowest < 5 else 'NOT met'}."]
    if ("old", least) in results:
        times = results["old", least]["append_ms"] / ours[least]["append_ms"]
        lines.append(
            f"- At least 500 times faster than the rewrite at {least:,} rows: {times:,.0f} times: {'met' if times >= 500 else 'NOT met'}."
        )
    lines.append(
        f"- Look-up under 50 ms at {most:,} rows: {ours[most]['lookup_ms']:.1f} ms: {'met' if ours[most]['lookup_ms'] < 50 else 'NOT met'}."
    )
    more = ours[most]["peak_mb"] / ours[least]["peak_mb"] - 1
    lines.append(f"- Peak memory at {most:,} rows within 10 % of that at {least:,}: {more:+.0%}: {'met' if more <= 0.1 else 'NOT met'}.")
    growth = max(figures["growth_mb"] for figures in ours.values())
    lines.append(f"- No growth over 36 appends beyond 1 MB: {growth:.1f} MB at most: {'met' if growth <= 1 else 'NOT met'}.")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="rows of the histories")
    parser.add_argument("--old-up-to", type=int, default=SIZES[-1], help="the old way takes minutes and gigabytes at ten million rows")
    parser.add_argument("--step", nargs=4, metavar=("WAY", "ACT", "PLACE", "ROWS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        way, act, place, rows = arguments.step
        made = WAYS[way][act == "measure"](Path(place), int(rows))
        print(json.dumps(made or {}))
        return
    text = report(run(arguments.sizes, arguments.old_up_to))
    RESULTS.write_text(text)
    print(f"\n{text}\nWritten to {RESULTS.name}.")


if __name__ == "__main__":
    main()
