"""Archiving: new rows are written once, whatever stops a run; an archive of another ledger, or ahead of this one, is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from beatporter.errors import LedgerCorrupt, LedgerUnavailable, LedgerUnwritable, SettingsError
from beatporter.ledger.archive import archive, only_one
from beatporter.ledger.archive_files import list_archive
from beatporter.ledger.archive_storage import ArchiveStorage, FolderStorage, open_storage
from beatporter.ledger.archive_tables import ARCHIVED
from beatporter.ledger.check import check
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.rebuild import rebuild
from beatporter.ledger.tables import HISTORY
from beatporter.records.ledger import BackupRow, HistoryRow, SnapshotRow
from tests.contract.ledger.archive_cases import ODD, T0, folder_place, playlist, rows_of, track, write_day
from tests.contract.ledger.conftest import NewDatabase
from tests.contract.ledger.frozen_databases import load

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


NAMES_OF_0009 = {
    "charts/part-000000000001-000000000003-f7319abcf15f1642.parquet",
    "matches/part-000000000001-000000000006-8a69df6c4afdc933.parquet",
    "history/part-000000000001-000000000008-58d9787d413d66a9.parquet",
    "backup_changes/part-000000000001-000000000004-3bb8ca7eda9703c6.parquet",
    "backups/part-000000000001-000000000004-71e859853755c1ac.parquet",
    "playlists/part-000000000001-000000000001-49df6aaf4394e4cc.parquet",
    "corrections/part-000000000001-000000000001-41e63ee49c4bbfd0.parquet",
    "audits/part-000000000001-000000000002-6786b4d4045314cd.parquet",
    "runs/part-000000000001-000000000003-eb51f60cbe21477b.parquet",
    "challenges/part-000000000001-000000000002-443111dbfc78fa51.parquet",
    "chart_reads/part-000000000001-000000000002-2fcfca4270a443ff.parquet",
    "snapshots/whole-000001-ab1f691e034a8627.parquet",
    "calls/whole-000001-e1e2d51fc1e4cd21.parquet",
}
"""The files of `versions/0009.sql`, as they were written on the day when that file was made. People have such archives."""


class Killed(BaseException):
    """Ends a run at once."""


def open_rebuilt(storage: ArchiveStorage, address: str | Path) -> Ledger:
    made = open_ledger(address)
    rebuild(storage, made)
    return made


def test_a_run_writes_new_rows_and_a_second_run_writes_nothing(ledger: Ledger, storage: ArchiveStorage, new_database: NewDatabase) -> None:
    write_day(ledger, 0)
    first = archive(ledger, storage, NOW)
    assert {file.table for file in first} == {archived.name for archived in ARCHIVED}
    assert archive(ledger, storage, NOW + timedelta(days=1)) == [], "nothing was new"
    write_day(ledger, 1)
    second = {file.table: file.rows for file in archive(ledger, storage, NOW + timedelta(days=1))}
    assert second["history"] == 2, "one track per playlist was new that day"
    assert second["charts"] == 10
    assert all(file.path.split("/")[1] == "day=2026-12-01" for file in first)
    assert rows_of(open_rebuilt(storage, new_database())) == rows_of(ledger)


def test_the_same_rows_have_the_same_digests_for_ever(tmp_path: Path) -> None:
    """Otherwise every archive out there would be reported as damaged."""
    made = open_ledger(load("0009", tmp_path / "beatporter.db"))
    written = archive(made, open_storage(str(tmp_path / "archive")), NOW)
    assert {file.path.replace(f"/day={NOW:%Y-%m-%d}", "") for file in written} == NAMES_OF_0009


def test_a_backup_that_changes_nothing_may_come_last(ledger: Ledger, storage: ArchiveStorage, new_database: NewDatabase) -> None:
    """Its number has no changes to archive; the next one's must follow without being reported as missing."""
    for number, rows in enumerate([["a"], ["a"], ["b", "a"]]):
        ledger.backups.append("P", f"s{number}", T0, [BackupRow(n, None, None, name, (), None) for n, name in enumerate(rows)])
        archive(ledger, storage, NOW)
        assert rows_of(open_rebuilt(storage, new_database())) == rows_of(ledger), number


def test_a_changing_table_is_kept_once(ledger: Ledger, storage: ArchiveStorage) -> None:
    write_day(ledger, 0)
    archive(ledger, storage, NOW)
    ledger.snapshots.save(SnapshotRow(playlist(5), "recorded", "s", T0 + timedelta(days=9)))
    assert [file.table for file in archive(ledger, storage, NOW)] == ["snapshots"], "the calls did not change"
    assert len([path for path in storage.files() if path.startswith("snapshots/")]) == 1


