"""The ledger's tables keep the same promises in a bucket as in a folder: the unit tests' cases, on both homes."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from beatporter.ledger.ledger import Ledger
from tests.unit.test_ledger_facade import (  # noqa: F401
    TestBackups,
    TestCalls,
    TestCharts,
    TestDamage,
    TestHistory,
    TestMatches,
    TestSnapshotsPlaylistsListings,
)


class TestHome:
    def test_files_are_found_by_folder_with_their_size(self, ledger: Ledger) -> None:
        home = ledger.home
        home.write("a/b/one.parquet", pa.py_buffer(b"12345"))
        home.write("a/c d/two.parquet", pa.py_buffer(b""))
        assert [(file.path, file.size) for file in home.files("a")] == [("a/b/one.parquet", 5), ("a/c d/two.parquet", 0)]
        assert [file.path for file in home.files("")] == ["a/b/one.parquet", "a/c d/two.parquet"]
        assert home.files("none") == []
        assert home.folders("a") == ["b", "c d"]
        assert home.folders("none") == []
        assert (home.has("a/b/one.parquet"), home.has("a/b"), home.has("a/x")) == (True, False, False)

    def test_a_file_is_dated_by_the_homes_clock(self, ledger: Ledger) -> None:
        ledger.home.write("a/one", pa.py_buffer(b"1"))
        assert abs(ledger.home.files("a")[0].modified_s - time.time()) < 3600

    def test_a_file_that_is_gone_is_a_file_not_found(self, ledger: Ledger) -> None:
        for read in (ledger.home.read, ledger.home.open):
            with pytest.raises(FileNotFoundError):
                read("a/gone").read()  # type: ignore[attr-defined]

    def test_deleting_twice_is_deleting_once(self, ledger: Ledger) -> None:
        ledger.home.write("a/one", pa.py_buffer(b"1"))
        ledger.home.delete("a/one")
        ledger.home.delete("a/one")
        assert ledger.home.files("a") == []

    def test_a_moved_file_is_whole_elsewhere(self, ledger: Ledger) -> None:
        ledger.home.write("a/one", pa.py_buffer(b"1"))
        ledger.home.move("a/one", "b/c/one")
        assert [file.path for file in ledger.home.files("")] == ["b/c/one"]
        assert ledger.home.read("b/c/one").to_pybytes() == b"1"

    @pytest.mark.parametrize("size", [10, 9 * 1024 * 1024])
    def test_a_staged_file_appears_with_its_commit(self, ledger: Ledger, size: int) -> None:
        data = bytes(range(256)) * (size // 256 + 1)
        with ledger.home.stage("a") as stage:
            stage.file.write(data)
            assert not ledger.home.has("a/one")
            stage.commit("a/one")
        assert [file.path for file in ledger.home.files("a")] == ["a/one"]
        assert ledger.home.read("a/one").to_pybytes() == data

    def test_a_stage_left_early_leaves_nothing(self, ledger: Ledger) -> None:
        def write_half() -> None:
            with ledger.home.stage("a") as stage:
                stage.file.write(b"half")
                raise RuntimeError("early")

        with pytest.raises(RuntimeError, match="early"):
            write_half()
        assert ledger.home.files("a") == []
