"""Rebuilding: the result equals the original; damaged, missing or duplicated files are named, and nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger.archive import archive
from beatporter.ledger.archive_storage import ArchiveStorage
from beatporter.ledger.check import check
from beatporter.ledger.column_types import clean
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.rebuild import rebuild
from beatporter.ledger.startup_check import check_before_run
from beatporter.ledger.tables import LEDGER, metadata
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, CorrectionRow, HistoryRow, RememberedPlaylist, RunRow, SnapshotRow
from beatporter.records.match import Match, RunnerUp
from tests.contract.ledger.archive_cases import T0, folder_place, playlist, rows_of, write_day
from tests.contract.ledger.conftest import NewDatabase

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_a_rebuilt_ledger_continues_the_lost_one(ledger: Ledger, storage: ArchiveStorage, new_database: NewDatabase) -> None:
    for day in range(3):
        write_day(ledger, day)
        archive(ledger, storage, NOW + timedelta(days=day))
    made = open_ledger(new_database())
    counts = rebuild(storage, made)
    assert rows_of(made) == rows_of(ledger)
    assert made.ledger_id == ledger.ledger_id
    assert counts["charts"] == 30
    assert archive(made, storage, NOW) == [], "the archive has it all"
    write_day(made, 3)
    assert archive(made, storage, NOW + timedelta(days=3)), "and archiving continues"
    again = open_ledger(new_database())
    rebuild(storage, again)
    assert rows_of(again) == rows_of(made)
    made.close()
    again.close()


def test_any_kind_of_database_is_rebuilt_from_any_other(ledger: Ledger, tmp_path: Path) -> None:
    write_day(ledger, 0)
    write_day(ledger, 1)
    archive(ledger, folder_place(tmp_path), NOW)
    made = open_ledger(tmp_path / "other.db")
    rebuild(folder_place(tmp_path), made)
    assert rows_of(made) == rows_of(ledger)


def test_a_ledger_that_is_not_empty_is_refused(ledger: Ledger, new_database: NewDatabase, tmp_path: Path) -> None:
    write_day(ledger, 0)
    archive(ledger, folder_place(tmp_path), NOW)
    with pytest.raises(SettingsError, match="not empty"):
        rebuild(folder_place(tmp_path), ledger)
    with pytest.raises(SettingsError, match="no archive"):
        rebuild(folder_place(tmp_path / "elsewhere"), open_ledger(new_database()))


def test_a_run_does_not_mistake_a_rebuilt_ledger_for_an_older_copy(tmp_path: Path) -> None:
    """The file that it replaces had counted its runs."""
    with open_ledger(tmp_path / "lost.db") as lost:
        write_day(lost, 0)
        archive(lost, folder_place(tmp_path), NOW)
        check_before_run(lost.database)
    lost.close()
    (tmp_path / "lost.db.runs").rename(tmp_path / "made.db.runs")
    made = open_ledger(tmp_path / "made.db")
    rebuild(folder_place(tmp_path), made)
    check_before_run(made.database)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive of three days."""
    folder = tmp_path_factory.mktemp("sound")
    with open_ledger(folder / "ledger.db") as made:
        for day in range(3):
            write_day(made, day)
            archive(made, folder_place(folder), NOW + timedelta(days=day))
    return folder / "archive"


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def zeroed(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[200:700] = bytes(500)
    file.write_bytes(data)


def another_text(file: Path) -> None:
    file.write_text("never Parquet")


def another_file(file: Path) -> None:
    shutil.copy(sorted(file.parents[1].glob("*/part-*"))[0], file)


@pytest.mark.parametrize("damage", [truncated, emptied, zeroed, another_text, another_file])
def test_a_damaged_file_is_named_and_nothing_is_written(sound: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    shutil.copytree(sound, tmp_path / "archive")
    file = sorted((tmp_path / "archive").glob("history/*/part-*"))[1]
    damage(file)
    made = open_ledger(tmp_path / "made.db")
    with pytest.raises(LedgerCorrupt, match=file.name):
        rebuild(folder_place(tmp_path), made)
    assert rows_of(made)["charts"] == [], "the tables before it were filled"
    shutil.copy(sound / file.relative_to(tmp_path / "archive"), file)
    rebuild(folder_place(tmp_path), made)


@pytest.mark.slow
def test_every_flipped_bit_is_noticed(sound: Path, tmp_path: Path) -> None:
    """Every 37th byte in turn: the rebuild fails and names the file, or the result equals the original."""
    shutil.copytree(sound, tmp_path / "archive")
    expected = open_ledger(tmp_path / "expected.db")
    rebuild(folder_place(tmp_path), expected)
    file = sorted((tmp_path / "archive").glob("corrections/*/part-*"))[1]
    data = file.read_bytes()
    made = open_ledger(tmp_path / "made.db")
    for at in range(0, len(data), 37):
        file.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
        said = ""
        try:
            rebuild(folder_place(tmp_path), made)
        except LedgerCorrupt as error:
            said = str(error)
        assert file.name in said or rows_of(made) == rows_of(expected), f"byte {at}"
        empty(made)


def empty(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not LEDGER:
                connection.execute(table.delete())
    ledger.database.playlist_numbers.clear()


def test_missing_files_are_named(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "archive")
    files = sorted((tmp_path / "archive").glob("history/*/*"))
    files[0].unlink()
    with pytest.raises(LedgerCorrupt, match="Rows 1 to 8 of history are missing"):
        rebuild(folder_place(tmp_path), open_ledger(tmp_path / "made.db"))


def test_a_missing_last_file_is_noticed_too(sound: Path, tmp_path: Path) -> None:
    """No file follows it, but the changing tables were archived after it and record how far the history reached."""
    shutil.copytree(sound, tmp_path / "archive")
    sorted((tmp_path / "archive").glob("history/*/*"))[-1].unlink()
    with pytest.raises(LedgerCorrupt, match="Rows 11 to 12 of history are missing"):
        rebuild(folder_place(tmp_path), open_ledger(tmp_path / "made.db"))


def test_duplicated_files_are_named(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, tmp_path / "archive")
    file = sorted((tmp_path / "archive").glob("history/*/*"))[1]
    (tmp_path / "archive" / "history" / "day=2027-01-01").mkdir()
    copied = tmp_path / "archive" / "history" / "day=2027-01-01" / file.name
    shutil.copy(file, copied)
    with pytest.raises(LedgerCorrupt, match=r"holds rows of history that another file holds too"):
        rebuild(folder_place(tmp_path), open_ledger(tmp_path / "made.db"))
    copied.rename(copied.with_name("mine.parquet"))
    with pytest.raises(LedgerCorrupt, match=r"mine.parquet is not a file of the archive"):
        rebuild(folder_place(tmp_path), open_ledger(tmp_path / "made.db"))


def test_a_newer_archive_is_refused(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beatporter.ledger.archive_files.HEAD", "0000")
    shutil.copytree(sound, tmp_path / "archive")
    with pytest.raises(SettingsError, match="newer Beatporter: its version is "):
        rebuild(folder_place(tmp_path), open_ledger(tmp_path / "made.db"))


texts = st.text(max_size=4) | st.sampled_from(["", "\0", "0", "é", "a" * 22, "7" * 22, "\U0001f39b", "\ud800"])
perhaps = st.none() | texts
times = st.integers(0, 400).map(lambda hours: T0 + timedelta(hours=hours))
ids = st.integers(1, 4)
names = st.lists(texts, max_size=3).map(tuple)
numbers = st.integers(-(2**63), 2**63 - 1)
entries = st.builds(
    ChartEntry,
    ids,
    numbers,
    texts,
    names,
    perhaps,
    names,
    perhaps,
    perhaps,
    perhaps,
    st.none() | numbers,
    st.none() | ids,
    perhaps,
    perhaps,
)
runners = st.lists(st.builds(RunnerUp, texts, texts, names, st.floats(0, 100), texts), max_size=2).map(tuple)
version = st.sampled_from([None, "same", "substitute"])
matches = st.builds(
    Match,
    beatport_id=ids,
    isrc=perhaps,
    track_id=perhaps,
    method=st.sampled_from(["isrc", "person"]),
    score=st.floats(allow_nan=False),
    version=version,
    rules=texts,
    decided_at=times,
    retry_at=st.none() | times,
    reasons=names,
    track_name=perhaps,
    track_artists=names,
    track_isrc=perhaps,
    misses=ids,
    runners_up=runners,
)
items = st.lists(st.builds(BackupRow, st.just(0), perhaps, perhaps, texts, names, st.none() | times), max_size=5)
remembered = st.builds(HistoryRow, texts.filter(clean), perhaps, texts, st.none() | ids, texts, times)
writes = st.one_of(
    st.tuples(st.just("chart"), ids, st.lists(entries, min_size=1, max_size=4, unique_by=lambda entry: entry.position), times),
    st.tuples(st.just("matches"), st.lists(matches, max_size=3)),
    st.tuples(
        st.just("history"),
        ids,
        st.lists(st.builds(HistoryRow, texts.filter(clean), perhaps, texts, st.none() | ids, texts, times), max_size=4),
    ),
    st.tuples(st.just("backup"), ids, texts, times, items),
    st.tuples(st.just("snapshot"), st.builds(SnapshotRow, ids.map(playlist), st.just("written"), perhaps, times, names, st.none() | times)),
    st.tuples(st.just("playlist"), st.builds(RememberedPlaylist, ids, texts, texts, times)),
    st.tuples(st.just("correction"), st.builds(CorrectionRow, ids, texts, perhaps, times)),
    st.tuples(st.just("run"), st.builds(RunRow, ids, texts, ids, ids, ids, perhaps, times)),
    st.tuples(st.just("calls"), st.lists(st.builds(CallRow, times, texts, ids, texts, st.none() | times), max_size=3)),
    st.tuples(st.just("archive"), st.integers(1, 3)),
)


def write(ledger: Ledger, storage: ArchiveStorage, what: str, *values: object) -> None:
    """One write, as in a run."""
    if what == "chart":
        genre_id, rows, at = values
        ledger.charts.append(Chart(genre_id, tuple(sorted(rows, key=lambda entry: entry.position)), at))  # type: ignore[arg-type, call-overload]
    elif what == "history":
        ledger.history.append(playlist(values[0]), values[1])  # type: ignore[arg-type]
    elif what == "backup":
        number, snapshot_id, at, rows = values
        numbered = [BackupRow(n, row.track_id, row.isrc, row.name, row.artists, row.added_at) for n, row in enumerate(rows)]  # type: ignore[arg-type, var-annotated]
        ledger.backups.append(playlist(number), snapshot_id, at, numbered)  # type: ignore[arg-type]
    elif what == "archive":
        archive(ledger, storage, NOW, rows_a_file=values[0])  # type: ignore[arg-type]
    else:
        table = {"matches": "matches", "playlist": "playlists", "correction": "corrections", "run": "runs", "calls": "calls"}.get(what)
        (getattr(ledger, table).append if table else ledger.snapshots.save)(values[0])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Ledger, Path]]:
    """Two ledgers and a folder for all examples: creating a database takes longer than an example. Rows are read in threes and fours."""
    folder = tmp_path_factory.mktemp("property")
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    one, other = (open_ledger(server.new_database() if server else folder / f"{name}.db") for name in ("one", "other"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("beatporter.ledger.archive_tables.ROWS_AT_ONCE", 3)
        patched.setattr("beatporter.ledger.archive_files.ROWS_AT_ONCE", 4)
        patched.setattr("beatporter.ledger.rebuild._REMEMBERED", 2)
        yield one, other, folder
    one.close()
    other.close()


@settings(max_examples=25)
@given(history=st.lists(writes, min_size=1, max_size=14))
def test_archiving_and_rebuilding_give_an_equal_ledger(pair: tuple[Ledger, Ledger, Path], history: list[tuple[object, ...]]) -> None:
    ledger, made, folder = pair
    storage = folder_place(folder)
    shutil.rmtree(storage.name, ignore_errors=True)
    empty(ledger)
    empty(made)
    for what, *values in [*history, ("archive", 2)]:
        write(ledger, storage, str(what), *values)
    if not storage.files():
        return  # nothing but empty lists was written
    rebuild(storage, made)
    before, after = rows_of(ledger), rows_of(made)
    used = {row[4] for row in before["backup_changes"]}  # a repeated backup adds its tracks too
    before["tracks"] = [row for row in before["tracks"] if row[0] in used]
    for name in before:
        assert after[name] == before[name], name
    assert check(made, storage).problems == []
