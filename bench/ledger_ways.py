"""The ways to keep a history that `bench.ledger` measures: the ledger, the replaced script's file, SQLite; and their rows.

Each way has a `make`, run once, and a `measure`, run in a process of its own for each round.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import string
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLAYLISTS = 20
APPENDS = 38
"""Of 100 rows each; growth is told over the last 36."""
LOOKUPS = 15
ALPHABET = np.frombuffer((string.ascii_letters + string.digits).encode(), dtype=np.uint8)
Figures = dict[str, Any]
Row = tuple[str, str, str]


def rows_of_seed(seed: int, rows: int) -> list[Row]:
    """Track id, ISRC and recording of rows, the same at each run."""
    text = ALPHABET[np.random.default_rng(seed).integers(0, len(ALPHABET), rows * 22)].tobytes().decode()
    ids = (text[start : start + 22] for start in range(0, rows * 22, 22))
    return [(t, f"GB{t[:10].upper()}", f"artist {t[:6].lower()}|title {t[6:16].lower()}|") for t in ids]


def playlist_id(number: int) -> str:
    return f"playlist{number:014}"


def write_asked(place: Path, rows: int) -> None:
    """100 of each kind to look for in the first playlist: half of them there, half not. In a file: measuring must not make them."""
    there = rows_of_seed(0, rows // PLAYLISTS)
    step = len(there) // 50
    chosen = [*there[::step][:50], *rows_of_seed(9_999, 50)]
    place.with_suffix(".asked").write_text(json.dumps([list(column) for column in zip(*chosen, strict=True)]))


def read_asked(place: Path) -> list[list[str]]:
    return list(json.loads(place.with_suffix(".asked").read_text()))


def batches(turn: int, count: int) -> list[list[Row]]:
    """What a round appends: new rows each time."""
    return [rows_of_seed(1_000_000 + turn * APPENDS + number, 100) for number in range(count)]


def memory_mb(kind: str = "VmRSS") -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{kind}:"))
    return int(line.split()[1]) / 1024


def timed(act: Callable[[], object]) -> float:
    """Milliseconds by the wall's clock."""
    return timed_twice(act)[0]