@pytest.mark.parametrize("rows_a_file", [1, 3, 500_000])
def test_a_file_ends_where_a_number_ends(ledger: Ledger, tmp_path: Path, rows_a_file: int) -> None:
    for day in range(3):
        write_day(ledger, day)
    storage = folder_place(tmp_path)
    archive(ledger, storage, NOW, rows_a_file=rows_a_file)
    for path in [path for path in storage.files() if "part-" in path]:
        numbers = pq.read_table(Path(storage.name) / path, partitioning=None).column(0).to_pylist()
        first, last = (int(part) for part in path.split("part-")[1].split("-")[:2])
        assert first <= min(numbers) <= max(numbers) <= last, path
        assert len([number for number in numbers if number != max(numbers)]) < rows_a_file, f"{path} might have ended before"
    assert list_archive(storage).problems == []


@pytest.mark.parametrize("stop", range(10))
def test_a_run_killed_at_any_file_is_continued(tmp_path: Path, stop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, storage = open_ledger(tmp_path / "ledger.db"), folder_place(tmp_path)
    write_day(ledger, 0)
    archive(ledger, storage, NOW)
    write_day(ledger, 1)
    put, count = type(storage).put, iter(range(99))

    def killed(self: ArchiveStorage, draft: BinaryIO, path: str) -> None:
        if next(count) == stop:
            raise Killed
        put(self, draft, path)

    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "put", killed)
        with pytest.raises(Killed):
            archive(ledger, storage, NOW)
    assert check(open_rebuilt(storage, tmp_path / "before.db")).problems == [], "what exists is a valid archive, only incomplete"
    archive(ledger, storage, NOW)
    assert rows_of(open_rebuilt(storage, tmp_path / "after.db")) == rows_of(ledger)


def test_drafts_of_a_killed_run_are_removed(ledger: Ledger, tmp_path: Path) -> None:
    storage = folder_place(tmp_path)
    left = Path(storage.name) / ".draft-killed"
    left.parent.mkdir()
    left.write_bytes(b"half")
    write_day(ledger, 0)
    archive(ledger, storage, NOW)
    assert not left.exists()


def test_rows_that_commit_late_are_waited_for(ledger: Ledger, tmp_path: Path) -> None:
    """PostgreSQL numbers a row when it is sent; a row with a higher number may be visible before it."""
    storage = folder_place(tmp_path)
    write_day(ledger, 0)
    begun, end = threading.Event(), threading.Event()

    def slow() -> None:
        with ledger.transaction():
            ledger.history.append(playlist(5), [HistoryRow("late", None, "", None, "chart", T0)])
            begun.set()
            end.wait(20)

    writer = threading.Thread(target=slow)
    writer.start()
    begun.wait(20)
    if not ledger.database.is_sqlite:  # SQLite has one writer at a time
        ledger.history.append(playlist(6), [HistoryRow("early", None, "", None, "chart", T0)])
    threading.Timer(0.5, end.set).start()
    if ledger.database.is_sqlite:
        end.set()
        writer.join()
    archive(ledger, storage, NOW)
    writer.join()
    archive(ledger, storage, NOW)
    assert rows_of(open_rebuilt(storage, tmp_path / "after.db"))["history"] == rows_of(ledger)["history"]


def test_a_second_run_at_the_same_time_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    storage = folder_place(tmp_path)
    write_day(ledger, 0)
    with only_one(ledger.database), pytest.raises(LedgerUnavailable, match="Another run"):
        archive(ledger, storage, NOW)
    assert archive(ledger, storage, NOW)


def test_the_archive_of_another_ledger_is_refused(ledger: Ledger, storage: ArchiveStorage, new_database: NewDatabase) -> None:
    write_day(ledger, 0)
    archive(ledger, storage, NOW)
    other = open_ledger(new_database())
    write_day(other, 0)
    before = storage.files()
    with pytest.raises(SettingsError, match="another ledger") as refused:
        archive(other, storage, NOW)
    assert storage.name in str(refused.value)
    assert storage.files() == before
    other.close()


def test_an_archive_that_is_ahead_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """The ledger was restored from an older copy."""
    storage = folder_place(tmp_path)
    write_day(ledger, 0)
    write_day(ledger, 1)
    archive(ledger, storage, NOW)
    with ledger.transaction() as connection:
        connection.execute(HISTORY.delete().where(HISTORY.c.id > 8))
    with pytest.raises(LedgerCorrupt, match=r"reaches row \d+ and the ledger row 8 in table history"):
        archive(ledger, storage, NOW)


def test_a_ledger_that_diverged_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """Restored from an older copy, and written to since."""
    storage = folder_place(tmp_path)
    write_day(ledger, 0)
    archive(ledger, storage, NOW)
    with ledger.transaction() as connection:
        connection.execute(HISTORY.update().where(HISTORY.c.id == 8).values(recording="another"))
    write_day(ledger, 1)
    with pytest.raises(LedgerCorrupt, match="other rows than the ledger in table history"):
        archive(ledger, storage, NOW)


