"""How row groups, compression, dictionaries and keys were chosen: `python -m bench.ledger_layout`.

One playlist of 500,000 tracks (a twentieth of ten million) is written in each layout and asked for 100 ids, 100 ISRCs and 100
recordings, in turns and in processes of their own. Results go to bench/ledger_layout.md; docs/decisions/ledger-parquet-layout.md says
what they came to.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.ledger_ways import PLAYLISTS, T0, Figures, memory_mb, playlist_id, read_asked, rows_of_seed, timed_twice, write_asked

ROWS = 500_000
RESULTS = Path(__file__).with_suffix(".md")
OURS: dict[str, Any] = {"compression": "zstd", "row_group": 65_536, "dictionary": ["source"], "statistics": ["track_id", "added_at"]}
LAYOUTS: dict[str, dict[str, Any]] = {
    "as it is: zstd, 65,536 rows, keys": OURS,
    "row groups of 4,096": OURS | {"row_group": 4_096},
    "row groups of 16,384": OURS | {"row_group": 16_384},
    "row groups of 262,144": OURS | {"row_group": 262_144},
    "no compression": OURS | {"compression": "none"},
    "snappy": OURS | {"compression": "snappy"},
    "gzip": OURS | {"compression": "gzip"},
    "dictionaries for every column": OURS | {"dictionary": True},
    "statistics of every column": OURS | {"statistics": True},
    "no keys: texts compared": OURS | {"texts": True},
}


def make(place: Path, layout: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    from beatporter.ledger.columns import make_batch
    from beatporter.ledger.history import columns_of
    from beatporter.ledger.tables import HISTORY
    from beatporter.records.ledger import HistoryRow

    folder = place / "history" / f"playlist_id={playlist_id(0)}"
    folder.mkdir(parents=True)
    found = sorted(rows_of_seed(0, ROWS))
    with pq.ParquetWriter(
        folder / f"part-{0:032x}.parquet",
        HISTORY.schema,
        compression=layout["compression"],
        use_dictionary=layout["dictionary"],
        write_statistics=layout["statistics"],
        store_schema=False,
        write_page_checksum=True,
    ) as out:
        for start in range(0, ROWS, layout["row_group"]):
            piece = [
                HistoryRow(*row, 1_000 + n, "chart", T0 + timedelta(seconds=n))
                for n, row in enumerate(found[start : start + layout["row_group"]])
            ]
            out.write_batch(make_batch(HISTORY.schema, columns_of(piece)))
    write_asked(place, ROWS * PLAYLISTS)


def measure(place: Path, layout: dict[str, Any]) -> Figures:
    from beatporter.ledger.ledger import open_ledger

    ledger, asked = open_ledger(place), read_asked(place)
    path = place / ledger.home.files("history")[0].path

    def look_up() -> None:
        known = ledger.history.known(playlist_id(0), *asked)
        assert len(known.track_ids) == len(known.isrcs) == len(known.recordings) == 50

    act = (lambda: look_up_texts(path, asked)) if layout.get("texts") else look_up
    if layout.get("texts"):
        import pyarrow.compute  # noqa: F401 - loaded before memory is looked at
    loaded = memory_mb()
    act()
    times = [timed_twice(act)[1] for _ in range(9)]
    return {"ms": statistics.median(times), "above_mb": memory_mb("VmHWM") - loaded, "disk_mb": path.stat().st_size / 1e6}


def look_up_texts(path: Path, asked: list[list[str]]) -> None:
    """The same question without keys: texts against texts, with Arrow's own functions."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, pre_buffer=False)
    for column, texts in zip(("track_id", "isrc", "recording"), asked, strict=True):
        wanted, found = pa.array(texts), 0
        for group in range(file.metadata.num_row_groups):
            values = file.read_row_group(group, [column], use_threads=False).column(0)
            found += pc.sum(pc.is_in(values, wanted)).as_py() or 0
        assert found == 50


def in_own_process(act: str, place: Path, name: str) -> Figures:
    command = [sys.executable, "-m", "bench.ledger_layout", "--step", act, str(place), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        act, place, name = arguments.step
        print(json.dumps({"make": make, "measure": measure}[act](Path(place), LAYOUTS[name]) or {}))
        return
    results: dict[str, list[Figures]] = {name: [] for name in LAYOUTS}
    with tempfile.TemporaryDirectory(prefix="beatporter-layout-") as folder:
        places = {name: Path(folder) / str(number) for number, name in enumerate(LAYOUTS)}
        for name, place in places.items():
            in_own_process("make", place, name)
        for _ in range(arguments.rounds):
            for name, place in places.items():
                results[name].append(in_own_process("measure", place, name))
    lines = [
        "# Layouts of a history file",
        "",
        f"`python -m bench.ledger_layout`, {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f},"
        f" medians of {arguments.rounds} rounds: {ROWS:,} rows, 100 ids, 100 ISRCs and 100 recordings looked up at once.",
        "",
        "| layout | look-up, ms of work | MB above the libraries | on disk MB |",
        "|---|--:|--:|--:|",
    ]
    for name, rounds in results.items():
        ms, above, disk = (statistics.median(figures[key] for figures in rounds) for key in ("ms", "above_mb", "disk_mb"))
        lines.append(f"| {name} | {ms:.1f} | {above:.1f} | {disk:.1f} |")
    RESULTS.write_text("\n".join(lines) + "\n")
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
