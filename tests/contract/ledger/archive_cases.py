"""Shared by the archive's tests: storages, days to write, and every row for comparison."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, select, type_coerce
from sqlalchemy.types import NullType

from beatporter.ledger.archive_storage import Access, ArchiveStorage, gcs_filesystem, open_storage
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import LISTED_PLAYLISTS, LISTINGS, metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    AuditRow,
    BackupRow,
    CallRow,
    ChartReadRow,
    CorrectionRow,
    HistoryRow,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match, RunnerUp

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ODD = "Ünder “Ⅳ” 🎛 \u202e'; DROP TABLE history; --"


def folder_place(folder: Path) -> ArchiveStorage:
    return open_storage(str(folder / "archive"))


def bucket_place(endpoint: str, bucket: str) -> ArchiveStorage:
    return open_storage(f"gs://{bucket}/test {secrets.token_hex(4)}", lambda: Access(gcs_filesystem(endpoint=endpoint)))


def write_day(ledger: Ledger, day: int) -> None:
    """Write a day's rows into every table; some repeat those of the day before."""
    at = T0 + timedelta(days=day)
    entries = [
        ChartEntry(n, 100 + n + day, f"{ODD} {n + day}", ("Ada", ODD), isrc=f"GB{n + day}", remixers=("R",), is_dj_version=n > 2)
        for n in range(1, 6)
    ]
    for genre_id in (5, 6):
        ledger.charts.append(Chart(genre_id, tuple(entries), at))
        ledger.playlists.append(RememberedPlaylist(genre_id, playlist(genre_id), f"House {day}", at))
        ledger.chart_reads.append(ChartReadRow(genre_id, "api", at, 5, None if day % 2 else 150, None if day % 2 else 900))
        ledger.runs.append(RunRow(genre_id, "failed" if day % 2 else "completed", day, 0, 0, ODD if day % 2 else None, at))
        for n in range(day, day + 4):
            row = HistoryRow(track(n), None if n % 3 else f"GB{n}", f"ada - {n}", n if n % 2 else None, "chart", at)
            ledger.history.append(playlist(genre_id), [row])
        held = [BackupRow(n, track(day - n), f"GB{n}", ODD, ("Ada",), at if n % 2 else None) for n in range(min(day, 7))]
        ledger.backups.append(playlist(genre_id), f"state {day}", at, [*held, BackupRow(len(held), None, None, "local", (), None)])
        ledger.snapshots.save(SnapshotRow(playlist(genre_id), "writing", None, at, (track(day), "odd id"), at))
    up = RunnerUp(track(9), ODD, ("Ada", "Bo"), 71.5, "length")
    for n in range(3):
        ledger.matches.append([Match(100 + n + day, None, track(n), "search", 99.5, "same", "7", at, None, (ODD,), runners_up=(up,))])
    ledger.matches.append([Match(900 + day, "GB", None, "isrc", 0.0, None, "7", at, at + timedelta(days=2), misses=day)])
    ledger.challenges.note_challenge("website", at)
    ledger.corrections.append(CorrectionRow(100 + day, track(day), None, at))
    ledger.audits.append(AuditRow(100 + day, track(day), "7", "same, sure", 40, "yes", at))
    ledger.calls.append([CallRow(at, "search", 3, f"run {day}"), CallRow(at, "quota", 0, f"run {day}", at + timedelta(hours=9))])


def track(number: int) -> str:
    return f"{number:022}"


def playlist(number: int) -> str:
    return f"playlist{number:014}"


def rows_of(ledger: Ledger) -> dict[str, list[Any]]:
    """Every row of every table except listings, as stored and not as records."""
    with ledger.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(_as_it_lies(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
            if table not in (LISTINGS, LISTED_PLAYLISTS)
        }


def _as_it_lies(table: Table) -> Select[Any]:
    return select(*(type_coerce(column, NullType) for column in table.columns))