def test_a_missing_file_is_named_and_nothing_is_written(ledger: Ledger, tmp_path: Path) -> None:
    storage = folder_place(tmp_path)
    for day in range(3):
        write_day(ledger, day)
        archive(ledger, storage, NOW + timedelta(days=day))
    files = [path for path in storage.files() if path.startswith("history/")]
    storage.delete(files[1])
    write_day(ledger, 3)
    with pytest.raises(LedgerCorrupt, match=r"Rows \d+ to \d+ of history are missing"):
        archive(ledger, storage, NOW)


def test_an_unwritable_storage_is_named(ledger: Ledger, tmp_path: Path) -> None:
    write_day(ledger, 0)
    (tmp_path / "file").touch()
    with pytest.raises(LedgerUnwritable, match="file"):
        archive(ledger, FolderStorage(tmp_path / "file"), NOW)
    with pytest.raises(SettingsError, match="s3://"):
        open_storage("s3://bucket")


def test_a_full_disk_leaves_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "archive")
    write_day(ledger, 0)

    def full(_: object, __: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("beatporter.ledger.archive.pq.ParquetWriter.write_batch", full)
    with pytest.raises(LedgerUnwritable, match="no space"):
        archive(ledger, storage, NOW)
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []


@pytest.fixture
def folder(ledger: Ledger, tmp_path: Path) -> Path:
    """An archive of three days in a folder."""
    storage = folder_place(tmp_path)
    for day in range(3):
        write_day(ledger, day)
        archive(ledger, storage, NOW + timedelta(days=day))
    return Path(storage.name)


QUESTION = "SELECT track_id, playlist_id, added_at, day FROM {} WHERE beatport_id IS NOT NULL ORDER BY id"


def asked_of_duckdb(folder: Path) -> list[tuple[object, ...]]:
    table = f"read_parquet('{folder}/history/*/*.parquet', hive_partitioning = true)"
    return duckdb.sql("SET TimeZone = 'UTC'; " + QUESTION.format(table)).fetchall()


def asked_of_polars(folder: Path) -> list[tuple[object, ...]]:
    found = pl.read_parquet(folder / "history/**/*.parquet", hive_partitioning=True).sort("id")
    return found.filter(pl.col("beatport_id").is_not_null()).select("track_id", "playlist_id", "added_at", "day").rows()


def asked_of_pandas(folder: Path) -> list[tuple[object, ...]]:
    found = pd.read_parquet(folder / "history").sort_values("id")
    found = found[found.beatport_id.notna()]
    days = [datetime.fromisoformat(str(day)).date() for day in found.day]
    return list(zip(found.track_id, found.playlist_id, [at.to_pydatetime() for at in found.added_at], days, strict=True))


@pytest.mark.parametrize("ask", [asked_of_duckdb, asked_of_polars, asked_of_pandas])
def test_other_tools_read_the_files(folder: Path, ask: Callable[[Path], list[tuple[object, ...]]]) -> None:
    expected = []
    for day in range(3):
        at = T0 + timedelta(days=day)
        for genre_id in (5, 6):
            rows = [(track(n), playlist(genre_id), at, (NOW + timedelta(days=day)).date()) for n in range(day, day + 4) if n % 2]
            expected += [row for row in rows if day == 0 or row[0] == track(day + 3)]
    assert [(*row[:2], row[2].astimezone(UTC), row[3]) for row in ask(folder)] == expected  # type: ignore[attr-defined]


def test_a_person_reads_a_chart_and_a_backup(folder: Path) -> None:
    charts = duckdb.read_parquet(f"{folder}/charts/*/*.parquet").filter("genre_id = 5").order("scraped_at, position")
    assert charts.project("position, name, artists").fetchall()[0] == (1, f"{ODD} 1", ["Ada", ODD])
    changes = duckdb.read_parquet(f"{folder}/backup_changes/*/*.parquet").filter(f"playlist_id = '{playlist(5)}'")
    assert (track(2),) in changes.filter("snapshot_id = 'state 2'").project("track_id").fetchall()


def test_archived_values_keep_their_types(folder: Path) -> None:
    for path in folder.rglob("*.parquet"):
        for column in pq.read_schema(path):
            if column.name.endswith("_at") or column.name in ("at", "until"):
                assert str(column.type) == "timestamp[ms, tz=UTC]", f"{path}: {column}"
            if column.name in ("artists", "remixers", "sending", "reasons"):
                assert str(column.type).startswith("list<"), f"{path}: {column}"
            if column.name in ("track_id", "playlist_id", "replaces", "isrc"):
                assert str(column.type) == "string", f"{path}: {column}"
