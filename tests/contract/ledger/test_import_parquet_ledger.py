"""Importing a ledger from the time before it was a database: nothing is lost or duplicated, and damage is reported."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger import import_parquet_ledger, parquet_ledger
from beatporter.ledger.archive_storage import Access, gcs_filesystem, open_storage
from beatporter.ledger.import_parquet_ledger import TableTaken, import_ledger
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.parquet_ledger import refuse_forgotten
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import (
    BackupInfo,
    BackupRow,
    CallRow,
    CorrectionRow,
    HistoryRow,
    RememberedPlaylist,
    RunRow,
    SnapshotRow,
)
from beatporter.records.match import Match, RunnerUp
from tests.contract.ledger.all_rows import contents
from tests.contract.ledger.conftest import BUCKET
from tests.contract.ledger.parquet_ledger_files import older_digest, write_older

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR_LATER = T0 + timedelta(hours=1)
ONE, TWO, THREE = (f"{n:022}" for n in (1, 2, 3))
ODD = "P/ ü=%"
"""A playlist id that cannot be a folder's name."""

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""For tests where the kind of database makes no difference."""


def write_history(root: Path, rows: list[HistoryRow], playlist_id: str = ODD, **options: Any) -> Path:
    rows = sorted(rows, key=lambda row: row.track_id)
    columns = {
        "track_id": [row.track_id for row in rows],
        **{name: [7] * len(rows) for name in ("track_key", "isrc_key", "recording_key")},
        "added_at": [row.added_at for row in rows],
        "isrc": [row.isrc for row in rows],
        "recording": [row.recording for row in rows],
        "beatport_id": [row.beatport_id for row in rows],
        "source": [row.source for row in rows],
    }
    return write_older(root, "history", {"playlist_id": playlist_id}, columns, **options)


def write_backup(root: Path, snapshot_id: str, taken_at: datetime, track_ids: list[str | None]) -> Path:
    rows = len(track_ids)
    columns: dict[str, list[Any]] = {
        "position": list(range(rows)),
        "track_id": list(track_ids),
        "isrc": [None] * rows,
        "name": [f"name of {track_id}" for track_id in track_ids],
        "artists": [["A", "B"]] * rows,
        "added_at": [None, *[T0] * rows][:rows],
        "taken_at": [taken_at] * rows,
        "snapshot_id": [snapshot_id] * rows,
    }
    about = {"playlist_id": ODD, "snapshot_id": snapshot_id}
    return write_older(root, "backups", {"playlist_id": ODD}, columns, stamp=taken_at, about=about, digest=f"{int(snapshot_id[1:]):032x}")


def write_snapshot(root: Path, state: str, at: datetime, *, sending: bool = True) -> Path:
    columns: dict[str, list[Any]] = {"state": [state], "snapshot_id": ["s2"], "at": [at]}
    columns |= {"sending": [[ONE, TWO]], "sent_at": [T0]} if sending else {}  # columns that were added later
    return write_older(root, "snapshots", {"playlist_id": ODD}, columns, stamp=at)


def write_calls(root: Path, *rows: CallRow, kind: str = "part", about: dict[str, object] | None = None) -> Path:
    names = ("at", "kind", "count", "run_key", "until")
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    return write_older(root, "calls", {"date": "2026-11-20"}, columns, stamp=T0, kind=kind, about=about)


ENTRIES = (ChartEntry(1, 11, "Ünïcode, ☃", ("A", "B"), None, ("C",), "ISRC1", bpm=128), ChartEntry(2, 12, "Two", ("D",)))
NEARLY = RunnerUp(TWO, "N", ("C",), 50.5, "w")
FOUND = Match(11, "ISRC1", ONE, "search", 90.5, "same", "1", T0, None, ("why",), "One", ("A",), runners_up=(NEARLY,))
SPOKEN = Match(12, None, None, "person", 100.0, None, "1", T0, None)
FIRST = HistoryRow(ONE, "ISRC1", "a|one|", 11, "chart", T0)
CALLS = (CallRow(T0, "search", 5, "run"), CallRow(T0, "search", -2, "run"))
QUOTA = CallRow(T0, "quota", 0, "run", T0 + DAY)


def write_matches(root: Path, *rows: Match) -> Path:
    names = ("beatport_id", "isrc", "track_id", "method", "score", "version", "rules", "decided_at", "retry_at", "reasons")
    every = (*names, "track_name", "track_artists", "track_isrc", "misses")
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in every}
    columns["runners_up"] = [json.dumps([asdict(one) for one in row.runners_up]) if row.runners_up else None for row in rows]
    return write_older(root, "matches", {}, columns | {"track_key": [7] * len(rows)})


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """An older ledger with content in every table, partly merged, with the unmerged files still there."""
    root = tmp_path / "home" / "ledger"
    names = ("position", "beatport_id", "name", "mix_name", "artists", "remixers", "isrc", "release", "label", "length_ms", "bpm", "key")
    columns = {name: [getattr(entry, name) for entry in ENTRIES] for name in (*names, "publish_date")} | {"scraped_at": [T0, T0]}
    write_older(root, "charts", {"genre_id": 5, "date": "2026-11-20"}, columns, stamp=T0)
    both = {name: values * 2 for name, values in columns.items()} | {"scraped_at": [T0, T0, HOUR_LATER, HOUR_LATER]}
    write_older(root, "charts", {"genre_id": 5, "date": "2026-11-20"}, both, stamp=T0, kind="merged", about={"replaces": ["x"]})
    write_matches(root, FOUND, SPOKEN)
    write_matches(root, FOUND)
    write_history(root, [FIRST, HistoryRow(TWO, None, "", None, "playlist", T0)])
    later = replace(FIRST, beatport_id=None, source="import", added_at=T0 + DAY)
    write_history(root, [later, replace(later, isrc=None, recording="a|uno|")])
    write_history(root, [FIRST], kind="merged", about={"replaces": ["x"]})
    write_history(root, [HistoryRow(THREE, None, "", None, "import", T0)], "Q")
    write_backup(root, "s1", T0, [ONE, None])
    write_backup(root, "s2", T0 + DAY, [TWO, ONE, None])
    write_backup(root, "s3", T0 + 2 * DAY, [])
    write_snapshot(root, "written", T0, sending=False)
    write_snapshot(root, "writing", T0 + DAY)
    write_snapshot(root, "recorded", T0 + DAY)
    for number, name in ((0, "House"), (1, "My House")):
        columns = {"playlist_id": [ODD], "name": [name], "at": [T0 + number * DAY]}
        write_older(root, "playlists", {"genre_id": 5}, columns, stamp=T0 + number * DAY)
    write_older(root, "corrections", {}, {"beatport_id": [11], "replaces": [TWO], "track_id": [None], "at": [T0]}, stamp=T0)
    write_calls(root, *CALLS)
    write_calls(root, *CALLS, kind="merged", about={"replaces": ["x"]})
    write_calls(root, QUOTA, kind="quota")
    columns = {"state": ["failed"], "added": [1], "not_found": [2], "deferred": [3], "error": ["Õops"], "at": [T0]}
    write_older(root, "runs", {"genre_id": 5}, columns, stamp=T0)
    write_older(root, "listings", {"run_key": "run"}, {"playlist_id": [], "name": []}, stamp=T0)
    (root / "history" / "notes.parquet").write_bytes(b"not the ledger's")
    (root / "history" / "playlist_id=Q" / ".tmp-1-x").write_bytes(b"left by a process that died")
    return root


def take(ledger: Ledger, root: Path, *, dry_run: bool = False) -> dict[str, TableTaken]:
    return {taken.table: taken for taken in import_ledger(ledger, open_storage(str(root)), dry_run=dry_run)}


def test_the_test_files_equal_those_that_beatporter_wrote(tmp_path: Path) -> None:
    columns = {"state": ["written"], "snapshot_id": [None], "at": [T0], "sending": [["a", "ü"]], "sent_at": [T0]}
    path = write_older(tmp_path, "snapshots", {"playlist_id": "P/ ü"}, columns, stamp=T0)
    name = "snapshots/playlist_id=P%2F%20%C3%BC/part-20261120T063000Z-ea9d8356da3a93ed685c4c351ebd11c9.parquet"
    assert path.relative_to(tmp_path).as_posix() == name, "0.1.0 of November 2026 gave these rows that name"


class TestTaken:
    def test_every_table_is_imported_as_its_readers_saw_it(self, ledger: Ledger, older: Path) -> None:
        taken = take(ledger, older)
        assert ledger.charts.latest(5) == Chart(5, ENTRIES, HOUR_LATER)
        assert taken["charts"] == TableTaken("charts", files=2, read=6, new=4)
        assert ledger.matches.latest([11, 12]) == {11: FOUND, 12: SPOKEN}
        assert ledger.history.rows(ODD, [ONE, TWO]) == {ONE: FIRST, TWO: HistoryRow(TWO, None, "", None, "playlist", T0)}
        assert ledger.history.known(ODD, recordings=["a|uno|", "a|one|"]).recordings == {"a|uno|", "a|one|"}
        assert ledger.history.playlists() == [ODD, "Q"]
        assert taken["history"] == TableTaken("history", files=4, read=6, new=4)
        times = [("s1", T0, 2), ("s2", T0 + DAY, 3), ("s3", T0 + 2 * DAY, 0)]
        assert ledger.backups.all(ODD) == [BackupInfo(ODD, snapshot_id, at, rows) for snapshot_id, at, rows in times]
        assert list(ledger.backups.items(ODD, "s2")) == [
            BackupRow(0, TWO, None, f"name of {TWO}", ("A", "B"), None),
            BackupRow(1, ONE, None, f"name of {ONE}", ("A", "B"), T0),
            BackupRow(2, None, None, "name of None", ("A", "B"), T0),
        ]
        cautious = SnapshotRow(ODD, "writing", "s2", T0 + DAY, (ONE, TWO), T0)
        assert ledger.snapshots.latest(ODD) == cautious, "of two in one second the one that leaves more open"
        assert ledger.playlists.latest(5) == RememberedPlaylist(5, ODD, "My House", T0 + DAY)
        assert taken["playlists"].new == 2
        assert ledger.corrections.all() == [CorrectionRow(11, TWO, None, T0)]
        assert (ledger.calls.made_since(T0), ledger.calls.quota_until()) == (3, T0 + DAY)
        assert ledger.runs.latest(5) == RunRow(5, "failed", 1, 2, 3, "Õops", T0)

    def test_a_dry_run_reports_the_same_and_leaves_nothing(self, ledger: Ledger, older: Path) -> None:
        empty = contents(ledger)
        dry = take(ledger, older, dry_run=True)
        assert contents(ledger) == empty
        assert take(ledger, older) == dry

    def test_a_second_import_changes_nothing(self, ledger: Ledger, older: Path) -> None:
        take(ledger, older)
        once = contents(ledger)
        assert {table: taken.new for table, taken in take(ledger, older).items()} == dict.fromkeys(parquet_ledger.RECORDS, 0)
        assert contents(ledger) == once

    def test_a_state_from_before_its_columns_were_added_is_complete(self, ledger: Ledger, tmp_path: Path) -> None:
        write_snapshot(tmp_path, "recorded", T0, sending=False)
        take(ledger, tmp_path)
        assert ledger.snapshots.latest(ODD) == SnapshotRow(ODD, "recorded", "s2", T0)

    def test_the_earliest_row_of_a_track_counts_in_any_file(self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(import_parquet_ledger, "ROWS_AT_ONCE", 2)
        monkeypatch.setattr(parquet_ledger, "ROWS_AT_ONCE", 3)
        monkeypatch.setattr(parquet_ledger, "SMALL_BYTES", 0)
        for start in (3, 0, 7):
            write_history(tmp_path, [HistoryRow(f"{n:022}", None, f"r{n}", n, "chart", T0 + abs(start - n) * DAY) for n in range(10)])
        take(ledger, tmp_path)
        rows = ledger.history.rows(ODD, [f"{n:022}" for n in range(10)])
        found = {int(track_id): (row.added_at - T0).days for track_id, row in rows.items()}
        assert found == {n: min(abs(start - n) for start in (3, 0, 7)) for n in range(10)}
        assert {row.source for row in rows.values()} == {"chart"}

    def test_it_is_imported_from_a_bucket_too(self, ledger: Ledger, older: Path, emulator: str) -> None:
        filesystem, prefix = gcs_filesystem(endpoint=emulator), f"{BUCKET}/older {secrets.token_hex(4)}"
        for path in older.rglob("*.parquet"):
            with filesystem.open_output_stream(f"{prefix}/{path.relative_to(older).as_posix()}") as stream:
                stream.write(path.read_bytes())
        report = import_ledger(ledger, open_storage(f"gs://{prefix}", lambda: Access(filesystem)))
        assert sum(taken.read for taken in report) == 32
        assert ledger.history.rows(ODD, [ONE])[ONE] == FIRST


class TestBesideNewerRows:
    """Somebody already continued with a new database."""

    def test_an_earlier_date_counts_even_for_a_known_track(self, ledger: Ledger, older: Path) -> None:
        ledger.history.append(ODD, [HistoryRow(ONE, "ISRC1", "a|one|", 11, "chart", T0 + 9 * DAY)])
        take(ledger, older)
        assert ledger.history.rows(ODD, [ONE])[ONE].added_at == T0
        once = contents(ledger)
        take(ledger, older)
        assert contents(ledger) == once

    def test_newer_rows_stay(self, ledger: Ledger, older: Path) -> None:
        newer = SnapshotRow(ODD, "recorded", "s9", T0 + 9 * DAY)
        ledger.snapshots.save(newer)
        ledger.matches.append([Match(11, None, TWO, "person", 100.0, "same", "1", T0 + 9 * DAY, None)])
        ledger.charts.append(Chart(5, ENTRIES[:1], T0 + 9 * DAY))
        take(ledger, older)
        assert ledger.snapshots.latest(ODD) == newer
        assert ledger.matches.latest([11])[11].track_id == TWO
        assert ledger.charts.latest(5) == Chart(5, ENTRIES[:1], T0 + 9 * DAY)

    def test_older_states_are_skipped_and_counted(self, ledger: Ledger, older: Path) -> None:
        newest = ledger.backups.append(ODD, "s9", T0 + 9 * DAY, [])
        assert take(ledger, older)["backups"].left == 3
        assert ledger.backups.all(ODD) == [newest], "a state got a time that is not its own"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[60] ^= 4
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def rename_column(path: Path) -> None:
    """One bit of a footer: the column is then missing, and reads as nulls."""
    path.write_bytes(path.read_bytes().replace(b"isrc", b"hsrc"))


def swap(path: Path) -> None:
    """A file with the same layout but another's rows."""
    other = write_history(path.parents[2] / "elsewhere", [FIRST])
    path.write_bytes(other.read_bytes())


