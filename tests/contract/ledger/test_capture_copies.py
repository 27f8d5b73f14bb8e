"""Captures are copied into a folder or a bucket by the process that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from beatporter.ledger.archive_storage import Access, gcs_filesystem, open_storage
from beatporter.memory.reader_process import Reader, ReadingFailed
from tests.contract.ledger.conftest import BUCKET

NAME = "memory-house.20261120T063000000000Z.bin"


@pytest.fixture
def reader() -> Iterator[Reader]:
    started = Reader()
    yield started
    started.close()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / NAME
    file.write_bytes(bytes(range(256)) * 1000)
    return file


def test_into_a_folder(reader: Reader, capture: Path, tmp_path: Path) -> None:
    for _ in range(2):
        reader.copy(capture, str(tmp_path / "copies"))
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "copies").iterdir()] == [(NAME, capture.read_bytes())]
    assert capture.exists(), "it was moved"


def test_into_a_bucket(reader: Reader, capture: Path, emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{emulator}")
    reader.copy(capture, f"gs://{BUCKET}/captures")
    storage = open_storage(f"gs://{BUCKET}/captures", lambda: Access(gcs_filesystem(endpoint=emulator)))
    with storage.open(NAME) as copied:
        assert copied.read() == capture.read_bytes()


def test_what_cannot_be_copied_says_why_and_the_reader_goes_on(reader: Reader, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for address, words in (("ftp://x", "not valid"), (str(tmp_path / "taken"), "cannot be used")):
        with pytest.raises(ReadingFailed, match=f"could not be copied.*{words}"):
            reader.copy(capture, address)
    reader.copy(capture, str(tmp_path / "copies"))
    with pytest.raises(ReadingFailed, match="No such file"):
        reader.copy(tmp_path / "gone.bin", str(tmp_path / "copies"))
