"""The ledger's figures beside those of the way it replaces: `python -m bench.ledger`, or `make bench-ledger`.

The old way is what the replaced script does: one gzip Parquet file for everything, read whole into pandas, concatenated with the
new rows and written back; a look-up reads one playlist's rows out of it. SQLite (the standard library's, one table with three
indices) stands beside them for docs/decisions/ledger-why-parquet.md.

Everything is made first; then come rounds, each of which measures every way at every size once, in a process of its own, so that
what else the machine does falls on all alike. A figure is the median of the rounds. Results go to bench/ledger.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.ledger_ways import APPENDS, PLAYLISTS, WAYS, Figures

SIZES = (248_000, 1_000_000, 10_000_000)
DECISIONS = (10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).with_suffix(".md")
Key = tuple[str, int]


def in_own_process(way: str, act: str, place: Path, number: int) -> Figures:
    command = [sys.executable, "-m", "bench.ledger", "--step", way, act, str(place), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{way}: {act} at {place.name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(folder: Path, keys: list[Key], rounds: int) -> dict[Key, list[Figures]]:
    places = {(way, rows): folder / f"{way}-{rows}" for way, rows in keys}
    for (way, rows), place in places.items():
        if not place.exists():
            start = time.perf_counter()
            in_own_process(way, "make", place, rows)
            print(f"made {place.name} in {time.perf_counter() - start:.0f} s", flush=True)
    results: dict[Key, list[Figures]] = {key: [] for key in keys}
    for turn in range(rounds):
        for key, place in places.items():
            if key[0] == "old" and turn >= 2:
                continue  # it takes seconds to minutes, which noise does not change
            os.sync()  # what was made before must not be flushed by the first append's fsync
            results[key].append({**in_own_process(key[0], "measure", place, turn), "load": os.getloadavg()[0]})
        print(f"round {turn + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
    return results


def medians(rounds: list[Figures]) -> Figures:
    return {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}


def report(results: dict[Key, list[Figures]]) -> str:
    found = {key: medians(rounds) for key, rounds in results.items() if rounds}
    loads = [figures["load"] for rounds in results.values() for figures in rounds]
    lines = [
        "# The ledger in figures",
        "",
        f"`python -m bench.ledger`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores,"
        f" load {min(loads):.1f} to {max(loads):.1f} while it ran; {PLAYLISTS} playlists.",
        "Times in milliseconds, medians of rounds in turns. *CPU* is the process's own work, which a busy machine hardly adds to; *disk*",
        "one write, fsync, rename and fsync of the folder, taken in turns with the appends: what no durable append can do without.",
        "A look-up asks one playlist for 100 track ids, 100 ISRCs and 100 recordings at once (the old way knows no ISRCs). Peak is the",
        "process's resident memory, its libraries in it; growth is over 36 appends after the second.",
        "",
        "| way | rows | append 100 | CPU | disk | look-up | CPU | first look-up | peak MB | libraries MB | growth MB | on disk MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (way, rows), f in found.items():
        if way != "matches":
            growth = f"{f['growth_mb']:.1f}" if way != "old" else ""
            lines.append(
                f"| {way} | {rows:,} | {f['append_ms']:.1f} | {f['append_cpu_ms']:.1f} | {f['floor_ms']:.1f} "
                f"| {f['lookup_ms']:.1f} | {f['lookup_cpu_ms']:.1f} | {f['lookup_first_ms']:.1f} | {f['peak_mb']:.1f} "
                f"| {f['loaded_mb']:.1f} | {growth} | {f['disk_mb']:.0f} |"
            )
    lines += ["", *verdicts(found), "", "All playlists asked at once:", ""]
    lines += ["| rows | look-up | peak MB |", "|--:|--:|--:|"]
    lines += [f"| {rows:,} | {f['all_playlists_ms']:.0f} | {f['peak_all_mb']:.1f} |" for (way, rows), f in found.items() if way == "ledger"]
    lines += ["", "Decisions, a chart's 100 looked up at once, compacted:", ""]
    lines += ["| decisions | of the newest twentieth | CPU | spread over all | CPU | one by its track | CPU | peak MB | spread over all |"]
    lines += ["|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for (way, rows), f in found.items():
        if way == "matches":
            times = " | ".join(f"{f[f'{what}_ms']:.1f} | {f[f'{what}_cpu_ms']:.1f}" for what in ("near", "far", "by_track"))
            lines.append(f"| {rows:,} | {times} | {f['peak_near_mb']:.1f} | {f['peak_mb']:.1f} |")
    return "\n".join(lines) + "\n"


def verdicts(found: dict[Key, Figures]) -> list[str]:
    """Each aim with what was measured."""
    ours = {rows: figures for (way, rows), figures in found.items() if way == "ledger"}
    least, most = min(ours), max(ours)
    slowest = max(figures["append_ms"] for figures in ours.values())
    lines = [f"- Append under 5 ms at every size: {slowest:.1f} ms at most: {_met(slowest < 5)}"]
    work = max(figures["append_cpu_ms"] for figures in ours.values())
    lines[0] += f" (of it {work:.1f} ms work; the rest is the disk and the queue for it and for the processor)."
    if ("old", least) in found:
        times = found["old", least]["append_ms"] / ours[least]["append_ms"]
        lines.append(f"- 500 times faster than the rewrite at {least:,} rows: {times:,.0f} times: {_met(times >= 500)}.")
    more = ours[most]["append_ms"] / ours[least]["append_ms"] - 1
    lines.append(f"- Append at {most:,} rows beside {least:,}: {more:+.0%}.")
    lookup = ours[most]["lookup_ms"]
    lines.append(
        f"- Look-up under 50 ms at {most:,} rows: {lookup:.1f} ms: {_met(lookup < 50)} ({ours[most]['lookup_cpu_ms']:.1f} ms work)."
    )
    more = ours[most]["peak_mb"] / ours[least]["peak_mb"] - 1
    lines.append(f"- Peak memory at {most:,} rows within 10 % of that at {least:,}: {more:+.1%}: {_met(more <= 0.1)}.")
    growth = max(figures["growth_mb"] for figures in ours.values())
    lines.append(f"- No growth over {APPENDS - 2} appends beyond 1 MB: {growth:.1f} MB at most: {_met(growth <= 1)}.")
    return lines


def _met(yes: bool) -> str:
    return "met" if yes else "NOT met"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="rows of the histories")
    parser.add_argument("--decisions", type=int, nargs="+", default=list(DECISIONS), help="rows of the decisions")
    parser.add_argument("--others-up-to", type=int, default=1_000_000, help="old way and SQLite take minutes and gigabytes beyond")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to keep what is made, for another run; a temporary one without it")
    parser.add_argument("--step", nargs=4, metavar=("WAY", "ACT", "PLACE", "NUMBER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        way, act, place, number = arguments.step
        print(json.dumps(WAYS[way][act == "measure"](Path(place), int(number)) or {}))
        return
    keys = [
        (way, rows) for way in ("ledger", "old", "sqlite") for rows in arguments.sizes if way == "ledger" or rows <= arguments.others_up_to
    ]
    keys += [("matches", rows) for rows in arguments.decisions]
    with tempfile.TemporaryDirectory(prefix="beatporter-bench-") as temporary:
        text = report(run(arguments.folder or Path(temporary), keys, arguments.rounds))
    RESULTS.write_text(text)
    print(f"\n{text}\nWritten to {RESULTS.name}.")


if __name__ == "__main__":
    main()
