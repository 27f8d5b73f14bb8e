"""The page of `bench.ledger`: tables, and each aim with its measurement."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bench.ledger_methods import APPENDS, Figures
from bench.ledger_rows import PLAYLISTS

Key = tuple[str, int]
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "old": "the old way"}
TIMES_FASTER, APPEND_MS, LONGEST_MS, LOOKUP_MS = 400, 12, 250, 3
PEAK_SHARE, BYTES_A_ROW, GROWTH_MB, BACKUPS_MB = 0.05, 180, 1, 200
PARQUET_SET = """
The last figures of the ledger as a set of Parquet files, before the database; measured on 2026-11-24, on the same kind of machine:

| rows | append 100 | CPU | disk | look-up | CPU | first look-up | peak MB | libraries MB | growth MB | on disk MB |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| 248,000 | 2.0 | 1.6 | 0.5 | 12.3 | 12.3 | 24.4 | 87.7 | 72.5 | 0.0 | 17 |
| 1,000,000 | 2.0 | 1.6 | 0.5 | 13.2 | 13.2 | 25.1 | 89.7 | 72.4 | 0.0 | 63 |
| 10,000,000 | 2.0 | 1.6 | 0.5 | 28.2 | 28.2 | 41.6 | 91.1 | 72.4 | 0.0 | 605 |

A look-up over all playlists took 229, 249 and 567 ms, one of a chart's 100 decisions among a million 198 ms.
""".strip()


def report(results: Mapping[Key, Sequence[Figures]], years: Mapping[tuple[str, str], Figures], days: int) -> str:
    """The page."""
    found = {key: merged(rounds) for key, rounds in results.items() if rounds}
    loads = [figures["load"] for rounds in results.values() for figures in rounds]
    histories = {key: figures for key, figures in found.items() if key[0] in NAMES}
    lines = [
        "# The ledger in figures",
        "",
        f"`python -m bench.ledger`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores,"
        f" load {min(loads):.1f} to {max(loads):.1f} while it ran; {PLAYLISTS} playlists.",
        "Times in milliseconds: medians of alternating rounds, and the longest. *CPU* is the process's own time, which a busy machine",
        "hardly changes; *disk* is a write of 8 kB and its fsync, alternating with the appends: the minimum for any durable append.",
        "A look-up asks one playlist for 100 track ids, 100 ISRCs and 100 recordings at once, different ones each time (the old way has no",
        "ISRCs); the first one follows opening the database in a new process.",
        "",
        "| way | rows | append 100 | longest | CPU | disk | look-up | longest | CPU | all playlists | opening | first look-up |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (way, rows), f in histories.items():
        appended = f"{f['append_ms']:.1f} | {f['append_longest_ms']:.1f} | {f['append_cpu_ms']:.1f} | {f['floor_ms']:.1f}"
        looked = f"{f['lookup_ms']:.1f} | {f['lookup_longest_ms']:.1f} | {f['lookup_cpu_ms']:.1f} | {_or_not(f, 'all_playlists_ms')}"
        lines.append(f"| {NAMES[way]} | {rows:,} | {appended} | {looked} | {_or_not(f, 'open_ms')} | {f['first_ms']:.1f} |")
    lines += [
        "",
        "Memory is the process's own (resident, including libraries; PostgreSQL's server is another process); growth is over "
        f"{APPENDS - 2} appends",
        "after the second. On disk is the table with its indices, or the old way's file.",
        "",
        "| way | rows | peak MB | libraries MB | growth MB | all playlists, peak MB | on disk MB | bytes per row |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (way, rows), f in histories.items():
        memory = f"{f['peak_mb']:.1f} | {f['loaded_mb']:.1f} | {_or_not(f, 'growth_mb')} | {_or_not(f, 'peak_all_mb')}"
        lines.append(f"| {NAMES[way]} | {rows:,} | {memory} | {f['disk_mb']:.0f} | {f['bytes_a_row']:.0f} |")
    lines += ["", *_settling(found), "", *aims(found, years), "", *_years(years, days), "", PARQUET_SET, "", *_decisions(found)]
    return "\n".join(lines) + "\n"


def merged(rounds: Sequence[Figures]) -> Figures:
    """Medians of the rounds; of the longest times the maximum."""
    return {name: (max if name.endswith("longest_ms") else statistics.median)(figures[name] for figures in rounds) for name in rounds[0]}


def aims(found: Mapping[Key, Figures], years: Mapping[tuple[str, str], Figures]) -> list[str]:
    """Each aim with its measurement."""
    lines = []
    for way in ("sqlite", "postgres"):
        if ours := {rows: figures for (name, rows), figures in found.items() if name == way}:
            old = found.get(("old", min(ours)))
            lines += [f"On {NAMES[way]}:", "", *_aims_of(ours, old, bytes_a_row=BYTES_A_ROW if way == "sqlite" else None), ""]
    for (what, database), figures in years.items():
        if what == "backups":
            size = figures["disk_mb"]
            lines.append(f"- A year of backups under {BACKUPS_MB} MB on {NAMES[database]}: {size:.0f} MB: {_met(size < BACKUPS_MB)}.")
            right = figures["checked"] - figures["wrong"]
            lines.append(
                f"- Any day comes back exact and in order: {right:.0f} of {figures['checked']:.0f} sampled: {_met(not figures['wrong'])}."
            )
    return lines


def _aims_of(ours: Mapping[int, Figures], old: Figures | None, bytes_a_row: int | None) -> list[str]:
    least, most = min(ours), max(ours)
    lines = []
    if old:
        times = old["append_ms"] / ours[least]["append_ms"]
        words = f"Append at least {TIMES_FASTER} times faster than the rewrite at {least:,} rows"
        lines.append(f"- {words}: {times:,.0f} times: {_met(times >= TIMES_FASTER)}.")
    append, lookup = ours[most]["append_ms"], ours[most]["lookup_ms"]
    lines.append(f"- Append at most {APPEND_MS} ms at {most:,} rows: {append:.1f} ms: {_met(append <= APPEND_MS)}.")
    longest = {name: max(figures[f"{name}_longest_ms"] for figures in ours.values()) for name in ("append", "lookup")}
    words = f"No append or look-up over {LONGEST_MS} ms at any size"
    longest_of_all = max(longest.values())
    lines.append(f"- {words}: {longest['append']:.0f} and {longest['lookup']:.0f} ms at most: {_met(longest_of_all <= LONGEST_MS)}.")
    lines.append(f"- Look-up at most {LOOKUP_MS} ms at {most:,} rows: {lookup:.1f} ms: {_met(lookup <= LOOKUP_MS)}.")
    more = ours[most]["peak_mb"] / ours[least]["peak_mb"] - 1
    lines.append(f"- Peak memory at {most:,} rows within {PEAK_SHARE:.0%} of that at {least:,}: {more:+.1%}: {_met(more <= PEAK_SHARE)}.")
    growth = max(figures["growth_mb"] for figures in ours.values())
    lines.append(f"- No growth over {APPENDS - 2} appends beyond {GROWTH_MB} MB: {growth:.1f} MB at most: {_met(growth <= GROWTH_MB)}.")
    if bytes_a_row is not None:
        size = ours[most]["bytes_a_row"]
        lines.append(f"- At most {bytes_a_row} bytes per row with the indices, at {most:,} rows: {size:.0f}: {_met(size <= bytes_a_row)}.")
    return lines


def _settling(found: Mapping[Key, Figures]) -> list[str]:
    """The time to empty SQLite's log, which no append and no look-up waits for."""
    lines = [
        f"SQLite's log is emptied into its file after a step when it is large: this often in {APPENDS} appends,",
        "each followed by a step's end. Closing the last connection empties the rest.",
        "",
        "| rows | times | emptying | longest | closing |",
        "|--:|--:|--:|--:|--:|",
    ]
    for (way, rows), f in found.items():
        if way == "sqlite":
            lines.append(f"| {rows:,} | {f['settles']:.0f} | {f['settle_ms']:.1f} | {f['settle_longest_ms']:.1f} | {f['close_ms']:.1f} |")
    return lines


