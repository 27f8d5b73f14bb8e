"""The ways to store a history that `bench.ledger` measures: the ledger on SQLite and on PostgreSQL, and the replaced script's file.

Each way has a `make`, run once, and a `measure`, run in a separate process for each round. The data is in a separate folder; a
database on PostgreSQL has the folder's name, and the environment names the folder of the server's socket.
"""

from __future__ import annotations

import os
import random
import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.ledger_rows import PLAYLISTS, T0, Row, batches_of, playlist_id, read_asked, rows_of, write_asked
from tests.postgres import Postgres

APPENDS = 38
"""Of 100 rows each; growth is measured over the last 36."""
SERVER = "BENCH_POSTGRES"
Figures = dict[str, Any]


def memory_mb(kind: str = "VmRSS") -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{kind}:"))
    return int(line.split()[1]) / 1024


def timed(act: Callable[[], object]) -> float:
    """Milliseconds of wall time."""
    return timed_twice(act)[0]


def timed_twice(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall time, and of this process's CPU time, which other processes do not affect."""
    start, worked = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000


def summary(name: str, times: Sequence[tuple[float, float]]) -> Figures:
    """Median, maximum and CPU time of several measurements."""
    return {
        f"{name}_ms": statistics.median(wall for wall, _ in times),
        f"{name}_longest_ms": max(wall for wall, _ in times),
        f"{name}_cpu_ms": statistics.median(work for _, work in times),
    }


def disk_floor(folder: Path) -> Callable[[], None]:
    """The minimum for any durable append: a write of 8 kB and its fsync."""
    data, path = secrets.token_bytes(8_192), folder / "floor"

    def write() -> None:
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    return write


def address_of(folder: Path) -> str:
    """The database of a folder."""
    return _server().address(folder.name) if folder.name.startswith("postgres") else str(folder / "beatporter.db")


def fresh_database(folder: Path) -> str:
    """The address of a folder's database, emptied."""
    return _server().empty_database(folder.name) if folder.name.startswith("postgres") else address_of(folder)


def _server() -> Postgres:
    return Postgres(Path(os.environ[SERVER]))


def make_ledger(folder: Path, rows: int) -> None:
    """A ledger, filled through its own table in large transactions, rotating over the playlists."""
    from beatporter.ledger.ledger import open_ledger
    from beatporter.records.ledger import HistoryRow

    with open_ledger(fresh_database(folder)) as ledger:
        if ledger.database.is_sqlite:
            with ledger.database.read() as connection:
                connection.exec_driver_sql("PRAGMA cache_size = -200000")  # only for this connection, while filling
        playlists = [batches_of(number, rows // PLAYLISTS) for number in range(PLAYLISTS)]
        for first, batches in enumerate(zip(*playlists, strict=True)):
            for number, batch in enumerate(batches):
                beatport_ids = random.Random(f"{first} {number}").choices(range(1_000_000, 25_000_000), k=len(batch))
                added = T0 + timedelta(days=first)
                rows_now = [
                    HistoryRow(*row, beatport_id, "chart", added + timedelta(seconds=place))
                    for place, (row, beatport_id) in enumerate(zip(batch, beatport_ids, strict=True))
                ]
                ledger.history.append(playlist_id(number), rows_now)
                ledger.database.settle()
        with ledger.database.read() as connection:
            connection.exec_driver_sql("ANALYZE" if ledger.database.is_sqlite else "VACUUM ANALYZE")
    ledger.close()
    write_asked(folder, rows)


def measure_ledger(folder: Path, turn: int) -> Figures:
    """Look-ups, then appends with what follows them in a run: emptying the log after a step, and closing the connection."""
    from beatporter.ledger.engine import SETTLE_BYTES
    from beatporter.ledger.ledger import open_ledger
    from beatporter.records.ledger import HistoryRow

    address, asked, floor = address_of(folder), iter(read_asked(folder)), disk_floor(folder)
    made = [[HistoryRow(*row, 1, "chart", T0) for row in rows_of(f"{turn} {number} {time.time_ns()}", 100)] for number in range(APPENDS)]
    log = folder / "beatporter.db-wal"
    figures: Figures = {"loaded_mb": memory_mb()}
    start = time.perf_counter()
    ledger = open_ledger(address)
    figures["open_ms"] = (time.perf_counter() - start) * 1000

    def look_up() -> None:
        known = ledger.history.known(playlist_id(0), *wanted)
        assert (len(known.track_ids), len(known.isrcs), len(known.recordings)) == (50, 50, 50), "wrong answer"

    wanted = next(asked)
    figures["first_ms"] = timed(look_up)
    times = []
    for wanted in asked:  # noqa: B007 - `look_up` reads it
        times.append(timed_twice(look_up))
    figures |= summary("lookup", times)
    appends, floors, settles, before = [], [], [], 0.0
    for number, rows in enumerate(made):
        if number == 2:
            before = memory_mb()
        appends.append(timed_twice(partial(ledger.history.append, playlist_id(number % PLAYLISTS), rows)))
        full = log.exists() and log.stat().st_size >= SETTLE_BYTES
        took = timed(ledger.database.settle)
        settles += [took] if full else []
        floors.append(timed(floor))
    figures |= summary("append", appends)
    figures |= {"floor_ms": statistics.median(floors), "growth_mb": memory_mb() - before, "peak_mb": memory_mb("VmHWM")}
    everywhere = [timed(partial(ledger.history.known, None, *wanted)) for _ in range(3)]
    figures |= {"all_playlists_ms": statistics.median(everywhere), "peak_all_mb": memory_mb("VmHWM")}
    figures |= {"settles": len(settles), "settle_ms": statistics.median(settles or [0.0]), "settle_longest_ms": max(settles, default=0.0)}
    figures["close_ms"] = timed(ledger.close)
    return figures | _room(folder, address)


def _room(folder: Path, address: str) -> Figures:
    """Bytes on disk of the current history, including all indices."""
    from beatporter.ledger.database import Database

    database = Database(address)
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM history").scalar_one()
        asked = "SELECT pg_total_relation_size('history')"
        size = (folder / "beatporter.db").stat().st_size if database.is_sqlite else connection.exec_driver_sql(asked).scalar_one()
    database.close()
    return {"disk_mb": size / 1e6, "bytes_a_row": size / rows}


def make_old(folder: Path, rows: int) -> None:
    """The replaced script's file."""
    import pandas as pd

    frames = [old_frame(number, batch) for number in range(PLAYLISTS) for batch in batches_of(number, rows // PLAYLISTS)]
    pd.concat(frames, ignore_index=True).to_parquet(folder / "history.parquet.gz", compression="gzip", index=False)
    write_asked(folder, rows)


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


def measure_old(folder: Path, turn: int) -> Figures:
    """Read completely, concatenated, written back; a look-up reads one playlist's rows."""
    import pandas as pd

    path, asked, floor = folder / "history.parquet.gz", iter(read_asked(folder)), disk_floor(folder)
    made = [rows_of(f"{turn} {number} {time.time_ns()}", 100) for number in range(3)]
    figures: Figures = {"loaded_mb": memory_mb(), "open_ms": 0.0, "disk_mb": path.stat().st_size / 1e6}

    def look_up() -> None:
        tracks, _, recordings = next(asked)
        found = pd.read_parquet(path, filters=[("playlist_id", "=", playlist_id(0))])
        assert int(found["track_id"].isin(tracks).sum()) == int(found["artist_name"].isin(recordings).sum()) == 50, "wrong answer"

    def append(number: int) -> None:
        added = old_frame(number, made[number])
        pd.concat([pd.read_parquet(path), added], ignore_index=True).to_parquet(path, compression="gzip", index=False)

    figures["first_ms"] = timed(look_up)
    figures |= summary("lookup", [timed_twice(look_up) for _ in range(2)])
    appends, floors = [], []
    for number in range(len(made)):
        appends.append(timed_twice(partial(append, number)))
        floors.append(timed(floor))
    rows = len(pd.read_parquet(path, columns=["track_id"]))
    figures |= {"floor_ms": statistics.median(floors), "peak_mb": memory_mb("VmHWM"), "bytes_a_row": path.stat().st_size / rows}
    return figures | summary("append", appends)


def make_decisions(folder: Path, rows: int) -> None:
    """Decisions on SQLite."""
    from beatporter.ledger.ledger import open_ledger
    from beatporter.records.match import Match

    with open_ledger(folder / "beatporter.db") as ledger:
        for start in range(0, rows, 50_000):
            found = enumerate(rows_of(f"decisions {start}", min(50_000, rows - start)), start)
            ledger.matches.append(
                [
                    Match(n, isrc, track_id, "isrc", 98.0, "same", "1", T0, None, ("same isrc",), f"Title {n}", (f"Artist {n}",))
                    for n, (track_id, isrc, _) in found
                ]
            )
            ledger.database.settle()
    ledger.close()
    (folder / "asked.json").write_text("[]")


def measure_decisions(folder: Path, turn: int) -> Figures:
    """A chart's 100 decisions: ids of the newest twentieth, and ids spread over all."""
    from beatporter.ledger.ledger import open_ledger

    ledger, rows, luck = open_ledger(folder / "beatporter.db"), int(folder.name.rpartition("-")[2]), random.Random(turn)
    figures: Figures = {"loaded_mb": memory_mb()}
    for name, first in (("near", rows - rows // 20), ("far", 0)):
        figures |= summary(name, [timed_twice(partial(ledger.matches.latest, ids)) for ids in _samples(luck, range(first, rows))])
    found = ledger.matches.latest(luck.sample(range(rows), 100))
    assert len(found) == 100, "wrong answer"
    tracks = [match.track_id for match in found.values() if match.track_id]
    figures |= summary("by_track", [timed_twice(partial(ledger.matches.by_track, [track])) for track in tracks[:9]])
    size = (folder / "beatporter.db").stat().st_size
    return figures | {"peak_mb": memory_mb("VmHWM"), "disk_mb": size / 1e6, "bytes_a_row": size / rows}


def _samples(luck: random.Random, ids: range) -> list[list[int]]:
    return [luck.sample(ids, 100) for _ in range(7)]


WAYS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path, int], Figures]]] = {
    "sqlite": (make_ledger, measure_ledger),
    "postgres": (make_ledger, measure_ledger),
    "old": (make_old, measure_old),
    "decisions": (make_decisions, measure_decisions),
}
