"""SQLite's file damaged, in the wrong place or on a full disk: our own error that names it, never a raw one, and never "not there"."""

from __future__ import annotations

import os
import pickle
import random
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from beatporter.errors import BeatporterError, LedgerCorrupt, LedgerUnwritable, SettingsError
from beatporter.ledger import engine
from beatporter.ledger.ledger import open_ledger
from beatporter.records.ledger import SnapshotRow
from tests.contract.ledger.child_processes import NOBODY, append_while_there_is_room, at_once, open_and_write_as_nobody, results_of
from tests.contract.ledger.sample_ledger import HOUSE, QUESTIONS, T0, answers, fill, steps_until


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's file, closed."""
    path = tmp_path_factory.mktemp("filled") / "beatporter.db"
    ledger = open_ledger(path)
    fill(ledger)
    ledger.close()
    return path


@pytest.fixture(scope="module")
def expected(filled: Path) -> dict[str, object]:
    ledger = open_ledger(filled)
    found = answers(ledger)
    ledger.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def page_size(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[16:18], "big")


def is_told_well(error: BeatporterError, path: Path) -> None:
    assert str(path) in error.what
    assert error.remedy
    assert "SELECT" not in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def is_right_or_told(path: Path, expected: dict[str, object]) -> int:
    """Run every query: each answer is right, or the damage is reported. Returns how often it was reported."""
    told = 0
    try:
        ledger = open_ledger(path)
    except LedgerCorrupt as error:
        is_told_well(error, path)
        return len(QUESTIONS)
    for name, ask in QUESTIONS.items():
        try:
            assert ask(ledger) == expected[name], f"another answer for {name}, without an error"
        except LedgerCorrupt as error:
            is_told_well(error, path)
            told += 1
    ledger.close()
    return told