def empty(path: Path) -> None:
    path.write_bytes(b"")


@only_sqlite
class TestDamage:
    @pytest.mark.parametrize("damage", [flip, cut, rename_column, swap, empty])
    def test_damage_is_reported_and_nothing_is_imported(self, ledger: Ledger, older: Path, damage: Callable[[Path], None]) -> None:
        path = max((older / "history").rglob("part-*.parquet"), key=lambda path: path.stat().st_size)
        damage(path)
        before = contents(ledger)
        with pytest.raises(LedgerCorrupt) as raised:
            take(ledger, older)
        assert path.name in str(raised.value)
        assert contents(ledger) == before
        path.unlink()
        take(ledger, older)


@pytest.mark.slow
def test_every_flipped_bit_is_reported_or_changes_nothing(older: Path) -> None:
    for table in ("history", "backups"):
        path = max((older / table).rglob("part-*.parquet"), key=lambda path: path.stat().st_size)
        whole, rows = path.read_bytes(), _rows_of(older, path)
        for at in range(0, len(whole), 3):
            data = bytearray(whole)
            data[at] ^= 1 << at % 8
            path.write_bytes(bytes(data))
            try:
                assert _rows_of(older, path) == rows, f"bit {at % 8} of byte {at} of {table} changed rows silently"
            except LedgerCorrupt:
                continue
        path.write_bytes(whole)