def _years(years: Mapping[tuple[str, str], Figures], days: int) -> list[str]:
    if not years:
        return []
    lines = [
        f"{days} days. Backups: playlists that grow to 10,000 tracks, day by day, with a person's removals and moves about every",
        "third day. A run's own backup is what it put on top; *whole* is one of 10,000 tracks read from Spotify. Charts:",
        "100 entries each, about ten of them new.",
        "",
        "| kept | on | how many | MB | one, ms | longest | whole, ms | reading it, ms |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (what, database), f in years.items():
        whole = f"{f['whole_ms']:.0f}" if "whole_ms" in f else ""
        reading = f.get("read_ms", f.get("latest_ms", 0.0))
        times = f"{f['one_ms']:.1f} | {f['longest_ms']:.1f} | {whole} | {reading:.1f}"
        lines.append(f"| {what} | {NAMES[database]} | {f['kept']:,.0f} | {f['disk_mb']:.0f} | {times} |")
    return lines


def _decisions(found: Mapping[Key, Figures]) -> list[str]:
    lines = [
        "Decisions on SQLite, looking up a chart's 100 at once:",
        "",
        "| decisions | of the newest twentieth | CPU | spread over all | CPU | one by its track | CPU | peak MB | bytes per row |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (way, rows), f in found.items():
        if way == "decisions":
            times = " | ".join(f"{f[f'{what}_ms']:.1f} | {f[f'{what}_cpu_ms']:.1f}" for what in ("near", "far", "by_track"))
            lines.append(f"| {rows:,} | {times} | {f['peak_mb']:.1f} | {f['bytes_a_row']:.0f} |")
    return lines


def _or_not(figures: Figures, name: str) -> str:
    return f"{figures[name]:.1f}" if name in figures else ""


def _met(yes: bool) -> str:
    return "met" if yes else "NOT met"