class TestDamage:
    @pytest.mark.slow
    def test_a_zeroed_page_never_gives_an_answer(self, filled: Path, path: Path, expected: dict[str, object]) -> None:
        whole, size, told = filled.read_bytes(), page_size(filled), 0
        for page in range(len(whole) // size):
            damaged = path.with_name(f"page {page}.db")
            damaged.write_bytes(whole[: page * size] + bytes(size) + whole[(page + 1) * size :])
            told += is_right_or_told(damaged, expected) > 0
        assert told > 25, "the queries do not reach the pages"

    def test_a_file_cut_off_anywhere_never_gives_an_answer(self, filled: Path, path: Path, expected: dict[str, object]) -> None:
        whole, size = filled.read_bytes(), page_size(filled)
        lengths: list[int] = [
            1,
            15,
            99,
            100,
            511,
            512,
            size - 1,
            *range(size, len(whole), 4 * size),
            *range(size + 700, len(whole), 9 * size),
        ]
        in_the_last_page = [len(whole) - size + cut for cut in (0, 1, 512, 700, 1_024, size - 1)]
        for length in [*lengths, *in_the_last_page]:
            damaged = path.with_name(f"cut at {length}.db")
            damaged.write_bytes(whole[:length])
            assert is_right_or_told(damaged, expected) > 0, f"cut off after {length} of {len(whole)} bytes"

    def test_writing_to_a_damaged_file_raises_our_own_error(self, filled: Path, path: Path) -> None:
        whole, size, refused = filled.read_bytes(), page_size(filled), 0
        for page in range(1, len(whole) // size):
            damaged = path.with_name(f"page {page}.db")
            damaged.write_bytes(whole[: page * size] + bytes(size) + whole[(page + 1) * size :])
            try:
                ledger = open_ledger(damaged)
                for step in steps_until("9999"):
                    step.act(ledger)
            except LedgerCorrupt as error:
                refused += 1
                is_told_well(error, damaged)
        assert refused > 25

    @pytest.mark.parametrize("start", [b"", b"SQLite format 3\0", b"PAR1", b"CREATE TABLE x"])
    def test_a_foreign_file_is_reported_and_left_alone(self, path: Path, start: bytes) -> None:
        garbage = start + random.Random(3).randbytes(20_000)
        path.write_bytes(garbage)
        for _ in range(2):
            with pytest.raises(LedgerCorrupt, match=r"not a database|malformed") as caught:
                open_ledger(path)
            is_told_well(caught.value, path)
        assert path.read_bytes() == garbage
        assert [other.name for other in path.parent.iterdir()] == [path.name]

    def test_an_empty_file_is_one_whose_content_was_lost(self, path: Path) -> None:
        path.touch()
        with pytest.raises(LedgerCorrupt, match="cut off after 0 bytes") as caught:
            open_ledger(path)
        is_told_well(caught.value, path)
        assert path.stat().st_size == 0
        path.unlink()
        open_ledger(path).close()
        assert path.stat().st_size > 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not [other for other in path.parent.iterdir() if other.name.endswith(".new")]

    def test_a_new_file_is_never_there_with_nothing_in_it(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[int] = []
        link = os.link

        def watched(source: Path, target: Path) -> None:
            seen.append(source.stat().st_size)
            assert not target.exists()
            link(source, target)

        monkeypatch.setattr(os, "link", watched)
        open_ledger(path).close()
        assert seen
        assert min(seen) > 0

    def test_a_table_that_is_gone_is_told(self, filled: Path, path: Path) -> None:
        path.write_bytes(filled.read_bytes())
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE history")
        ledger = open_ledger(path)
        with pytest.raises(LedgerCorrupt, match="history") as caught:
            ledger.history.known(HOUSE, ["a"])
        is_told_well(caught.value, path)
        ledger.close()

    def test_a_removed_file_is_not_created_again(self, filled: Path, path: Path) -> None:
        path.write_bytes(filled.read_bytes())
        ledger = open_ledger(path)
        ledger.close()
        path.unlink()
        for ask in (lambda: ledger.history.playlists(), lambda: fill(ledger)):
            with pytest.raises(LedgerUnwritable) as caught:
                ask()
            is_told_well(caught.value, path)
        assert not path.exists()


class TestPlace:
    def test_a_folder_in_place_of_the_file_is_reported(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(LedgerUnwritable) as caught:
            open_ledger(path)
        is_told_well(caught.value, path)

    @pytest.mark.parametrize("below", ["ledger.db", "deep/down/ledger.db"])
    def test_a_file_in_place_of_the_folder_is_reported(self, tmp_path: Path, below: str) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(LedgerUnwritable, match=f"{tmp_path}/file") as caught:
            open_ledger(tmp_path / "file" / below)
        assert caught.value.remedy

    @pytest.mark.parametrize("name", ["a?b.db", "50%20.db", "x#y.db", "ä ö ☃.db", "a&mode=memory.db", "'.db", ":memory:"])
    def test_any_character_may_be_in_a_path(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / f"in {name}"
        ledger = open_ledger(folder / name)
        fill(ledger)
        ledger.close()
        assert [path.name for path in folder.iterdir()] == [name]
        again = open_ledger(folder / name)
        assert again.history.playlists()
        again.close()

    def test_nobody_but_the_owner_reads_a_ledger(self, path: Path) -> None:
        before = os.umask(0)
        try:
            ledger = open_ledger(path)
            fill(ledger)
            modes = {other.name: stat.S_IMODE(other.stat().st_mode) for other in path.parent.iterdir()}
            ledger.close()
        finally:
            os.umask(before)
        assert modes == {path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}

    @pytest.mark.parametrize(
        ("file", "folder", "words"),
        [
            (0o400, 0o700, "readonly"),
            (0o000, 0o700, "unable to open"),
            (0o600, 0o500, "readonly"),
            (0o600, 0o000, "Permission denied"),
            (None, 0o500, "Permission denied"),
        ],
        ids=[
            "a file to read only",
            "a file that is closed to us",
            "a folder to read only",
            "a closed folder",
            "no file, a folder to read only",
        ],
    )
    def test_a_read_only_ledger_is_reported(self, filled: Path, shared: Path, file: int | None, folder: int, words: str) -> None:
        path = shared / "ledger.db"
        if file is not None:
            path.write_bytes(filled.read_bytes())
            path.chmod(file)
        if os.geteuid() == 0:
            for owned in (path, shared):
                if owned.exists():
                    os.chown(owned, NOBODY, NOBODY)
        shared.chmod(folder)
        (outcome,) = results_of(at_once(open_and_write_as_nobody, str(path), count=1))
        assert outcome["kind"] == "LedgerUnwritable", outcome
        assert words in outcome["what"]
        assert str(path) in outcome["what"]
        assert outcome["remedy"]

    @pytest.fixture
    def shared(self) -> Iterator[Path]:
        """A folder that another user can access: pytest's are private to their owner."""
        with tempfile.TemporaryDirectory(prefix="beatporter-shared-") as folder:
            Path(folder).chmod(0o755)
            inner = Path(folder) / "home"
            inner.mkdir()
            yield inner
            inner.chmod(0o700)


class TestRoom:
    def test_a_full_disk_is_reported_and_loses_nothing_saved(self, address: str) -> None:
        """A limit on file size acts like the end of a disk: in the middle of a write."""
        (kept,) = results_of(at_once(append_while_there_is_room, address, count=1))
        assert kept["error"] == "LedgerUnwritable", kept
        assert address in kept["what"]
        assert len(kept["playlists"]) > 3
        with open_ledger(address) as ledger:
            assert ledger.history.playlists() == sorted(kept["playlists"])
            for playlist_id in kept["playlists"]:
                assert len(list(ledger.history.track_ids(playlist_id))) == kept["rows"]
            with ledger.database.read() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            fill(ledger)
        ledger.close()

    def test_a_full_database_is_reported_and_its_transaction_rolled_back(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        open_ledger(path.with_name("other.db")).close()
        monkeypatch.setattr(engine, "PRAGMAS", (*engine.PRAGMAS, "max_page_count=75"))
        ledger = open_ledger(path)

        def fill_up() -> None:
            with ledger.transaction():
                ledger.snapshots.save(SnapshotRow("P", "writing", None, T0, tuple(f"{n:022}" for n in range(20_000))))

        with pytest.raises(LedgerUnwritable, match="full") as caught:
            fill_up()
        is_told_well(caught.value, path)
        assert ledger.snapshots.latest("P") is None
        ledger.snapshots.save(SnapshotRow("P", "writing", None, T0))
        ledger.close()

    def test_no_space_for_the_tables_leaves_no_half_ledger(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(engine, "PRAGMAS", (*engine.PRAGMAS, "max_page_count=20"))
            with pytest.raises(LedgerUnwritable, match="full") as caught:
                open_ledger(path)
            is_told_well(caught.value, path)
        engine._ENGINES.clear()
        ledger = open_ledger(path)
        fill(ledger)
        ledger.close()


class TestNetwork:
    MOUNTS = """
/dev/sda1 / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
nas:/music {there}/nas {kind} rw 0 0
/dev/sdb1 {there}/nas/local ext4 rw 0 0
systemd-1 {there}/auto autofs rw 0 0
//nas/x {there}/auto {kind} rw 0 0
//nas/x {there}/with\\040blank {kind} rw 0 0
"""

    @pytest.fixture(params=["nfs4", "cifs", "fuse.sshfs"])
    def mounts(self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A system with network drives; returns the folder that contains them."""
        listed, there = tmp_path / "mounts", tmp_path / "mnt"
        listed.write_text(self.MOUNTS.format(there=there, kind=request.param).lstrip())
        monkeypatch.setattr(engine, "MOUNTS", listed)
        return there

    @pytest.mark.parametrize("folder", ["nas", "nas/deep/down", "auto", "with blank"])
    def test_a_network_drive_is_refused(self, mounts: Path, folder: str) -> None:
        with pytest.raises(SettingsError, match=r"network drive.*postgresql://") as caught:
            open_ledger(mounts / folder / "ledger.db")
        assert str(mounts / folder) in caught.value.what
        assert not (mounts / folder / "ledger.db").exists()

    @pytest.mark.parametrize("folder", ["nas/local", "nasty", "other"])
    def test_a_local_one_is_not(self, mounts: Path, folder: str) -> None:
        open_ledger(mounts / folder / "ledger.db").close()

    def test_a_link_to_a_network_drive_is_refused(self, mounts: Path, tmp_path: Path) -> None:
        (mounts / "nas").mkdir(parents=True)
        (tmp_path / "link").symlink_to(mounts / "nas")
        with pytest.raises(SettingsError, match="network drive"):
            open_ledger(tmp_path / "link" / "ledger.db")

    def test_a_system_without_mount_information_is_trusted(self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "MOUNTS", tmp_path / "none")
        open_ledger(path).close()