def test_a_digest_covers_order_nulls_and_lengths() -> None:
    columns = {"name": ["ab", "c", None, ""], "artists": [["a", "b"], [], ["c"], []]}
    changes = {"name": [["a", "bc", None, ""], ["ab", "c", "", None]], "artists": [[["a"], ["b"], ["c"], []]]}
    digests = {older_digest("matches", columns | {name: value}) for name, values in changes.items() for value in values}
    assert len(digests | {older_digest("matches", columns)}) == 4


def _rows_of(root: Path, path: Path) -> list[dict[str, Any]]:
    parts = parquet_ledger.list_parts(open_storage(str(root)))
    return next(list(part.rows()) for part in parts if part.path == path.relative_to(root).as_posix())


@only_sqlite
class TestForgotten:
    def test_a_ledger_without_history_is_refused_beside_an_older_one(self, ledger: Ledger, older: Path) -> None:
        with pytest.raises(SettingsError) as raised:
            refuse_forgotten(older.parent, ledger)
        assert f"beatporter ledger import {older}" in str(raised.value)
        take(ledger, older)
        refuse_forgotten(older.parent, ledger)

    @pytest.mark.parametrize("left", ["nothing", "an empty folder", "another file"])
    def test_a_home_without_an_older_ledger_is_accepted(self, ledger: Ledger, tmp_path: Path, left: str) -> None:
        if left != "nothing":
            (tmp_path / "ledger" / "history" / "playlist_id=P").mkdir(parents=True)
        if left == "another file":
            (tmp_path / "ledger" / "history" / "playlist_id=P" / "mine.parquet").write_bytes(b"")
        refuse_forgotten(tmp_path, ledger)

    def test_a_folder_without_a_ledger_is_reported(self, ledger: Ledger, tmp_path: Path) -> None:
        for root in (tmp_path, tmp_path / "missing"):
            with pytest.raises(SettingsError, match="holds no ledger of an earlier Beatporter"):
                take(ledger, root)
