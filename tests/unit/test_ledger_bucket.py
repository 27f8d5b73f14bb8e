"""How a bucket is reached: tokens that end, credentials that are missing, answers that got lost. No service is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import fs

from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.ledger.bucket import ONE_PUT_BYTES, Access, BucketHome
from beatporter.ledger.ledger import open_ledger


class Connections:
    """Hands out a local folder as a bucket, each time with a token that ends after the next of the times given."""

    def __init__(self, folder: Path, *lifetimes: timedelta) -> None:
        (folder / "bucket").mkdir()
        self.filesystem = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
        self.lifetimes, self.made = list(lifetimes), 0

    def __call__(self) -> Access:
        self.made += 1
        return Access(self.filesystem, utc_now() + self.lifetimes.pop(0))


def test_a_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    connections = Connections(tmp_path, timedelta(minutes=4), timedelta(hours=1))
    ledger = open_ledger("gs://bucket", connections)
    assert connections.made == 1
    ledger.home.write("one", pa.py_buffer(b"1"))
    assert connections.made == 2, "four minutes before its end the token was used on"
    assert [file.path for file in ledger.home.files("")] == ["one"]
    assert connections.made == 2, "a token that is good for an hour was renewed"


def test_a_filesystem_that_renews_itself_is_kept(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    ledger = open_ledger("gs://bucket", fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()))
    ledger.home.write("one", pa.py_buffer(b"1"))
    assert ledger.home.has("one")


def test_missing_credentials_are_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(SettingsError, match=r"no Google credentials.*gcloud auth"):
        open_ledger("gs://bucket")


def test_a_rename_that_was_done_and_tried_again_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's answer was lost, the storage library asks again and is told that the source is gone."""
    connections = Connections(tmp_path, timedelta(days=1))
    home = BucketHome("bucket", connections)

    class Lossy:
        def __getattr__(self, name: str) -> object:
            return getattr(connections.filesystem, name)

        def move(self, source: str, target: str) -> None:
            connections.filesystem.move(source, target)
            raise FileNotFoundError(source)

    monkeypatch.setattr(home, "_access", Access(Lossy()))  # type: ignore[arg-type]
    with home.stage("") as stage:
        stage.file.write(bytes(ONE_PUT_BYTES + 1))
        stage.commit("large")
    assert [(file.path, file.size) for file in home.files("")] == [("large", ONE_PUT_BYTES + 1)]
