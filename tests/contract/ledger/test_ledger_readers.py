"""A ledger as it lies can be read by whatever reads hive-partitioned Parquet; here by Arrow's own dataset reader and by pandas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from beatporter.ledger.compaction import compact
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.tables import TABLES
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import HistoryRow

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two playlists, one of them with an odd name, a genre's chart, and what a writer at work leaves lying."""
    made = open_ledger(tmp_path / "ledger")
    for number in range(3):
        made.history.append("P", [HistoryRow(f"t{number}", None, "r", number, "chart", T0 + timedelta(days=number))])
    made.history.append("a/b ü", [HistoryRow("x", "I", "r", None, "import", T0)])
    made.charts.append(Chart(5, (ChartEntry(1, 70, "Ünïcode ☃", ("A", "B, C")),), T0))
    made.home.write("history/playlist_id=P/.tmp-7-unfinished", pa.py_buffer(b"half a file"))
    return made


def dataset(ledger: Ledger, table: str) -> ds.Dataset:
    keys = pa.schema([(key, pa.string()) for key in TABLES[table].partition_keys])
    return ds.dataset(Path(ledger.root) / table, format="parquet", partitioning=ds.partitioning(keys, flavor="hive"))


def test_partitions_become_columns_and_unfinished_files_are_skipped(ledger: Ledger) -> None:
    found = dataset(ledger, "history").to_table(columns=["playlist_id", "track_id", "added_at"]).to_pylist()
    assert sorted((row["playlist_id"], row["track_id"]) for row in found) == [("P", "t0"), ("P", "t1"), ("P", "t2"), ("a/b ü", "x")]
    assert min(row["added_at"] for row in found) == T0


def test_one_partition_is_read_alone(ledger: Ledger) -> None:
    found = dataset(ledger, "history").filter(ds.field("playlist_id") == "a/b ü")
    assert [row["isrc"] for row in found.to_table().to_pylist()] == ["I"]


def test_pandas_reads_a_table_by_its_folder(ledger: Ledger) -> None:
    frame = pd.read_parquet(Path(ledger.root) / "charts")
    assert (frame.loc[0, "name"], list(frame.loc[0, "artists"]), str(frame.loc[0, "genre_id"])) == ("Ünïcode ☃", ["A", "B, C"], "5")
    assert frame.loc[0, "scraped_at"] == pd.Timestamp(T0)


def test_between_compactions_a_row_may_stand_twice_and_distinct_sets_it_right(ledger: Ledger) -> None:
    compact(ledger, now=datetime.now(UTC))
    rows = dataset(ledger, "history").to_table(columns=["playlist_id", "track_id"]).to_pandas()
    assert len(rows[rows.playlist_id == "P"]) == 6, "docs/ledger.md says that merged files stand beside what they were made of"
    assert len(rows.drop_duplicates()) == 4
    compact(ledger, now=datetime.now(UTC) + timedelta(hours=2))
    assert dataset(ledger, "history").count_rows() == 4
