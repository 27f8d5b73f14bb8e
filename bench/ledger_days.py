"""How a day's reads grow with the days, with and without the weekly compaction: `python -m bench.ledger_days`.

Writes what 36 genres write in a day, for 60 days and more, and counts and times what one genre's run reads of it: files opened, folders
listed, milliseconds on a folder. In a bucket each of them is a request. Results go to bench/ledger_days.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from beatporter.ledger.compaction import compact
from beatporter.ledger.home import FolderHome, StoredFile
from beatporter.ledger.ledger import Ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, HistoryRow, ListedPlaylist, RememberedPlaylist, SnapshotRow
from beatporter.records.match import Match

T0 = datetime(2026, 1, 1, 7, tzinfo=UTC)
GENRES, NEW = 36, 10
RESULTS = Path(__file__).with_suffix(".md")


class CountedHome(FolderHome):
    """A folder that counts what is asked of it; each would be a request to a bucket."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: Counter[str] = Counter()

    def files(self, folder: str) -> list[StoredFile]:
        self.asked["listed"] += 1
        return super().files(folder)

    def read(self, path: str) -> pa.Buffer:
        self.asked["opened"] += 1
        return super().read(path)

    def open(self, path: str) -> pa.NativeFile:
        self.asked["opened"] += 1
        return super().open(path)


def chart_ids(genre: int, day: int) -> range:
    """100 entries of which ten are new each day."""
    return range(genre * 1_000_000 + day * NEW, genre * 1_000_000 + day * NEW + 100)


def write_day(ledger: Ledger, day: int) -> None:
    at = T0 + timedelta(days=day)
    ledger.listings.append(
        f"run {day}", [ListedPlaylist(f"run {day}", f"P{g}", f"Beatport {g}", "s", 100, "me", at) for g in range(GENRES)]
    )
    for genre in range(GENRES):
        ids = chart_ids(genre, day)
        new = ids if day == 0 else ids[-NEW:]
        playlist, moment = f"P{genre}", at + timedelta(seconds=30 * genre)
        if day == 0:
            ledger.playlists.append(RememberedPlaylist(genre, playlist, f"Beatport {genre}", at))
        entries = tuple(ChartEntry(n, beatport_id, f"Title {beatport_id}", (f"Artist {n}",)) for n, beatport_id in enumerate(ids, 1))
        ledger.charts.append(Chart(genre, entries, moment))
        for part in range(3):
            ledger.calls.append([CallRow(moment + timedelta(seconds=part), "search", 5, f"run {day}#{genre}.{part}")])
        ledger.matches.append([Match(n, None, f"t{n}", "search", 90.0, "same", "1", moment, None) for n in new])
        for state in ("writing", "written", "recorded"):
            ledger.snapshots.append(SnapshotRow(playlist, state, f"s{day}", moment))
        ledger.history.append(playlist, [HistoryRow(f"t{n}", None, f"artist|title {n}|", n, "chart", moment) for n in new])
        rows = (BackupRow(n, f"t{n}", None, f"Title {n}", ("Artist",), moment) for n in range(100))
        ledger.backups.append(playlist, f"s{day}", moment, rows)


def read_day(ledger: Ledger, day: int, genre: int = 3) -> None:
    """What the steps of a genre's run ask, in their order."""
    ids, playlist, now = chart_ids(genre, day), f"P{genre}", T0 + timedelta(days=day, hours=1)
    ledger.charts.latest(genre)
    ledger.charts.entries(genre, ids)
    ledger.matches.latest(ids)
    ledger.calls.quota_until(now.date(), (now - timedelta(days=1)).date())
    ledger.calls.used_since(now - timedelta(hours=24))
    ledger.playlists.latest(genre)
    ledger.listings.of_run(f"run {day}")
    ledger.matches.latest(ids)
    ledger.matches.by_track([f"t{n}" for n in ids[:3]])
    ledger.history.known(playlist, [f"t{n}" for n in ids], (), [f"artist|title {n}|" for n in ids])
    for _ in range(4):
        ledger.snapshots.latest(playlist)
        ledger.backups.latest(playlist)
    ledger.corrections.all()
    ledger.charts.entries(genre, ids)
    ledger.matches.latest(ids)


def measured(home: CountedHome, day: int, what: str) -> str:
    times = []
    for _ in range(5):
        home.asked.clear()
        start = time.perf_counter()
        read_day(Ledger(home), day)
        times.append((time.perf_counter() - start) * 1000)
    files = home.files("")
    figures = f"{home.asked['opened']:,} | {home.asked['listed'] - 1:,} | {statistics.median(times):.0f}"
    line = f"| {what} | {len(files):,} | {sum(file.size for file in files) / 1e6:.0f} | {figures} |"
    print(line, flush=True)
    return line


def simulate(root: Path, days: int, weekly: bool, shown: Sequence[int]) -> list[str]:
    home = CountedHome(root)
    ledger, lines = Ledger(home), []
    for day in range(days):
        write_day(ledger, day)
        if weekly and day % 7 == 6:
            # a week later the grace of what was merged the week before is over
            for file in home.files(""):
                os.utime(root / file.path, (file.modified_s - 7 * 86_400,) * 2)
            compact(ledger, now=max(datetime.now(UTC), T0 + timedelta(days=day, hours=5)))
        if day + 1 in shown:
            name = "weekly" if weekly else "never"
            lines.append(measured(home, day, f"{name} compacted, day {day + 1}"))
    if not weekly:
        start = time.perf_counter()
        compact(ledger, now=T0 + timedelta(days=days, hours=1))
        took = time.perf_counter() - start
        lines.append(measured(home, days - 1, f"then compacted once, in {took:.0f} s"))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    days = parser.parse_args().days
    lines = [
        "# A day's reads",
        "",
        f"`python -m bench.ledger_days`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}.",
        f"What one genre's run reads, after so many days of {GENRES} genres with {NEW} new entries each a day.",
        "",
        "| ledger | files | MB | files opened | folders listed | ms |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for weekly, shown in ((False, (1, 7, 30, days)), (True, (8, 13, days // 7 * 7 - 1, days // 7 * 7))):
        with tempfile.TemporaryDirectory(prefix="beatporter-days-") as folder:
            lines += simulate(Path(folder), days, weekly, shown)
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