def timed_twice(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the wall's clock, and of this process at work, which other processes do not add to."""
    start, worked = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000


def disk_floor(folder: Path) -> Callable[[], None]:
    """What no durable append of a file can do without: write, fsync, rename, fsync of the folder; 8 kB."""
    data = secrets.token_bytes(8_192)

    def write() -> None:
        with (folder / ".floor.tmp").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        (folder / ".floor.tmp").rename(folder / f".floor-{secrets.token_hex(8)}")
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    return write


def figures_of(
    append: Callable[[int], object], look_up: Callable[[], Sequence[int]], appends: int, lookups: int, floor: Callable[[], None]
) -> Figures:
    """One round's figures. The disk's own time is taken in turns with the appends, since it changes with what else goes on."""

    def checked() -> None:
        found = look_up()
        assert all(count in (50, -1) for count in found), f"wrong answer: {found}"

    loaded = memory_mb()
    first = timed(checked)
    lookup, lookup_cpu = _medians([timed_twice(checked) for _ in range(lookups)])
    appended, floors, before = [], [], 0.0
    for number in range(appends):
        if number == 2:
            before = memory_mb()
        appended.append(timed_twice(lambda: append(number)))  # noqa: B023 - called at once
        floors.append(timed(floor))
    append_ms, append_cpu = _medians(appended)
    return {
        "lookup_first_ms": first,
        "lookup_ms": lookup,
        "lookup_cpu_ms": lookup_cpu,
        "append_ms": append_ms,
        "append_cpu_ms": append_cpu,
        "floor_ms": statistics.median(floors),
        "peak_mb": memory_mb("VmHWM"),
        "loaded_mb": loaded,
        "growth_mb": memory_mb() - before,
    }


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(work for _, work in times)


def make_ledger(place: Path, rows: int) -> None:
    """A compacted ledger, written in its own layout."""
    from beatporter.ledger.columns import make_batch
    from beatporter.ledger.compaction import compact
    from beatporter.ledger.files import writer
    from beatporter.ledger.history import columns_of
    from beatporter.ledger.ledger import open_ledger
    from beatporter.ledger.tables import HISTORY
    from beatporter.records.ledger import HistoryRow

    ledger = open_ledger(place)
    for number in range(PLAYLISTS):
        found = sorted(rows_of_seed(number, rows // PLAYLISTS))
        folder = f"history/playlist_id={playlist_id(number)}"
        with ledger.home.stage(folder) as stage:
            with writer(HISTORY, stage.file) as out:
                for start in range(0, len(found), HISTORY.row_group_rows):
                    piece = [
                        HistoryRow(*row, 1_000 + n, "chart", T0 + timedelta(seconds=n))
                        for n, row in enumerate(found[start : start + HISTORY.row_group_rows])
                    ]
                    out.write_batch(make_batch(HISTORY.schema, columns_of(piece)))
            stage.commit(f"{folder}/part-{number:032x}.parquet")
    compact(ledger, ["history"], now=datetime.now(UTC))
    write_asked(place, rows)


def measure_ledger(place: Path, turn: int) -> Figures:
    from beatporter.ledger.ledger import open_ledger
    from beatporter.records.ledger import HistoryRow

    ledger = open_ledger(place)
    asked, made = read_asked(place), [[HistoryRow(*row, 1, "chart", T0) for row in batch] for batch in batches(turn, APPENDS)]

    def look_up() -> tuple[int, int, int]:
        known = ledger.history.known(playlist_id(0), *asked)
        return len(known.track_ids), len(known.isrcs), len(known.recordings)

    def append(number: int) -> None:
        ledger.history.append(playlist_id(number % PLAYLISTS), made[number])

    found = figures_of(append, look_up, APPENDS, LOOKUPS, disk_floor(place))
    found["all_playlists_ms"] = timed(lambda: ledger.history.known(None, *asked))
    found["peak_all_mb"] = memory_mb("VmHWM")
    return {**found, "disk_mb": sum(file.size for file in ledger.home.files("history")) / 1e6}


def make_old(place: Path, rows: int) -> None:
    """The replaced script's file."""
    import pandas as pd

    place.mkdir()
    frames = [old_frame(number, rows_of_seed(number, rows // PLAYLISTS)) for number in range(PLAYLISTS)]
    pd.concat(frames, ignore_index=True).to_parquet(place / "history.parquet.gz", compression="gzip", index=False)
    write_asked(place, rows)


def old_frame(number: int, rows: Sequence[Row]) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "playlist_id": playlist_id(number),
            "playlist_name": f"Beatport: Genre {number} - Top 100",
            "track_id": [row[0] for row in rows],
            "datetime_added": pd.date_range(T0, periods=len(rows), freq="s"),
            "artist_name": [row[2] for row in rows],
        }
    )


def measure_old(place: Path, turn: int) -> Figures:
    import pandas as pd

    path, (tracks, _, recordings), made = place / "history.parquet.gz", read_asked(place), batches(turn, 3)
    disk = path.stat().st_size / 1e6

    def look_up() -> tuple[int, int, int]:
        found = pd.read_parquet(path, filters=[("playlist_id", "=", playlist_id(0))])
        return int(found["track_id"].isin(tracks).sum()), -1, int(found["artist_name"].isin(recordings).sum())

    def append(number: int) -> None:
        added = old_frame(number % PLAYLISTS, made[number])
        pd.concat([pd.read_parquet(path), added], ignore_index=True).to_parquet(path, compression="gzip", index=False)

    return {**figures_of(append, look_up, 3, 2, disk_floor(place)), "disk_mb": disk}


def make_sqlite(place: Path, rows: int) -> None:
    """One table with an index for each kind of question, as a history in SQLite would have it."""
    import sqlite3

    place.mkdir()
    base = sqlite3.connect(place / "history.db")
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("CREATE TABLE history (playlist_id, track_id, isrc, recording, beatport_id, source, added_at)")
    for number in range(PLAYLISTS):
        found = rows_of_seed(number, rows // PLAYLISTS)
        values = ((playlist_id(number), *row, n, n) for n, row in enumerate(found))
        base.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, 'chart', ?)", values)
    for column in ("track_id", "isrc", "recording"):
        base.execute(f"CREATE INDEX by_{column} ON history (playlist_id, {column})")
    base.commit()
    base.close()
    write_asked(place, rows)


def measure_sqlite(place: Path, turn: int) -> Figures:
    import sqlite3

    base = sqlite3.connect(place / "history.db")
    base.execute("PRAGMA synchronous=FULL")
    wanted, made = dict(zip(("track_id", "isrc", "recording"), read_asked(place), strict=True)), batches(turn, APPENDS)

    def append(number: int) -> None:
        with base:
            values = ((playlist_id(number % PLAYLISTS), *row) for row in made[number])
            base.executemany("INSERT INTO history VALUES (?, ?, ?, ?, 1, 'chart', 0)", values)

    def look_up() -> list[int]:
        counts = []
        for column, texts in wanted.items():
            marks = ",".join("?" * len(texts))
            query = f"SELECT COUNT(DISTINCT {column}) FROM history WHERE playlist_id = ? AND {column} IN ({marks})"
            counts.append(base.execute(query, (playlist_id(0), *texts)).fetchone()[0])
        return counts

    found = figures_of(append, look_up, APPENDS, LOOKUPS, disk_floor(place))
    base.close()
    return {**found, "disk_mb": (place / "history.db").stat().st_size / 1e6}


def make_matches(place: Path, rows: int) -> None:
    """Decisions, compacted."""
    from beatporter.ledger.compaction import compact
    from beatporter.ledger.ledger import open_ledger
    from beatporter.records.match import Match

    ledger = open_ledger(place)
    for start in range(0, rows, 50_000):
        ids = range(start, min(rows, start + 50_000))
        ledger.matches.append(
            [
                Match(n, f"GB{n:010}", f"track{n:017}", "isrc", 98.0, "same", "1", T0, None, ("same isrc",), f"Title {n}", (f"Artist {n}",))
                for n in ids
            ]
        )
    compact(ledger, ["matches"], now=datetime.now(UTC))


def measure_matches(place: Path, turn: int) -> Figures:
    """A chart's 100 decisions: ids of the newest twentieth, and ids spread over all."""
    from beatporter.ledger.ledger import open_ledger

    ledger, rows, luck = open_ledger(place), int(place.name.rpartition("-")[2]), np.random.default_rng(turn)
    near, far = (
        [int(n) for n in luck.choice(span, 100, replace=False) + start] for start, span in ((rows - rows // 20, rows // 20), (0, rows))
    )
    near_ms, near_cpu = _medians([timed_twice(lambda: ledger.matches.latest(near)) for _ in range(7)])
    peak_near = memory_mb("VmHWM")
    far_ms, far_cpu = _medians([timed_twice(lambda: ledger.matches.latest(far)) for _ in range(7)])
    assert len(ledger.matches.latest(far)) == 100
    by_track, by_track_cpu = timed_twice(lambda: ledger.matches.by_track([f"track{near[0]:017}"]))
    return {
        "near_ms": near_ms,
        "near_cpu_ms": near_cpu,
        "far_ms": far_ms,
        "far_cpu_ms": far_cpu,
        "by_track_ms": by_track,
        "by_track_cpu_ms": by_track_cpu,
        "peak_near_mb": peak_near,
        "peak_mb": memory_mb("VmHWM"),
    }


WAYS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path, int], Figures]]] = {
    "ledger": (make_ledger, measure_ledger),
    "old": (make_old, measure_old),
    "sqlite": (make_sqlite, measure_sqlite),
    "matches": (make_matches, measure_matches),
}
